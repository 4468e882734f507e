// soak ledger as a user calls it, on a run of the simulated target.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class LedgerCommand : public testing::Test {
 protected:
  void SetUp() override {
    const Ran run = run_command(add_run, {"run", "--mock", "--auto-tune", "--iterations", "3",
                                          "--iteration-s", "60", "--out", folder_.file("run")});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  Ran ledger(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"ledger", "--path", folder_.file("run")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(add_ledger, std::move(arguments));
  }
  base::TempFolder folder_;
};

TEST_F(LedgerCommand, GivesALineForEachChangeAndCountsTheProven) {
  const Ran ran = ledger({});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("iteration 1: base_spread_bps 1.0 -> 1.2: applied 2026-01-01T00:01:00Z"));
  EXPECT_THAT(ran.out, HasSubstr("changes proven\n"));
}

TEST_F(LedgerCommand, ShowsOneParameterAloneAndItsEvidence) {
  const Ran ran = ledger({"--param", "min_interval_ms"});
  EXPECT_THAT(ran.out, HasSubstr("min_interval_ms 30 -> "));
  EXPECT_THAT(ran.out, HasSubstr("evidence {\"at_least\":"));
  EXPECT_THAT(ran.out, Not(HasSubstr("base_spread_bps")));
}

TEST_F(LedgerCommand, PrintsOneDocumentWithJson) {
  const Json document = Json::parse(ledger({"--json"}).out);
  EXPECT_EQ(document.at("count"), document.at("entries").size());
  EXPECT_EQ(document.at("proven_count"), document.at("count"));
}

TEST_F(LedgerCommand, RefusesANameThatNoParameterHas) {
  const Ran ran = ledger({"--param", "base_spred_bps"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("base_spred_bps"));
}

TEST_F(LedgerCommand, RefusesAFolderWithoutARun) {
  EXPECT_EQ(run_command(add_ledger, {"ledger", "--path", folder_.file("none")}).exit_code, 1);
}

}  // namespace
}  // namespace soak::cli
