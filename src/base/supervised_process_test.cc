// What becomes of a program and of everything that it starts, however it ends and whoever ends it.

#include "base/supervised_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "base/testing.h"

namespace soak::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

class Supervised : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SupervisedProcess>> start(const std::string& script,
                                                   milliseconds grace = milliseconds(2000)) {
    return SupervisedProcess::start(
        {{"/bin/sh", "-c", script}, {{"SOAK_TEST_FOLDER", folder_.path()}}, folder_.file("log"), grace});
  }
  // The content of a file once it is there and ends in a newline.
  std::string line_of(const std::string& name) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      const std::string text = bytes_of(folder_.file(name));
      if (text.ends_with('\n')) return text.substr(0, text.size() - 1);
      std::this_thread::sleep_for(milliseconds(10));
    }
    return "(no " + name + ")";
  }
  pid_t pid_in(const std::string& name) { return static_cast<pid_t>(std::atol(line_of(name).c_str())); }
  // Zombies of others do not count as running.
  static bool runs(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    return pid > 1 && std::getline(in, text) && text.find(") Z") == std::string::npos;
  }
  static bool ends_soon(pid_t pid) {
    for (int attempt = 0; attempt < 500 && runs(pid); ++attempt)
      std::this_thread::sleep_for(milliseconds(10));
    return !runs(pid);
  }
  static std::optional<ProcessEnd> wait_for_end(SupervisedProcess& process) {
    for (int attempt = 0; attempt < 500 && !process.end(); ++attempt) {
      pollfd ready{process.descriptor(), POLLIN, 0};
      ::poll(&ready, 1, 10);
    }
    return process.end();
  }

  TempFolder folder_;
};

TEST_F(Supervised, CapturesBothStreamsAndGivesTheEnvironment) {
  auto process = start("echo out $SOAK_TEST_FOLDER; echo err >&2; exit 3");
  ASSERT_TRUE(process) << process.error().message;
  const auto end = wait_for_end(**process);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->by_signal);
  EXPECT_EQ(end->text(), "ended with exit status 3");
  EXPECT_EQ(bytes_of(folder_.file("log")), "out " + folder_.path() + "\nerr\n");
}

TEST_F(Supervised, SaysWhichSignalKilledIt) {
  auto process = start("kill -SEGV $$");
  ASSERT_TRUE(process);
  const auto end = wait_for_end(**process);
  ASSERT_TRUE(end);
  EXPECT_THAT(end->text(), HasSubstr("killed by signal 11"));
}

TEST_F(Supervised, IsRefusedWhereThereIsNoSuchProgram) {
  const auto process =
      SupervisedProcess::start({{"no-such-program"}, {}, folder_.file("log"), milliseconds(1)});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(process.error().file, "no-such-program");
}

TEST_F(Supervised, IsRefusedWhereTheFileIsNoProgram) {
  write_bytes(folder_.file("text"), "no program");
  const auto process =
      SupervisedProcess::start({{folder_.file("text")}, {}, folder_.file("log"), milliseconds(1)});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kPermissionDenied);
  ::chmod(folder_.file("text").c_str(), 0755);
  write_bytes(folder_.file("text"),
              "\x7f"
              "ELF");
  EXPECT_FALSE(SupervisedProcess::start({{folder_.file("text")}, {}, folder_.file("log"), milliseconds(1)}));
}

TEST_F(Supervised, EndsOrderlyAtStop) {
  auto process =
      start("trap 'echo bye; exit 0' TERM; echo $$ > $SOAK_TEST_FOLDER/pid; while :; do sleep 0.01; done");
  ASSERT_TRUE(process);
  const pid_t pid = pid_in("pid");
  EXPECT_EQ(pid, (*process)->pid());
  (*process)->stop();
  EXPECT_FALSE(runs(pid));
  EXPECT_EQ((*process)->end()->text(), "ended with exit status 0");
  EXPECT_THAT(bytes_of(folder_.file("log")), ::testing::EndsWith("bye\n"));  // the shell may speak before
}

