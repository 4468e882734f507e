#include "cli/approval.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace soak::cli {
namespace {

using loop::Answer;
using std::chrono::milliseconds;

TEST(AnswerInFile, BareYesCountsOnlyWhereItWasWrittenSinceTheQuestion) {
  EXPECT_EQ(answer_in_file("yes\n", 3, true), true);
  EXPECT_EQ(answer_in_file("yes\n", 3, false), std::nullopt);
  EXPECT_EQ(answer_in_file(" No ", 3, true), false);
}
TEST(AnswerInFile, NumberedAnswerCountsWheneverItWasWritten) {
  EXPECT_EQ(answer_in_file("3 yes\n4 no\n", 3, false), true);
  EXPECT_EQ(answer_in_file("3 yes\n4 no\n", 4, false), false);
  EXPECT_EQ(answer_in_file("3 yes\n4 no\n", 5, true), std::nullopt);
  EXPECT_EQ(answer_in_file("33 yes\n", 3, true), std::nullopt) << "another iteration's";
}
TEST(AnswerInFile, LastWordCounts) {
  EXPECT_EQ(answer_in_file("3 yes\n3 no\n", 3, false), false);
  EXPECT_EQ(answer_in_file("3 no\nyes", 3, true), true);
}
TEST(AnswerInFile, OtherWordsAreNoAnswer) {
  for (const char* text : {"", "\n\n", "ye", "yes please", "3", "3yes", "true", "# yes"})
    EXPECT_EQ(answer_in_file(text, 3, true), std::nullopt) << text;
}

TEST(Question, SaysWhatChangesFromWhatToWhatAndWhy) {
  EXPECT_EQ(to_line(loop::Question{3, {{"hz", 10}}, {{"hz", 20}, {"policy", "lru"}}, "p95 is high"}),
            "iteration 3: hz 10 -> 20; policy none -> \"lru\" (p95 is high)");
}

class ApprovalFile : public testing::Test {
 protected:
  Answer ask(std::int64_t iteration, milliseconds within = milliseconds(20'000)) {
    testing::internal::CaptureStderr();
    const auto answer =
        make_approval({path_, within, &stop_})(loop::Question{iteration, {}, {{"hz", 20}}, ""});
    said_ = testing::internal::GetCapturedStderr();
    return *answer;
  }
  void write(const std::string& text) { ASSERT_TRUE(base::write_file_atomic_not_durable(path_, text)); }

  base::TemporaryFolder folder_ = std::move(*base::TemporaryFolder::create("soak-approval"));
  std::string path_ = folder_.path() + "/answer";
  volatile std::sig_atomic_t stop_ = 0;
  std::string said_;
};

TEST_F(ApprovalFile, AnswerWrittenWhileItWaitsIsTaken) {
  write("yes");  // of an earlier question: no answer to this one
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(150));
    write("no");
  });
  EXPECT_EQ(ask(3), Answer::kNo);
  other.join();
  EXPECT_NE(said_.find(path_), std::string::npos) << said_;
}
TEST_F(ApprovalFile, NoAnswerInTimeIsANo) {
  write("yes");
  EXPECT_EQ(ask(3, milliseconds(120)), Answer::kNo);
  EXPECT_NE(said_.find("no answer within 0.12 s"), std::string::npos) << said_;
}
TEST_F(ApprovalFile, AnswerGivenBeforehandByNumberIsTaken) {
  write("3 yes\n");
  EXPECT_EQ(ask(3), Answer::kYes);
}
TEST_F(ApprovalFile, StopEndsTheWait) {
  stop_ = 1;
  EXPECT_EQ(ask(3), Answer::kInterrupted);
}

}  // namespace
}  // namespace soak::cli
