// `soak verify` on artifact folders: counts, and both exit codes.

#include <gtest/gtest.h>
#include <soak/json.h>

#include <cmath>
#include <string>

#include "base/testing.h"
#include "cases.h"
#include "cli/testing.h"

namespace soak::conformance {
namespace {

using cli::Ran;
using cli::run_command;

constexpr double kRatioTolerance = 1.001e-3;  // one rounding step of three decimals

void expect_metrics(const Json& wanted, const std::string& printed) {
  const auto found = parse_json(printed);
  ASSERT_TRUE(found) << printed;
  for (const auto& [key, value] : wanted.items()) {
    ASSERT_TRUE(found->contains(key)) << key;
    const Json& measured = (*found)[key];
    if (value.is_number_float()) {
      EXPECT_NEAR(measured.get<double>(), value.get<double>(), kRatioTolerance) << key;
    } else {
      EXPECT_EQ(measured, value) << key;
    }
  }
}

void check_case(const Json& one) {
  const base::TempFolder folder;
  for (const auto& [name, text] : one["files"].items())
    base::write_bytes(folder.file(name), text.get<std::string>());
  const Ran normal = run_command(cli::add_verify, {"verify", "--path", folder.path(), "--json"});
  const Ran strict = run_command(cli::add_verify, {"verify", "--path", folder.path(), "--json", "--strict"});
  const Json& wanted = one["verify"];
  if (wanted.is_null()) {
    EXPECT_EQ(normal.exit_code, 1);
    EXPECT_NE(normal.err.find(folder.path()), std::string::npos)
        << "the error does not name the file: " << normal.err;
    return;
  }
  EXPECT_EQ(normal.exit_code, wanted["exit"].get<int>()) << normal.out;
  EXPECT_EQ(strict.exit_code, wanted["exit_strict"].get<int>()) << strict.out;
  expect_metrics(wanted["metrics"], normal.out);
}

TEST(VerifyConformance, EveryFolderHasItsCountsAndItsExits) {
  const auto cases = read_cases("verify.jsonl");
  EXPECT_GT(cases.size(), 100U);
  for (const Json& one : cases) {
    SCOPED_TRACE(one["name"].get<std::string>());
    check_case(one);
  }
}

}  // namespace
}  // namespace soak::conformance