TEST_F(Supervised, IsKilledWhereItDoesNotEndWithinTheGrace) {
  auto process =
      start("trap '' TERM; echo $$ > $SOAK_TEST_FOLDER/pid; while :; do sleep 0.01; done", milliseconds(200));
  ASSERT_TRUE(process);
  const pid_t pid = pid_in("pid");
  const auto begin = steady_clock::now();
  (*process)->stop();
  EXPECT_GE(steady_clock::now() - begin, milliseconds(190));
  EXPECT_FALSE(runs(pid));
  EXPECT_EQ((*process)->end()->number, SIGKILL);
}

TEST_F(Supervised, TakesAlongWhatItStartedInAnotherSession) {
  auto process = start(
      "setsid sh -c \"trap '' TERM; echo \\$\\$ > $SOAK_TEST_FOLDER/away; while :; do sleep 0.01; done\" &\n"
      "sh -c 'sh -c \"echo \\$\\$ > $SOAK_TEST_FOLDER/deep; exec sleep 60\" & wait' &\n"
      "echo $$ > $SOAK_TEST_FOLDER/pid; wait",
      milliseconds(200));
  ASSERT_TRUE(process);
  const std::vector<pid_t> pids = {pid_in("pid"), pid_in("away"), pid_in("deep")};
  for (const pid_t pid : pids) EXPECT_TRUE(runs(pid));
  (*process)->stop();
  for (const pid_t pid : pids) EXPECT_FALSE(runs(pid)) << pid;
}

TEST_F(Supervised, TakesAlongWhatItLeavesBehindWhenItEndsByItself) {
  auto process = start("sleep 60 & echo $! > $SOAK_TEST_FOLDER/left; exit 0");
  ASSERT_TRUE(process);
  ASSERT_TRUE(wait_for_end(**process));
  EXPECT_TRUE(ends_soon(pid_in("left")));
}

TEST_F(Supervised, HangsUpTheProgramAlone) {
  auto process = start(
      "trap 'echo again > $SOAK_TEST_FOLDER/again' HUP; echo $$ > $SOAK_TEST_FOLDER/pid; while :; do sleep "
      "0.01; done");
  ASSERT_TRUE(process);
  const pid_t pid = pid_in("pid");
  (*process)->hang_up();
  EXPECT_EQ(line_of("again"), "again");
  EXPECT_TRUE(runs(pid));
}

// A process of its own starts the program and is killed without a word.
TEST_F(Supervised, DoesNotOutliveOneThatIsKilledWithSigkill) {
  const pid_t owner = ::fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    auto process = start(
        "setsid sh -c \"echo \\$\\$ > $SOAK_TEST_FOLDER/away; exec sleep 60\" &\n"
        "echo $$ > $SOAK_TEST_FOLDER/pid; wait");
    if (!process) ::_exit(1);
    for (;;) ::pause();
  }
  const std::vector<pid_t> pids = {pid_in("pid"), pid_in("away")};
  for (const pid_t pid : pids) EXPECT_TRUE(runs(pid));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  for (const pid_t pid : pids) EXPECT_TRUE(ends_soon(pid)) << pid;
}

TEST_F(Supervised, GoesWithASupervisorThatIsKilled) {
  auto process =
      start("echo $PPID > $SOAK_TEST_FOLDER/parent; echo $$ > $SOAK_TEST_FOLDER/pid; exec sleep 60");
  ASSERT_TRUE(process);
  const pid_t pid = pid_in("pid");
  ::kill(pid_in("parent"), SIGKILL);
  EXPECT_TRUE(ends_soon(pid));
  EXPECT_TRUE(wait_for_end(**process));
}

TEST_F(Supervised, AppendsToNoLogOfAnotherName) {
  write_bytes(folder_.file("victim"), "theirs");
  for (const bool hard : {true, false}) {
    std::filesystem::remove(folder_.file("log"));
    if (hard)
      std::filesystem::create_hard_link(folder_.file("victim"), folder_.file("log"));
    else
      std::filesystem::create_symlink(folder_.file("victim"), folder_.file("log"));
    const auto process = start("echo ours");
    ASSERT_FALSE(process) << hard;
    EXPECT_EQ(process.error().code, ErrorCode::kNotAFile);
  }
  EXPECT_EQ(bytes_of(folder_.file("victim")), "theirs");
}

TEST_F(Supervised, KeepsItsLogForItsOwner) {
  auto process = start("exit 0");
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_EQ(std::filesystem::status(folder_.file("log")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace soak::base
