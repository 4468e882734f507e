#include "base/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace soak::base {
namespace {

constexpr std::int64_t kNever = -1;
constexpr std::int64_t kOrphanGraceMs =
    2000;  // once nobody waits for us, nobody knows that something still runs
constexpr std::int64_t kKillingMsMax = 10'000;
constexpr int kKillingStepMs = 20;

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// ---- who our children are: /proc/PID/stat, read without allocating ----

// A struct linux_dirent64's fixed part (getdents64(2)).
constexpr std::size_t kEntryLengthAt = 16;
constexpr std::size_t kEntryNameAt = 19;

struct Relation {
  pid_t parent = 0;
  pid_t group = 0;
};

long number_at(const char*& at) {
  while (*at == ' ') ++at;
  long value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
  return value;
}

// "PID (NAME) STATE PARENT GROUP ...", where the name may hold anything.
bool relation_of(int proc, const char* pid, Relation& relation) {
  char path[32] = {};
  std::size_t length = 0;
  for (; pid[length] != 0 && length < 20; ++length) path[length] = pid[length];
  std::memcpy(path + length, "/stat", 6);
  const int file = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[512];
  const ssize_t got = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (got <= 0) return false;
  text[got] = 0;
  const char* at = ::strrchr(text, ')');
  if (at == nullptr || at[1] == 0 || at[2] == 0) return false;
  at += 3;
  relation.parent = static_cast<pid_t>(number_at(at));
  relation.group = static_cast<pid_t>(number_at(at));
  return true;
}

// Signals every child of this process but those of one group. A child that was not waited for keeps its
// number, so no stranger can be hit.
void signal_children(int signal_number, pid_t but_group) {
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return;
  const pid_t self = ::getpid();
  alignas(8) char buffer[4096];
  for (;;) {
    const long got = ::syscall(SYS_getdents64, proc, buffer, sizeof buffer);
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      std::uint16_t length = 0;
      std::memcpy(&length, buffer + at + kEntryLengthAt, sizeof length);
      const char* name = buffer + at + kEntryNameAt;
      at += length;
      if (*name < '1' || *name > '9') continue;
      const char* digits = name;
      const auto pid = static_cast<pid_t>(number_at(digits));
      Relation relation;
      if (!relation_of(proc, name, relation) || relation.parent != self) continue;
      if (but_group == 0 || relation.group != but_group) ::kill(pid, signal_number);
    }
  }
  ::close(proc);
}

// ---- the program ----

[[noreturn]] void become_program(const SupervisorPlan& plan, pid_t supervisor, int failed) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(127);  // it died before that was in force
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) ::signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.path, plan.arguments, plan.environment);
  const int error = errno;
  static_cast<void>(!::write(failed, &error, sizeof error));
  ::_exit(127);
}

// All that we inherited but three streams and the control socket: a lock on a journal must not outlive its
// run.
void close_others(int keep) {
  const auto range = [](unsigned first, unsigned last) {
    if (first > last || ::close_range(first, last, 0) == 0) return;
    for (unsigned number = first; number <= std::min(last, 65536U); ++number)
      ::close(static_cast<int>(number));
  };
  range(3, static_cast<unsigned>(keep) - 1);
  range(static_cast<unsigned>(keep) + 1, ~0U);
}

class Supervisor {
 public:
  explicit Supervisor(const SupervisorPlan& plan) : plan_(plan) {}

  [[noreturn]] void run() {
    prepare();
    if (!start()) ::_exit(1);
    while (!finished()) step();
    send(SupervisorNews::kNothingLeft, 0);
    ::_exit(0);
  }

