// analyze, snapshot and gate as a user calls them: exit codes, what stands on stdout and stderr, what is left
// in the folder.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command.h"

namespace soak::cli {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Ran soak(std::vector<std::string> arguments) {
  CLI::App app;
  Ran ran;
  add_analyze(app, ran.exit_code);
  add_snapshot(app, ran.exit_code);
  add_gate(app, ran.exit_code);
  std::reverse(arguments.begin(), arguments.end());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  app.parse(arguments);
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The artifacts of an old run with eight good iterations, a freeze and one delivered proposal.
class GateCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::path(testing::TempDir()) / "gate_command_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    Json report = Json::array();
    for (int i = 1; i <= 8; ++i) {
      Json tuning = {{"proposed_deltas", Json::object()}, {"applied", false}, {"skip_reason", nullptr}};
      if (i == 2)
        tuning = {{"proposed_deltas", {{"tail_age_ms", 610}}}, {"applied", true}, {"skip_reason", nullptr}};
      if (i == 7) tuning["freeze_triggered"] = true;
      Json entry = tuning;
      entry["iteration"] = i;
      report.push_back(entry);
      write("ITER_SUMMARY_" + std::to_string(i) + ".json",
            {{"iteration", i},
             {"summary",
              {{"risk_ratio", 0.3},
               {"maker_taker_ratio", 0.9},
               {"net_bps", 3.1},
               {"p95_latency_ms", 300},
               {"state_hash", i <= 2 ? "a" : "b"}}},
             {"tuning", tuning},
             {"runtime_overrides", {{"engine", {{"tail_age_ms", i <= 2 ? 600 : 610}}}}}});
    }
    write("TUNING_REPORT.json", {{"iterations", report}});
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const Json& json) const {
    std::ofstream(folder_ / name) << json.dump();
  }
  void set_kpi(int iteration, const char* kpi, const Json& value) const {
    const std::string name = "ITER_SUMMARY_" + std::to_string(iteration) + ".json";
    Json summary = Json::parse(read(folder_ / name));
    summary["summary"][kpi] = value;
    write(name, summary);
  }
  Ran gate(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"gate", "--path", folder_.string()});
    return soak(more);
  }
  Json snapshot() const { return Json::parse(soak({"snapshot", "--path", folder_.string()}).out); }

  fs::path folder_;
};

TEST_F(GateCommand, PassesAndLeavesEveryReport) {
  const Ran ran = gate({"--strict", "--prometheus"});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.out << ran.err;
  EXPECT_EQ(ran.out.rfind("soak gate: PASS\n", 0), 0U) << ran.out;
  for (const char* name : {"POST_SOAK_AUDIT.md", "RECOMMENDATIONS.md", "FAILURES.md",
                           "POST_SOAK_SNAPSHOT.json", "DELTA_VERIFY_REPORT.md", "POST_SOAK_METRICS.prom"}) {
    EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  }
  EXPECT_EQ(Json::parse(read(folder_ / "POST_SOAK_SNAPSHOT.json")), snapshot());
}

TEST_F(GateCommand, FailsWithExitOneAndNamesTheMeasuredValue) {
  for (int i = 1; i <= 4; ++i) set_kpi(i, "net_bps", 1.0);
  const Ran ran = gate();
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_NE(ran.out.find("4 of the last 8 iterations pass, at least 5 must"), std::string::npos) << ran.out;
}

TEST_F(GateCommand, CannotJudgeAMissingFolder) {
  const Ran ran = soak({"gate", "--path", (folder_ / "absent").string()});
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(ran.err.find("absent"), std::string::npos);
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1);
}

TEST_F(GateCommand, CannotJudgeATornSummaryAndNamesIt) {
  std::ofstream(folder_ / "ITER_SUMMARY_3.json") << "{\"iteration\": 3, \"summ";
  const Ran ran = gate();
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(ran.err.find("ITER_SUMMARY_3.json"), std::string::npos);
  EXPECT_EQ(soak({"snapshot", "--path", folder_.string()}).exit_code, kExitError);
  EXPECT_EQ(soak({"analyze", "--path", folder_.string()}).exit_code, kExitError);
}

TEST_F(GateCommand, CannotJudgeATornArtifactThatItTakesNoNumberFrom) {
  for (const char* name : {"EDGE_REPORT.json", "KPI_GATE.json", "runtime_overrides.json"}) {
    std::ofstream(folder_ / name) << R"({"engine": {"tail_a)";
    const Ran ran = gate();
    EXPECT_EQ(ran.exit_code, kExitInconclusive) << name;
    EXPECT_NE(ran.err.find(name), std::string::npos) << ran.err;
    std::ofstream(folder_ / name) << "{}";
    EXPECT_EQ(gate().exit_code, kExitOk) << name;
  }
}

TEST_F(GateCommand, CannotJudgeByAProfileThatIsWrong) {
  write("profile.json", {{"name", "t"}, {"kpis", Json::array()}});
  const Ran ran = gate({"--kpi-profile", (folder_ / "profile.json").string()});
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(ran.err.find("profile.json: kpis"), std::string::npos) << ran.err;
}

