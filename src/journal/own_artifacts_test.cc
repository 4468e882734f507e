// Reading the folder of a run of ours: the journal beside the files, and in their place.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing.h"
#include "journal/artifacts.h"
#include "journal/journal.h"
#include "journal/record_json.h"
#include "journal/write_artifacts.h"

namespace soak::journal {
namespace {

using base::TempFolder;
using base::write_bytes;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// A run of ours of two iterations: the first proposes and applies, the second sees it in effect.
class OwnArtifacts : public testing::Test {
 protected:
  void SetUp() override {
    RunHeader header;
    header.run_id = "r";
    header.iterations = 2;
    Json body = header_to_json(header);
    body["runtime"] = start_;
    body["runtime_hash"] = compute_json_hash(start_);
    add(RecordType::kRunHeader, body);
    first_ = record(1, start_);
    first_.tuning.proposed_deltas = {{"tail_age_ms", 610}};
    first_.tuning.applied = true;
    first_.tuning.changed_keys = {"tail_age_ms"};
    first_.tuning.state_hash = compute_json_hash(after_);
    first_.kpi_verdict = "PASS";
    second_ = record(2, after_);
    second_.summary.kpis["net_bps"] = 3.25;
    second_.target.instance_id = "a";
    second_.target.effective_hash = compute_json_hash(after_);
    add_report(1, start_);
    add(RecordType::kApplyIntent, {{"iteration", 1},
                                   {"origin", "tuner"},
                                   {"old_hash", compute_json_hash(start_)},
                                   {"state_hash", compute_json_hash(after_)},
                                   {"changed_keys", {"tail_age_ms"}},
                                   {"proposed_deltas", {{"tail_age_ms", 610}}}});
    add(RecordType::kApplyOutcome,
        {{"iteration", 1}, {"applied", true}, {"state_hash", compute_json_hash(after_)}});
    add(RecordType::kIteration, iteration_to_json(first_));
    add_report(2, after_);
    add(RecordType::kIteration, iteration_to_json(second_));
    write_bytes(folder_.file(kJournalName), journal_);
    ASSERT_TRUE(write_iteration_summary(folder_.path(), first_));
    ASSERT_TRUE(write_iteration_summary(folder_.path(), second_));
    ASSERT_TRUE(write_tuning_report(folder_.path()));
  }
  static IterationRecord record(std::int64_t iteration, const Json& runtime) {
    IterationRecord made;
    made.iteration = iteration;
    made.runtime_overrides = runtime;
    made.summary.state_hash = signature_of(runtime);
    return made;
  }
  void report(const std::string& text) { write_bytes(folder_.file(kTuningReportName), text); }
  RunArtifacts read() {
    auto run = read_run(folder_.path(), Registry::builtin());
    EXPECT_TRUE(run) << to_line(run.error());
    return run ? std::move(*run) : RunArtifacts();
  }
  Error error() {
    auto run = read_run(folder_.path(), Registry::builtin());
    EXPECT_FALSE(run);
    return run ? Error{} : run.error();
  }
  void add(RecordType type, const Json& body) { journal_ += encode_record(++sequence_, type, body); }
  void add_report(std::int64_t iteration, const Json& runtime) {
    const Json content = {{"seq", iteration}, {"effective", {{"params", runtime}}}};
    add(RecordType::kReport, report_to_json({iteration, iteration, "t", true, content}));
  }

