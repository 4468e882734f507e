#include "cli/input.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "cli/command.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

TEST(ReadGuards, TakesEveryFlagThatItsErrorLists) {
  const auto refused = read_guards(R"({"freeze":true})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidValue);
  const std::string& message = refused.error().message;
  EXPECT_NE(message.find("\"freeze\" is not a guard flag"), std::string::npos) << message;
  for (const char* flag :
       {"freeze_triggered", "oscillation_detected", "velocity_violation", "cooldown_active"}) {
    EXPECT_NE(message.find(flag), std::string::npos) << message;
    EXPECT_TRUE(read_guards("{\"" + std::string(flag) + "\":true}")) << flag;
  }
  EXPECT_NE(message.find("cooldown_iters_left"), std::string::npos) << message;
  EXPECT_EQ(read_guards(R"({"cooldown_iters_left":2})")->cooldown_iters_left, 2);
}

TEST(ReadGuards, HoldTheApplyOfTheCommand) {
  const base::TempFolder folder;
  const Ran ran = run_command(add_apply, {"apply", "--runtime", folder.file("r.json"), "--set",
                                          "min_interval_ms=60", "--guards", R"({"freeze_triggered":true})"});
  EXPECT_EQ(ran.exit_code, kExitHeld);
  EXPECT_NE(ran.out.find("freeze guard active"), std::string::npos) << ran.out;
}

TEST(ReadInput, TakesAsMuchAsTheLimit) {
  const base::TempFolder folder;
  base::write_bytes(folder.file("f"), "12345");
  EXPECT_TRUE(read_input(folder.file("f"), 5));
  EXPECT_EQ(read_input(folder.file("f"), 4).error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace soak::cli