TEST_F(GateCommand, IsInconclusiveWhereTheProfileAsksForMore) {
  write("profile.json", {{"extends", "market-maker"}, {"name", "long"}, {"min_iterations", 9}});
  const Ran ran = gate(
      {"--kpi-profile", (folder_ / "profile.json").string(), "--junit", (folder_ / "junit.xml").string()});
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(read(folder_ / "junit.xml").find("errors=\"1\""), std::string::npos);
}

TEST_F(GateCommand, ExitsFiveWhereItsReportsCannotBeWritten) {
  fs::create_directory(folder_ / "FAILURES.md");
  const Ran ran = gate();
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(ran.err.find("FAILURES.md"), std::string::npos) << ran.err;
}

TEST_F(GateCommand, WritesReportsOverASymbolicLinkAndNotThroughIt) {
  std::ofstream(folder_ / "victim") << "untouched";
  fs::create_symlink("victim", folder_ / "POST_SOAK_AUDIT.md");
  EXPECT_EQ(gate().exit_code, kExitOk);
  EXPECT_EQ(read(folder_ / "victim"), "untouched");
  EXPECT_FALSE(fs::is_symlink(folder_ / "POST_SOAK_AUDIT.md"));
}

TEST_F(GateCommand, ReplacesAnOldDeliveryReportWhenVerificationIsSkipped) {
  EXPECT_EQ(gate().exit_code, kExitOk);
  EXPECT_EQ(gate({"--skip-delta-verify"}).exit_code, kExitOk);
  EXPECT_NE(read(folder_ / "DELTA_VERIFY_REPORT.md").find("not verified"), std::string::npos);
}

TEST_F(GateCommand, PrintsOneJsonDocument) {
  const Json json = Json::parse(gate({"--json"}).out);
  EXPECT_EQ(json.at("verdict"), "PASS");
  EXPECT_EQ(json.at("delivery").at("full_apply_ratio"), 1.0);
}

TEST_F(GateCommand, TakesTextNullAndBooleansForMissingKpis) {
  set_kpi(1, "net_bps", "3.1");
  set_kpi(2, "net_bps", nullptr);
  set_kpi(3, "net_bps", true);
  EXPECT_EQ(snapshot().at("pass_count_last8"), 5);
  EXPECT_EQ(snapshot().at("kpi_last8").at("net_bps").at("mean"), 3.1);
}

TEST_F(GateCommand, TakesPercentagesOfOldArtifactsForRatios) {
  for (int i = 1; i <= 8; ++i) set_kpi(i, "risk_ratio", 30);
  EXPECT_EQ(snapshot().at("kpi_last8").at("risk_ratio").at("mean"), 0.3);
  EXPECT_EQ(snapshot().at("verdict"), "PASS");
}

TEST_F(GateCommand, FailsARunThatIsWorseThanItsBaselineByMoreThanItMay) {
  EXPECT_EQ(gate().exit_code, kExitOk);
  fs::copy(folder_ / "POST_SOAK_SNAPSHOT.json", folder_ / "baseline.json");
  for (int i = 1; i <= 8; ++i) set_kpi(i, "net_bps", 2.8);
  const std::string baseline = (folder_ / "baseline.json").string();
  EXPECT_EQ(gate({"--compare", baseline}).exit_code, kExitOk);
  EXPECT_EQ(gate({"--compare", baseline, "--max-regression", "net_bps=1"}).exit_code, kExitOk);
  const Ran ran = gate({"--compare", baseline, "--max-regression", "net_bps=0.1"});
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_NE(ran.out.find("regression_net_bps"), std::string::npos);
}

TEST_F(GateCommand, RefusesALimitOnWhatIsNoJudgedKpi) {
  const Ran ran = gate({"--compare", folder_.string(), "--max-regression", "profit=1"});
  EXPECT_EQ(ran.exit_code, kExitInconclusive);
  EXPECT_NE(ran.err.find("profit"), std::string::npos);
}

TEST_F(GateCommand, ComparesWithABaselineFolderOrItsSnapshot) {
  EXPECT_EQ(gate().exit_code, kExitOk);
  fs::copy(folder_ / "POST_SOAK_SNAPSHOT.json", folder_ / "baseline.json");
  for (int i = 1; i <= 8; ++i) set_kpi(i, "net_bps", 4.1);
  const Ran ran =
      soak({"snapshot", "--path", folder_.string(), "--compare", (folder_ / "baseline.json").string()});
  const Json change = Json::parse(ran.out).at("compare").at("kpis").at("net_bps");
  EXPECT_EQ(change.at("difference"), 1.0);
  EXPECT_EQ(change.at("direction"), "better");
  EXPECT_EQ(gate({"--compare", folder_.string()}).exit_code, kExitOk);
  EXPECT_EQ(gate({"--compare", (folder_ / "ITER_SUMMARY_1.json").string()}).exit_code, kExitInconclusive);
}

}  // namespace
}  // namespace soak::cli