  TempFolder folder_;
  const Json start_ = {{"engine", {{"tail_age_ms", 600}}}};
  const Json after_ = {{"engine", {{"tail_age_ms", 610}}}};
  IterationRecord first_;
  IterationRecord second_;
  std::string journal_;
  std::int64_t sequence_ = 0;
};

TEST_F(OwnArtifacts, BringTheJournalsHeaderReportsAndGivenRuntimes) {
  const RunArtifacts run = read();
  EXPECT_FALSE(run.foreign);
  EXPECT_EQ(run.header->iterations, 2);
  EXPECT_EQ(run.reports.size(), 2U);
  EXPECT_THAT(run.notes, testing::IsEmpty());
  const GivenRuntime& given = run.given.at(2);
  EXPECT_TRUE(given.applied_before);
  EXPECT_EQ(given.expected.at("tail_age_ms"), 610);
  EXPECT_EQ(given.before.at("tail_age_ms"), 600);
  EXPECT_EQ(given.runtime_hash, compute_json_hash(after_));
  EXPECT_FALSE(run.given.at(1).applied_before);
}

TEST_F(OwnArtifacts, AreDamagedWhereTheJournalHoldsNoWholeRecord) {
  for (const char* junk : {"", "x", "[]\n", "\x01\x02\xff"}) {
    write_bytes(folder_.file(kJournalName), junk);
    const Error problem = error();
    EXPECT_EQ(problem.code, ErrorCode::kCorrupt) << junk;
    EXPECT_THAT(problem.file, HasSubstr(kJournalName));
  }
}

TEST_F(OwnArtifacts, SayThatTheRunBrokeOffBetweenAnApplyAndItsIterationsRecord) {
  EXPECT_FALSE(read().broken_off);
  add(RecordType::kApplyIntent, {{"proposed_deltas", {{"tail_age_ms", 620}}}});
  add(RecordType::kApplyOutcome, {{"state_hash", "h"}});
  write_bytes(folder_.file(kJournalName), journal_);
  const RunArtifacts run = read();
  ASSERT_TRUE(run.broken_off);
  EXPECT_EQ(run.broken_off->iteration, 3);
  EXPECT_EQ(run.broken_off->proposed_deltas.at("tail_age_ms"), 620);
}

TEST_F(OwnArtifacts, AreDamagedWhereAnIterationStandsInTheJournalTwice) {
  add(RecordType::kIteration, iteration_to_json(second_));
  write_bytes(folder_.file(kJournalName), journal_);
  EXPECT_THAT(error().file, HasSubstr(kJournalName));
}

TEST_F(OwnArtifacts, AreTheSameWithoutTheirFilesAndSaySo) {
  const RunArtifacts whole = read();
  std::filesystem::remove(folder_.file("TUNING_REPORT.json"));
  std::filesystem::remove(folder_.file("ITER_SUMMARY_1.json"));
  const RunArtifacts run = read();
  ASSERT_EQ(run.iterations.size(), 2U);
  EXPECT_EQ(iteration_to_json(run.iterations.at(0).record), iteration_to_json(whole.iterations.at(0).record));
  EXPECT_THAT(run.notes, ElementsAre(HasSubstr("TUNING_REPORT"), HasSubstr("ITER_SUMMARY of iteration 1")));
}

TEST_F(OwnArtifacts, LetTheJournalStandInForAReportThatLagsBehind) {
  report(R"({"iterations": []})");
  const RunArtifacts run = read();
  EXPECT_EQ(run.iterations.at(0).record.kpi_verdict, "PASS");
  EXPECT_THAT(run.notes, testing::IsEmpty());
}

TEST_F(OwnArtifacts, AreNotBelievedWhereASummaryContradictsTheJournal) {
  first_.tuning.applied = false;
  ASSERT_TRUE(write_iteration_summary(folder_.path(), first_));
  report(R"({"iterations": []})");
  const Error problem = error();
  EXPECT_EQ(problem.code, ErrorCode::kCorrupt);
  EXPECT_THAT(problem.file, HasSubstr("ITER_SUMMARY_1.json"));
}

// The artifact with the member at a JSON pointer set to another value.
class Edited : public OwnArtifacts {
 protected:
  void edit(const std::string& name, const std::string& pointer, const Json& value) {
    Json content = read_json_with_hash(folder_.file(name))->value;
    ASSERT_NE(content[Json::json_pointer(pointer)], value) << pointer;
    content[Json::json_pointer(pointer)] = value;
    write_bytes(folder_.file(name), canonical_json(content));
  }
  void expect_seen(const std::string& name, const std::string& pointer, const Json& value,
                   const std::string& member) {
    const std::string whole = *base::read_file(folder_.file(name));
    edit(name, pointer, value);
    const Error problem = error();
    EXPECT_EQ(problem.code, ErrorCode::kCorrupt) << pointer;
    EXPECT_EQ(problem.file, folder_.file(name)) << pointer;
    EXPECT_THAT(problem.message, testing::StartsWith(member + " contradicts the journal's record"))
        << pointer;
    write_bytes(folder_.file(name), whole);
  }
};

TEST_F(Edited, AMemberOfASummaryIsNamed) {
  const char* name = "ITER_SUMMARY_2.json";
  expect_seen(name, "/summary/net_bps", 9.5, "summary.net_bps");
  expect_seen(name, "/summary/state_hash", std::string(64, 'f'), "summary.state_hash");
  expect_seen(name, "/summary/state_hash", "", "summary.state_hash");
  expect_seen(name, "/summary/runtime_utc", "2026-01-02T00:00:00Z", "summary.runtime_utc");
  expect_seen(name, "/summary/maker_taker_source", "guess", "summary.maker_taker_source");
  expect_seen(name, "/target/effective_hash", "e", "target.effective_hash");
  expect_seen(name, "/target/instance_id", "other", "target.instance_id");
  expect_seen(name, "/target/precision", "float32", "target.precision");
  expect_seen(name, "/target/faults", {{{"kind", "hung"}}}, "target.faults");
  expect_seen(name, "/runtime_overrides/engine/tail_age_ms", 611, "runtime_overrides");
  expect_seen(name, "/runtime_overrides", nullptr, "runtime_overrides");
}

TEST_F(Edited, AMemberOfATuningIsNamed) {
  const char* name = "ITER_SUMMARY_1.json";
  expect_seen(name, "/tuning/applied", false, "tuning.applied");  // though the report says that it was
  expect_seen(name, "/tuning/proposed_deltas/tail_age_ms", 620, "tuning.proposed_deltas");
  expect_seen(name, "/tuning/skip_reason", {{"cooldown", true}}, "tuning.skip_reason");
  expect_seen(name, "/tuning/changed_keys", Json::array(), "tuning.changed_keys");
  expect_seen(name, "/tuning/state_hash", "s", "tuning.state_hash");
  expect_seen(name, "/tuning/old_hash", "s", "tuning.old_hash");
  expect_seen(name, "/tuning/rationale", "because", "tuning.rationale");
  expect_seen(name, "/tuning/conditions", {"x"}, "tuning.conditions");
  expect_seen(name, "/tuning/neg_edge_drivers", {"x"}, "tuning.neg_edge_drivers");
  for (const char* flag :
       {"freeze_triggered", "oscillation_detected", "velocity_violation", "cooldown_active"})
    expect_seen(name, std::string("/tuning/") + flag, true, std::string("tuning.") + flag);
  expect_seen(name, "/tuning/cooldown_iters_left", 2, "tuning.cooldown_iters_left");
}

TEST_F(Edited, AMemberOfTheReportIsNamed) {
  const char* name = kTuningReportName;
  expect_seen(name, "/iterations/1/applied", true, "applied");
  expect_seen(name, "/iterations/0/applied", false, "applied");
  expect_seen(name, "/iterations/0/proposed_deltas/tail_age_ms", 620, "proposed_deltas");
  expect_seen(name, "/iterations/0/skip_reason", {{"cooldown", true}}, "skip_reason");
  expect_seen(name, "/iterations/0/signature", "s", "signature");
  expect_seen(name, "/iterations/0/state_hash", "s", "state_hash");
  expect_seen(name, "/iterations/0/kpi_verdict", "FAIL", "kpi_verdict");
  expect_seen(name, "/iterations/1/freeze_triggered", true, "freeze_triggered");
}

TEST_F(OwnArtifacts, AreNotBelievedWhereTheJournalItselfHasASignatureOfOtherValues) {
  second_.summary.state_hash = signature_of(start_);
  std::string altered = journal_.substr(0, journal_.rfind("{\"crc\""));
  write_bytes(folder_.file(kJournalName),
              altered + encode_record(sequence_, RecordType::kIteration, iteration_to_json(second_)));
  ASSERT_TRUE(write_iteration_summary(folder_.path(), second_));
  report(R"({"iterations": []})");
  EXPECT_THAT(error().message, HasSubstr("summary.state_hash"));
}

TEST_F(OwnArtifacts, SayWhereTheJournalHasLostItsEnd) {
  write_bytes(folder_.file(kJournalName), journal_.substr(0, journal_.rfind("{\"crc\"")));
  const RunArtifacts run = read();
  ASSERT_EQ(run.iterations.size(), 2U);
  EXPECT_THAT(run.notes, Contains(HasSubstr("no record of iteration 2")));
}

TEST_F(OwnArtifacts, CountWhatWasWholeWhenTheJournalIsCutOff) {
  write_bytes(folder_.file(kJournalName), journal_.substr(0, journal_.size() - 3));
  std::filesystem::remove(folder_.file("ITER_SUMMARY_2.json"));
  const RunArtifacts run = read();
  EXPECT_EQ(run.iterations.size(), 1U);
  EXPECT_THAT(run.notes, Contains(HasSubstr("in the middle of a record")));
}

TEST_F(OwnArtifacts, AreRefusedWhereTheJournalIsDamaged) {
  std::string damaged = journal_;
  damaged[damaged.size() / 2] ^= 1;
  write_bytes(folder_.file(kJournalName), damaged);
  EXPECT_EQ(error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(error().file, HasSubstr(kJournalName));
}

TEST_F(OwnArtifacts, AskForTheParametersThatTheRunWasRecordedWith) {
  std::string other = journal_.substr(journal_.find('\n') + 1);
  Json body = header_to_json(RunHeader());
  body["runtime"] = start_;
  body["registry"] = {{{"name", "own_parameter"}}};
  write_bytes(folder_.file(kJournalName), encode_record(1, RecordType::kRunHeader, body) + other);
  EXPECT_THAT(read().notes, Contains(HasSubstr("own_parameter")));
}

}  // namespace
}  // namespace soak::journal
