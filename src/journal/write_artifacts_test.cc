#include "journal/write_artifacts.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "journal/journal.h"
#include "journal/record_json.h"

namespace soak::journal {
namespace {

IterationRecord held_record(std::int64_t iteration) {
  IterationRecord record;
  record.iteration = iteration;
  record.summary.kpis = {{"net_bps", 2.5}, {"risk_ratio", 0.5}};
  record.summary.runtime_utc = "2026-01-01T00:05:00Z";
  record.summary.state_hash = "signature";
  record.tuning.proposed_deltas = {{"min_interval_ms", 65}};
  record.tuning.skip_reason = SkipReason{.cooldown = true, .note = "cooldown 1 iters left"};
  record.tuning.state_hash = "file";
  record.tuning.old_hash = "file";
  record.tuning.guards.cooldown_active = true;
  record.tuning.guards.cooldown_iters_left = 1;
  record.tuning.conditions = {"risk_high"};
  record.runtime_overrides = {{"engine", {{"min_interval_ms", 60}}}};
  record.target = {"instance", "hash", "float32", {{iteration, "drifted", "min_interval_ms", "60, then 61"}}};
  record.kpi_verdict = "FAIL";
  return record;
}

TEST(RecordJson, IterationSurvivesTheRoundTrip) {
  const Json json = iteration_to_json(held_record(3));
  const auto back = iteration_from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(iteration_to_json(*back), json);
  EXPECT_EQ(back->target.faults, held_record(3).target.faults);
}

TEST(RecordJson, MissingMemberIsNamed) {
  Json json = iteration_to_json(held_record(3));
  json["tuning"].erase("applied");
  const auto back = iteration_from_json(json);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kInvalidValue);
  EXPECT_EQ(back.error().message, "tuning.applied is missing");
}

TEST(RecordJson, MemberOfTheWrongTypeIsNamed) {
  Json json = iteration_to_json(held_record(3));
  json["summary"]["net_bps"] = "much";
  EXPECT_EQ(iteration_from_json(json).error().message, "summary.net_bps is not a number");
}

TEST(WriteArtifacts, SummaryHoldsTheDocumentedMembers) {
  const Json json = iteration_summary(held_record(3));
  EXPECT_EQ(json["schema_version"], kSchemaVersion);
  EXPECT_EQ(json["summary"]["state_hash"], "signature");
  EXPECT_EQ(json["tuning"]["deltas"], json["tuning"]["proposed_deltas"]);
  EXPECT_EQ(json["tuning"]["skip_reason"]["cooldown"], true);
  EXPECT_EQ(json["target"]["faults"][0]["kind"], "drifted");
  EXPECT_FALSE(json.contains("kpi_verdict"));
}

TEST(WriteArtifacts, ReportIsRebuiltFromTheJournal) {
  std::string pattern = (std::filesystem::temp_directory_path() / "soak-artifacts-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  {
    auto journal = Journal::open(folder + "/" + kJournalName, [](const Record&) { return Result<void>(); });
    ASSERT_TRUE((*journal)->append(RecordType::kRunHeader, Json::object(), Durability::kNow));
    ASSERT_TRUE(
        (*journal)->append(RecordType::kIteration, iteration_to_json(held_record(1)), Durability::kNow));
    ASSERT_TRUE(
        (*journal)->append(RecordType::kIteration, iteration_to_json(held_record(2)), Durability::kNow));
  }
  ASSERT_TRUE(write_tuning_report(folder));
  const std::string text = *base::read_file(folder + "/" + kTuningReportName);
  const Json report = *parse_json(text);
  EXPECT_EQ(canonical_json(report) + "\n", text);
  EXPECT_EQ(report["iterations"].size(), 2U);
  EXPECT_EQ(report["iterations"][1], tuning_report_entry(held_record(2)));
  EXPECT_EQ(report["summary"], (Json{{"count", 2},
                                     {"applied", 0},
                                     {"blocked_oscillation", 0},
                                     {"blocked_velocity", 0},
                                     {"cooldown_skips", 2}}));
  std::filesystem::remove_all(folder);
}

TEST(WriteArtifacts, FileWithTheSameBytesIsLeftAlone) {
  std::string pattern = (std::filesystem::temp_directory_path() / "soak-artifacts-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  ASSERT_TRUE(write_iteration_summary(folder, held_record(1)));
  const auto before = std::filesystem::last_write_time(folder + "/ITER_SUMMARY_1.json");
  std::filesystem::last_write_time(folder + "/ITER_SUMMARY_1.json", before - std::chrono::hours(1));
  ASSERT_TRUE(write_iteration_summary(folder, held_record(1)));
  EXPECT_EQ(std::filesystem::last_write_time(folder + "/ITER_SUMMARY_1.json"),
            before - std::chrono::hours(1));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace soak::journal
