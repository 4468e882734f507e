// soak fsck as a user calls it, on a run of the simulated target.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

using testing::HasSubstr;

class FsckCommand : public testing::Test {
 protected:
  void SetUp() override {
    const Ran run = run_command(add_run, {"run", "--mock", "--auto-tune", "--iterations", "3",
                                          "--iteration-s", "60", "--quiet", "--out", folder_.file("run")});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  Ran fsck(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"fsck", "--path", folder_.file("run")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(add_fsck, std::move(arguments));
  }
  base::TempFolder folder_;
};

TEST_F(FsckCommand, SaysThatARunIsWhole) {
  const Ran ran = fsck();
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr(": whole: "));
  EXPECT_THAT(ran.out, HasSubstr("3 of 3 iterations\n"));
}
TEST_F(FsckCommand, ExitsOneWhereSomethingIsWrongUntilItIsRepaired) {
  std::filesystem::remove(folder_.file("run/ITER_SUMMARY_2.json"));
  const Ran found = fsck();
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out, HasSubstr("ITER_SUMMARY_2.json: is missing (--repair mends it)\n"));
  EXPECT_THAT(found.out, HasSubstr(": damaged: "));
  const Ran mended = fsck({"--repair"});
  EXPECT_EQ(mended.exit_code, 0);
  EXPECT_THAT(mended.out, HasSubstr("ITER_SUMMARY_2.json: is missing (repaired)\n"));
  EXPECT_THAT(mended.out, HasSubstr(": whole again: "));
  EXPECT_EQ(fsck().exit_code, 0);
}
TEST_F(FsckCommand, WhatCannotBeRepairedKeepsTheExitAtOne) {
  base::write_bytes(folder_.file("run/runtime_overrides.json"), "{}");
  const Ran ran = fsck({"--repair"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, HasSubstr("(cannot be repaired)\n"));
}
TEST_F(FsckCommand, PrintsOneDocumentWithJson) {
  std::filesystem::remove(folder_.file("run/KPI_GATE.json"));
  const Json document = Json::parse(fsck({"--json"}).out);
  EXPECT_EQ(document.at("sound"), false);
  EXPECT_EQ(document.at("iterations"), 3);
  ASSERT_EQ(document.at("findings").size(), 1U);
  EXPECT_EQ(document.at("findings")[0].at("file"), "KPI_GATE.json");
  EXPECT_EQ(document.at("findings")[0].at("repairable"), true);
}
TEST_F(FsckCommand, FolderThatIsNotThereIsAnError) {
  const Ran ran = run_command(add_fsck, {"fsck", "--path", folder_.file("none")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("none"));
}

}  // namespace
}  // namespace soak::cli
