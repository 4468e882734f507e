// What a message may say of bytes from outside.

#include "base/readable.h"

#include <gtest/gtest.h>

namespace soak::base {
namespace {

TEST(Readable, LeavesTextAsItIs) {
  EXPECT_EQ(readable(""), "");
  EXPECT_EQ(readable("caf\xc3\xa9 \"x\" \\ \xf0\x9f\x98\x80"), "caf\xc3\xa9 \"x\" \\ \xf0\x9f\x98\x80");
}

TEST(Readable, IsOneLine) {
  EXPECT_EQ(readable(std::string("a\nb\rc\td\0e\x7f", 10)), "a b c d e ");
}

TEST(Readable, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(readable("a\xff"
                     "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(readable("\xc3"), "\xef\xbf\xbd");
}

TEST(Readable, LeavesOutTheMiddleOfALongText) {
  const std::string text = readable("begin" + std::string(1'000'000, 'x') + "end");
  EXPECT_EQ(text.size(), 405U);
  EXPECT_TRUE(text.starts_with("beginxx"));
  EXPECT_TRUE(text.ends_with("xxend"));
  const std::string cut = readable(std::string(199, 'x') + "\xc3\xa9" + std::string(300, 'y'));
  EXPECT_EQ(cut.substr(199, 8), "\xef\xbf\xbd ... ");
}

TEST(Readable, LeavesOutTheMiddleOfWhatReplacingMadeLong) {
  const std::string text = readable(std::string(400, '\xff'));
  EXPECT_LE(text.size(), 405U);
  EXPECT_TRUE(text.starts_with("\xef\xbf\xbd"));
  EXPECT_TRUE(text.ends_with("\xef\xbf\xbd"));
  EXPECT_EQ(readable(text, 500), text) << "a character was cut in two";
}

}  // namespace
}  // namespace soak::base
