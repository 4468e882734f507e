#include "journal/tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/testing.h"
#include "journal/journal.h"
#include "journal/record_json.h"

namespace soak::journal {
namespace {

constexpr std::uint64_t kAll = std::uint64_t{1} << 40;

struct Listener final : JournalListener {
  int restarts = 0;
  std::vector<std::string> runs;
  std::vector<std::int64_t> iterations;
  std::vector<double> net;
  int reports = 0;
  std::string instance;
  Error* refusal = nullptr;

  void on_restart() override {
    ++restarts;
    iterations.clear();
  }
  Result<void> on_header(RunHeader header, const Json& body) override {
    EXPECT_TRUE(body.contains("runtime"));
    runs.push_back(header.run_id);
    if (refusal != nullptr) return tl::unexpected(*refusal);
    return {};
  }
  void on_report(const ReportHead& report) override {
    ++reports;
    instance = report.instance_id;
  }
  void on_iteration(IterationFacts facts) override {
    iterations.push_back(facts.record.iteration);
    net.push_back(facts.record.summary.kpis.at("net_bps"));
    EXPECT_EQ(facts.record.kpi_verdict, "PASS");
    EXPECT_EQ(facts.effective.at("base_spread_bps"), Json(0.25));
  }
};

std::string header_line(const std::string& run = "r") {
  RunHeader header;
  header.run_id = run;
  header.iterations = 9;
  header.options = Json::object();
  Json body = header_to_json(header);
  body["runtime"] = Json::object();
  return encode_record(1, RecordType::kRunHeader, body);
}
std::string report_line(std::int64_t sequence, std::int64_t iteration) {
  SeenReport report;
  report.iteration = iteration;
  report.seq = iteration;
  report.seen_utc = "2026-01-01T00:00:00Z";
  report.report = {{"effective", {{"instance_id", "bot-1"}}}};
  return encode_record(sequence, RecordType::kReport, report_to_json(report));
}
std::string iteration_line(std::int64_t sequence, std::int64_t iteration) {
  IterationRecord record;
  record.iteration = iteration;
  record.summary.kpis = {{"net_bps", 1.5}};
  record.runtime_overrides = {{"risk", {{"base_spread_bps", 0.25}}}};
  record.kpi_verdict = "PASS";
  return encode_record(sequence, RecordType::kIteration, iteration_to_json(record));
}

class TailTest : public ::testing::Test {
 protected:
  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  void append(const std::string& bytes) { std::ofstream(path_, std::ios::binary | std::ios::app) << bytes; }
  Result<bool> read(std::uint64_t bytes_max = kAll) { return tail_->read(Registry::builtin(), bytes_max); }

  base::TempFolder folder_;
  std::string path_ = folder_.file("journal.jsonl");
  Listener listener_;
  std::unique_ptr<JournalTail> tail_ = std::make_unique<JournalTail>(path_, listener_);
};

TEST_F(TailTest, ReadsEachRecordOnceAsItComes) {
  EXPECT_EQ(read().error().code, ErrorCode::kNotFound);
  write(header_line() + report_line(2, 1));
  EXPECT_FALSE(*read());
  append(iteration_line(3, 1));
  ASSERT_TRUE(read());
  append(report_line(4, 2) + iteration_line(5, 2));
  ASSERT_TRUE(read());
  ASSERT_TRUE(read());
  EXPECT_EQ(listener_.iterations, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(listener_.reports, 2);
  EXPECT_EQ(listener_.instance, "bot-1");
  EXPECT_EQ(listener_.runs, std::vector<std::string>{"r"});
  EXPECT_FALSE(tail_->unread_bytes());
}

TEST_F(TailTest, RecordInTheMiddleOfBeingWrittenIsWaitedFor) {
  const std::string all = header_line() + iteration_line(2, 1);
  for (std::size_t size = 1; size <= all.size(); size += 37) {
    write(all.substr(0, size));
    ASSERT_TRUE(read()) << size;
  }
  write(all);
  ASSERT_TRUE(read());
  EXPECT_EQ(listener_.iterations, std::vector<std::int64_t>{1});
}

TEST_F(TailTest, TornTailThatAResumeCutsAndWritesAgain) {
  write(header_line() + iteration_line(2, 1) + std::string(5'000, 'x') + "\nhalf");
  ASSERT_TRUE(read());
  EXPECT_TRUE(tail_->unread_bytes());
  write(header_line() + iteration_line(2, 1) + iteration_line(3, 2));
  ASSERT_TRUE(read());
  EXPECT_EQ(listener_.iterations, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(listener_.restarts, 1);
}

TEST_F(TailTest, AnotherJournalInItsPlaceStartsOver) {
  write(header_line("one") + iteration_line(2, 1) + iteration_line(3, 2));
  ASSERT_TRUE(read());
  ASSERT_TRUE(base::remove_file(path_));
  write(header_line("two") + iteration_line(2, 1));
  ASSERT_TRUE(read());
  EXPECT_EQ(listener_.runs, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(listener_.iterations, std::vector<std::int64_t>{1});
}

TEST_F(TailTest, DamageIsSaidAndSaidAgain) {
  write(header_line() + "no record\n" + iteration_line(2, 1));
  EXPECT_EQ(read().error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(read().error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(base::remove_file(path_));
  write(iteration_line(1, 1));  // another journal, which has no header
  EXPECT_EQ(read().error().code, ErrorCode::kCorrupt);
}

TEST_F(TailTest, MissingIterationIsDamage) {
  write(header_line() + iteration_line(2, 1) + iteration_line(3, 3));
  EXPECT_EQ(read().error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(listener_.iterations, std::vector<std::int64_t>{1});
}

TEST_F(TailTest, RefusalOfTheListenerEndsTheReading) {
  Error refusal{ErrorCode::kInvalidValue, "no", {}, {}};
  listener_.refusal = &refusal;
  write(header_line() + iteration_line(2, 1));
  EXPECT_EQ(read().error().code, ErrorCode::kInvalidValue);
  EXPECT_TRUE(listener_.iterations.empty());
}

TEST_F(TailTest, LongJournalIsReadInPieces) {
  std::string all = header_line();
  for (std::int64_t i = 1; i <= 6'000; ++i) all += iteration_line(i + 1, i);
  ASSERT_GT(all.size(), std::size_t{3} << 20);
  write(all);
  int pieces = 1;
  while (*read(std::uint64_t{1} << 20)) ++pieces;
  EXPECT_GE(pieces, 2);
  EXPECT_EQ(listener_.iterations.size(), 6'000U);
}

}  // namespace
}  // namespace soak::journal
