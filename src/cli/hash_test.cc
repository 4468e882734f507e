#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"
#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

class HashCommand : public testing::Test {
 protected:
  Ran hash(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "hash");
    arguments.push_back(file_);
    return run_command(add_hash, std::move(arguments));
  }
  base::TempFolder folder_;
  std::string file_ = folder_.file("r.json");
  const std::string text_ = "{ \"b\": 1.0, \"a\": 1 }\n";
  const std::string canonical_ = "{\"a\":1,\"b\":1.0}";
};

TEST_F(HashCommand, PrintsTheHashOfTheBytesFirstOnItsLine) {
  base::write_bytes(file_, text_);
  const Ran ran = hash({});
  EXPECT_EQ(ran.exit_code, kExitOk);
  EXPECT_EQ(ran.out, base::sha256_hex(text_) + "  " + file_ + "\n");
}

TEST_F(HashCommand, HashesTheCanonicalFormOnRequest) {
  base::write_bytes(file_, text_);
  EXPECT_EQ(hash({"--canonical"}).out.substr(0, 64), base::sha256_hex(canonical_));
}

TEST_F(HashCommand, PrintsTheCanonicalTextSoThatItsBytesHaveThatHash) {
  base::write_bytes(file_, text_);
  EXPECT_EQ(hash({"--print"}).out, canonical_);
  EXPECT_EQ(hash({"--canonical", "--print"}).out, canonical_);
}

TEST_F(HashCommand, HashesBytesThatAreNoJsonUnlessTheirCanonicalFormIsMeant) {
  base::write_bytes(file_, "{");
  EXPECT_EQ(hash({}).exit_code, kExitOk);
  const Ran ran = hash({"--canonical"});
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find(file_), std::string::npos) << ran.err;
}

TEST_F(HashCommand, NamesAMissingFile) {
  const Ran ran = hash({});
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_NE(ran.err.find(file_), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace soak::cli
