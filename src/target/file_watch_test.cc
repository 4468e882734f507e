// What the watch makes of the files that a target and others write.

#include "target/file_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/sha256.h"
#include "base/testing.h"
#include "target/check_report.h"

namespace soak::target {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Kind = TargetEvent::Kind;
using ::testing::HasSubstr;

class Watch : public ::testing::Test {
 protected:
  void SetUp() override {
    replace("runtime.json", "{}");
    auto watch = FileWatch::start({folder_.file("report.json"), folder_.file("runtime.json")}, queue_);
    ASSERT_TRUE(watch) << watch.error().message;
    watch_ = std::move(*watch);
  }
  void TearDown() override { queue_.close(); }
  void replace(const std::string& name, const std::string& bytes) {
    base::write_bytes(folder_.file("new"), bytes);
    ASSERT_EQ(std::rename(folder_.file("new").c_str(), folder_.file(name).c_str()), 0);
  }
  void report(int seq) { replace("report.json", "{\"seq\":" + std::to_string(seq) + "}"); }
  TargetEvent next() {
    auto event = queue_.pop_until(steady_clock::now() + std::chrono::seconds(20));
    EXPECT_TRUE(event) << "nothing came";
    return event.value_or(TargetEvent{});
  }
  bool nothing_more() {
    watch_->catch_up();
    return !queue_.pop_until(steady_clock::now());
  }

  base::TempFolder folder_;
  EventQueue queue_;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(Watch, GivesEachReport) {
  for (int seq = 1; seq <= 20; ++seq) {
    const auto before = steady_clock::now();
    report(seq);
    const TargetEvent event = next();
    ASSERT_EQ(event.kind, Kind::kReport);
    EXPECT_EQ(event.seq, seq);
    EXPECT_GE(event.at, before - milliseconds(50));  // a file's time is as coarse as the kernel's tick
    EXPECT_LE(event.at, steady_clock::now());
  }
  EXPECT_TRUE(nothing_more());
}

TEST_F(Watch, SaysWhenAReportWasWrittenAndNotWhenItWasRead) {
  base::write_bytes(folder_.file("new"), "{\"seq\":1}");
  const auto written = steady_clock::now();
  ::usleep(300'000);
  ASSERT_EQ(std::rename(folder_.file("new").c_str(), folder_.file("report.json").c_str()), 0);
  EXPECT_LE(next().at, written + milliseconds(50));
}

TEST_F(Watch, DoesNotBelieveATimeThatWasSetByHand) {
  base::write_bytes(folder_.file("new"), "{\"seq\":1}");
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder_.file("new").c_str(), old, 0), 0);
  const auto before = steady_clock::now();
  ASSERT_EQ(std::rename(folder_.file("new").c_str(), folder_.file("report.json").c_str()), 0);
  EXPECT_GE(next().at, before - milliseconds(50));
}

TEST_F(Watch, TellsAnEditOfTheRuntimeFileBeforeTheReportThatFollowsIt) {
  for (int seq = 1; seq <= 10; ++seq) {
    const std::string bytes = "{\"x\":" + std::to_string(seq) + "}";
    replace("runtime.json", bytes);
    report(seq);
    const TargetEvent edit = next();
    ASSERT_EQ(edit.kind, Kind::kRuntimeFile) << seq;
    EXPECT_EQ(edit.text, base::sha256_hex(bytes));
    EXPECT_EQ(next().seq, seq);
  }
}

TEST_F(Watch, TellsThatTheRuntimeFileIsGone) {
  ::unlink(folder_.file("runtime.json").c_str());
  const TargetEvent event = next();
  EXPECT_EQ(event.kind, Kind::kRuntimeFile);
  EXPECT_EQ(event.text, "");
}

TEST_F(Watch, GivesAReportThatWasRewrittenUnchanged) {
  report(1);
  EXPECT_EQ(next().seq, 1);
  ::usleep(20'000);  // another tick
  report(1);
  EXPECT_EQ(next().seq, 1);
}

TEST_F(Watch, CallsATornATooLargeAndAnEmptyReportBad) {
  for (const std::string& bytes :
       {std::string("{\"seq\":"), std::string(), std::string(kReportBytesMax + 1, ' ')}) {
    replace("report.json", bytes);
    const TargetEvent event = next();
    EXPECT_EQ(event.kind, Kind::kBadReport) << bytes.substr(0, 10);
    EXPECT_THAT(event.text, HasSubstr("report"));
  }
}

TEST_F(Watch, TakesNoNoticeOfOtherFilesOrOfAFifoInTheReportsPlace) {
  replace("another.json", "{");
  ASSERT_EQ(::mkfifo(folder_.file("report.json").c_str(), 0600), 0);
  EXPECT_TRUE(nothing_more());
}

}  // namespace
}  // namespace soak::target
