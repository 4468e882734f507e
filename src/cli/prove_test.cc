// soak prove as a user calls it.

#include "cli/prove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

using testing::HasSubstr;

Ran prove(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "prove");
  return run_command(add_prove, std::move(arguments));
}

TEST(ProveCommand, PrintsATableAndPasses) {
  const Ran ran = prove({"--kind", "late", "--kind", "ignored", "--seeds", "1", "--healthy", "1"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("2 fault kinds, 2 runs: 2 detected and named rightly, 0 missed\n"
                                 "1 healthy run: 0 accused\nPASS\n"));
  EXPECT_LT(ran.out.find("ignored"), ran.out.find("late"));  // the order of the design, not of the options
}

TEST(ProveCommand, PrintsOneDocumentWithJson) {
  const Ran ran = prove({"--kind", "crashed", "--seeds", "2", "--healthy", "0", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  const Json document = Json::parse(ran.out);
  EXPECT_EQ(document.at("passed"), true);
  EXPECT_EQ(document.at("kinds").at(0).at("detected"), 2);
  EXPECT_TRUE(document.at("healthy").is_null());
}

TEST(ProveCommand, WhatItKeepsIsARunThatVerifyFailsUnderTheSameName) {
  const base::TempFolder folder;
  ASSERT_EQ(prove({"--kind", "rolled_back", "--seeds", "1", "--seed", "9", "--healthy", "0", "--keep",
                   folder.path()})
                .exit_code,
            0);
  const Ran verified = run_command(add_verify, {"verify", "--path", folder.file("rolled_back-9"), "--json"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_EQ(Json::parse(verified.out).at("faults").at(0).at("kind"), "rolled_back");
}

TEST(ProveCommand, ExitsOneWhereAFaultGoesUnseen) {
  prove::ProveResult result;
  prove::Row& row = result.rows.emplace_back();
  row.kind = target::FaultKind::kHung;
  row.runs = 1;
  row.bad.emplace_back().problems.emplace_back("not named: iteration 4 hung");
  testing::internal::CaptureStdout();
  EXPECT_EQ(tell_proof(result, false), 1);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("FAIL\n"));
}

TEST(ProveCommand, RefusesAKindThatThereIsNot) {
  const Ran ran = prove({"--kind", "sleepy"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("no kind of fault: sleepy; there are ignored, half_applied"));
}

TEST(ProveCommand, RefusesOptionsOfTheOtherForm) {
  const Ran with = prove({"--seeds", "3", "--overrides", "start.json", "--", "true"});
  EXPECT_EQ(with.exit_code, 2);
  EXPECT_THAT(with.err, HasSubstr("--seeds: is for simulated targets"));
  const Ran without = prove({"--overrides", "start.json"});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("--overrides: needs a program to prove: -- CMD ARG..."));
}

TEST(ProveCommand, RefusesAProgramWithNothingToMove) {
  const Ran ran = prove({"--", "true"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("say what to move: --overrides FILE"));
  const base::TempFolder folder;
  base::write_bytes(folder.file("start.json"), R"({"market": {"tick_size": 0.1}})");
  const Ran still = prove({"--overrides", folder.file("start.json"), "--", "true"});
  EXPECT_EQ(still.exit_code, 1);
  EXPECT_THAT(still.err, HasSubstr("there is nothing to move: give --overrides FILE"));
}

TEST(ProveCommand, RefusesTimesThatAreNone) {
  for (const char* option : {"--iteration-s", "--settle-s", "--ready-s", "--grace-s"})
    EXPECT_EQ(prove({"--overrides", "start.json", option, "nan", "--", "true"}).exit_code, 2) << option;
  EXPECT_EQ(prove({"--overrides", "start.json", "--settle-s", "2", "--", "true"}).exit_code, 2);
}

TEST(ProveCommand, RefusesAStartThatIsNoRuntime) {
  const base::TempFolder folder;
  const auto error_with = [&](const std::string& bytes) {
    base::write_bytes(folder.file("start.json"), bytes);
    const Ran ran = prove({"--overrides", folder.file("start.json"), "--", "true"});
    EXPECT_EQ(ran.exit_code, 1);
    return ran.err;
  };
  EXPECT_THAT(error_with("[]"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(error_with(R"({"engine": 3})"), HasSubstr("its section \"engine\" is not an object"));
  EXPECT_THAT(error_with(R"({"engine": {"min_interval_ms": 10.5}})"), HasSubstr("min_interval_ms"));
}

TEST(ProveCommand, RefusesAKindThatNobodyCanInject) {
  const Ran ran = prove({"--kind", "hung", "--overrides", "start.json", "--", "true"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err,
              HasSubstr("nobody can inject hung from outside; there are ignored, half_applied, late, "
                        "restarted, foreign_edit"));
}

TEST(ProveCommand, RefusesToProveNothing) {
  EXPECT_EQ(prove({"--seeds", "0", "--healthy", "0"}).exit_code, 2);
}

}  // namespace
}  // namespace soak::cli
