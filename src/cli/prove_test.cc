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

TEST(ProveCommand, RefusesToProveNothing) {
  EXPECT_EQ(prove({"--seeds", "0", "--healthy", "0"}).exit_code, 2);
}

}  // namespace
}  // namespace soak::cli