 private:
  void prepare() {
    ::setsid();
    ::prctl(PR_SET_NAME, "soak-supervise");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::dup2(plan_.null, 0);
    ::dup2(plan_.log, 1);
    ::dup2(plan_.log, 2);
    close_others(plan_.control);
    for (int signal_number = 1; signal_number < NSIG; ++signal_number) ::signal(signal_number, SIG_DFL);
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal_number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT})
      sigaddset(&watched, signal_number);
    ::sigprocmask(SIG_SETMASK, &watched, nullptr);
    signals_ = ::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  bool start() {
    int failed[2];
    if (::pipe2(failed, O_CLOEXEC) != 0) return not_started(errno);
    const pid_t self = ::getpid();
    program_ = ::fork();
    if (program_ < 0) return not_started(errno);
    if (program_ == 0) become_program(plan_, self, failed[1]);
    ::setpgid(program_, program_);  // whoever of the two comes first
    ::close(failed[1]);
    int error = 0;
    ssize_t got = 0;
    do got = ::read(failed[0], &error, sizeof error);
    while (got < 0 && errno == EINTR);
    ::close(failed[0]);
    if (got == static_cast<ssize_t>(sizeof error)) return not_started(error);
    alive_ = true;
    send(SupervisorNews::kStarted, program_);
    return true;
  }
  bool not_started(int error) {
    send(SupervisorNews::kNotStarted, error);
    return false;
  }

  bool finished() const {
    return no_children_ || (kill_at_ != kNever && now_ms() > kill_at_ + kKillingMsMax);
  }

  void step() {
    pollfd ready[2] = {{signals_, POLLIN, 0}, {asked_ ? plan_.control : -1, POLLIN, 0}};
    int timeout = -1;
    if (kill_at_ != kNever)
      timeout = static_cast<int>(std::clamp<std::int64_t>(kill_at_ - now_ms(), kKillingStepMs, 60'000));
    ::poll(ready, 2, timeout);
    if (ready[1].revents != 0) take_commands();
    if (ready[0].revents != 0) take_signals();
    reap();
    if (kill_at_ == kNever || now_ms() < kill_at_) return;
    if (alive_) ::kill(-program_, SIGKILL);
    signal_children(SIGKILL, 0);
    reap();
  }

  void take_commands() {
    char letters[16];
    const ssize_t got = ::recv(plan_.control, letters, sizeof letters, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      asked_ = false;
      return stop_within(std::min(plan_.grace_ms, kOrphanGraceMs));
    }
    for (ssize_t i = 0; i < got; ++i) {
      if (letters[i] == kCommandStop) stop_within(plan_.grace_ms);
      if (letters[i] == kCommandHangUp && alive_) ::kill(program_, SIGHUP);
    }
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo != SIGCHLD) stop_within(plan_.grace_ms);
    }
  }

  void stop_within(std::int64_t grace_ms) {
    const std::int64_t kill_at = now_ms() + grace_ms;
    if (kill_at_ != kNever) {
      kill_at_ = std::min(kill_at_, kill_at);
      return;
    }
    kill_at_ = kill_at;
    if (alive_) ::kill(-program_, SIGTERM);
    signal_children(SIGTERM, alive_ ? program_ : 0);
  }

  void reap() {
    for (;;) {
      int status = 0;
      const pid_t child = ::waitpid(-1, &status, WNOHANG);
      if (child < 0 && errno == EINTR) continue;
      no_children_ = child < 0 && errno == ECHILD;
      if (child <= 0) return;
      if (child != program_) continue;
      alive_ = false;
      send(SupervisorNews::kEnded, status);
      stop_within(plan_.grace_ms);  // what it has left behind
    }
  }

  void send(SupervisorNews::Kind kind, int value) {
    const SupervisorNews news{kind, value};
    static_cast<void>(!::send(plan_.control, &news, sizeof news, MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  SupervisorPlan plan_;
  int signals_ = -1;
  pid_t program_ = -1;
  bool alive_ = false;        // not waited for: its number and its group's are its own
  bool no_children_ = false;  // then nothing is left: orphans of ours would be our children
  bool asked_ = true;         // somebody is at the other end of `control`
  std::int64_t kill_at_ = kNever;
};

}  // namespace

void supervise(const SupervisorPlan& plan) {
  Supervisor(plan).run();
}

}  // namespace soak::base
