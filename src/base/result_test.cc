// An error holds whatever bytes it quotes, and can be printed all the same.

#include <gtest/gtest.h>
#include <soak/result.h>

namespace soak {
namespace {

TEST(ErrorMessage, StaysAsItIsWhereItIsOneLine) {
  EXPECT_EQ(Error(ErrorCode::kNotFound, "no caf\xc3\xa9", "f").message, "no caf\xc3\xa9");
}

TEST(ErrorMessage, IsOneLineOfUtf8WhateverItQuotes) {
  const Error error = fail(ErrorCode::kInvalidValue, "\"a\nb\xff\" is no name").value();
  EXPECT_EQ(error.message, "\"a b\xef\xbf\xbd\" is no name");
}

TEST(ErrorMessage, KeepsBothEndsOfWhatIsTooLong) {
  const Error error(ErrorCode::kInvalidValue, "line 1: " + std::string(1'000'000, 'x') + " is no key");
  EXPECT_LE(error.message.size(), kErrorMessageBytesMax + 8);
  EXPECT_TRUE(error.message.starts_with("line 1: xx"));
  EXPECT_TRUE(error.message.ends_with("xx is no key"));
}

TEST(ToLine, MakesNamesReadableAndLeavesThemInTheError) {
  const Error error(ErrorCode::kNotFound, "is gone", "a\nb");
  EXPECT_EQ(to_line(error), "a b: is gone");
  EXPECT_EQ(error.file, "a\nb");
  EXPECT_LT(to_line(Error(ErrorCode::kNotFound, "is unknown", {}, std::string(100'000, 'x'))).size(), 2000U);
}

}  // namespace
}  // namespace soak
