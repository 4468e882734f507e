// soak promote as a user calls it, on runs of the simulated target.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soak/json.h>

#include "base/file.h"
#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

using testing::HasSubstr;

class PromoteCommand : public testing::Test {
 protected:
  void soak(const std::string& iterations, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"run",      "--mock", "--iterations",
                                          iterations, "--out",  folder_.file("run")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran run = run_command(add_run, std::move(arguments));
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  Ran promote(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"promote", "--path", folder_.file("run"), "--to", to()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(add_promote, std::move(arguments));
  }
  std::string to() const { return folder_.file("production.json"); }
  void give(const std::string& text) const { ASSERT_TRUE(base::write_file_atomic_not_durable(to(), text)); }

  base::TempFolder folder_;
};

TEST_F(PromoteCommand, WritesWhatTheRunHasProvenAndKeepsEverythingElse) {
  soak("10", {"--auto-tune", "--seed", "7"});
  give(R"({"mine":1,"risk":{"base_spread_bps":9}})");
  const Ran ran = promote();
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("promoted base_spread_bps: 9 -> "));
  const Json now = read_json_with_hash(to())->value;
  const Json tuned = read_json_with_hash(folder_.file("run/runtime_overrides.json"))->value;
  EXPECT_EQ(now.at("mine"), 1);
  EXPECT_EQ(now.at("risk").at("base_spread_bps"), tuned.at("risk").at("base_spread_bps"));
  EXPECT_FALSE(now.at("engine").contains("max_age_ms"))
      << "the run never changed it, so it has proven nothing of it";
  EXPECT_THAT(promote().out, HasSubstr("already"));
}

TEST_F(PromoteCommand, WritesNothingWhereTheGateFailsUnlessToldToSkipIt) {
  soak("3", {"--auto-tune", "--seed", "7"});
  const Ran refused = promote();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("not promoted: the gate says"));
  EXPECT_FALSE(base::read_file(to()).has_value());
  EXPECT_EQ(promote({"--skip-gate", "--dry-run"}).exit_code, 0);
  EXPECT_FALSE(base::read_file(to()).has_value());
  EXPECT_EQ(promote({"--skip-gate"}).exit_code, 0);
  EXPECT_TRUE(base::read_file(to()).has_value());
}

TEST_F(PromoteCommand, HasNothingToWriteWhereNothingWasChanged) {
  soak("3", {});
  const Ran ran = promote({"--skip-gate"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("has proven no change"));
}

TEST_F(PromoteCommand, RefusesAProductionFileThatIsNotTheExpectedOne) {
  soak("10", {"--auto-tune", "--seed", "7"});
  give("{}");
  const Ran ran = promote({"--expect-hash", std::string(64, 'A')});
  EXPECT_EQ(ran.exit_code, 6);
  EXPECT_EQ(*base::read_file(to()), "{}");
}

}  // namespace
}  // namespace soak::cli
