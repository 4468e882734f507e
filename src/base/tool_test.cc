#include "base/tool.h"

#include <gmock/gmock.h>

#include <csignal>

namespace soak::base {
namespace {

using ::testing::HasSubstr;

TEST(RunTool, GivesTextAndTakesWhatIsPrintedAndTheStatus) {
  const auto result = run_tool({{"sh", "-c", "cat; echo problem >&2; exit 3"}, "text in"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 3);
  EXPECT_EQ(result->output, "text in");
  EXPECT_EQ(result->errors, "problem\n");
}
TEST(RunTool, MovesMoreThanAPipeHoldsBothWays) {
  const std::string much(1 << 20, 'x');
  const auto result = run_tool({{"cat"}, much});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, much);
}
TEST(RunTool, OutlivesAToolThatDoesNotReadItsInput) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto result = run_tool({{"true"}, std::string(1 << 20, 'x')});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 0);
}
TEST(RunTool, ThatIsNotThereIsNotFound) {
  const auto result = run_tool({{"no-such-tool-of-ours"}, ""});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr("no-such-tool-of-ours"));
}
TEST(RunTool, ThatTakesTooLongOrPrintsTooMuchIsEnded) {
  const auto slow = run_tool({{"sleep", "60"}, "", std::chrono::milliseconds(50)});
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, ErrorCode::kLimitExceeded);
  const auto chatty = run_tool({{"yes"}, "", std::chrono::seconds(30), 1000});
  ASSERT_FALSE(chatty);
  EXPECT_EQ(chatty.error().code, ErrorCode::kLimitExceeded);
}
TEST(RunTool, ThatIsKilledIsAnError) {
  const auto result = run_tool({{"sh", "-c", "kill -9 $$"}, ""});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIoError);
}

}  // namespace
}  // namespace soak::base
