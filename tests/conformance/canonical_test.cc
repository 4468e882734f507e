// Canonical JSON against what Python's json module printed, to the byte.

#include <gtest/gtest.h>
#include <soak/json.h>

#include <string>

#include "cases.h"

namespace soak::conformance {
namespace {

// Integers beyond 64 bits and lone surrogates may be refused; nothing else that Python takes may be.
bool may_be_refused(const Error& error) {
  return error.message.find("beyond 64 bits") != std::string::npos ||
         error.message.find("surrogate") != std::string::npos;
}

TEST(CanonicalConformance, EveryCaseGivesPythonsBytesAndHash) {
  std::size_t compared = 0;
  for (const Json& one : read_cases("canonical.jsonl")) {
    const std::string name = one["name"];
    const auto value = parse_json(one["input"].get<std::string>());
    if (!one["ok"].get<bool>()) {
      EXPECT_FALSE(value) << name << " must be refused";
    } else if (!value) {
      EXPECT_TRUE(may_be_refused(value.error())) << name << ": " << value.error().message;
    } else {
      EXPECT_EQ(canonical_json(*value), one["canonical"].get<std::string>()) << name;
      EXPECT_EQ(compute_json_hash(*value), one["sha256"].get<std::string>()) << name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000U);
}

TEST(CanonicalConformance, TheCanonicalTextIsItsOwnCanonicalForm) {
  for (const Json& one : read_cases("canonical.jsonl")) {
    const auto value = parse_json(one["input"].get<std::string>());
    if (!value) continue;
    const std::string text = canonical_json(*value);
    const auto again = parse_json(text);
    ASSERT_TRUE(again) << one["name"] << ": " << text.substr(0, 200);
    EXPECT_EQ(canonical_json(*again), text) << one["name"];
  }
}

}  // namespace
}  // namespace soak::conformance
