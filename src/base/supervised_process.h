#pragma once
// A child program that never outlives us: started under a small supervisor process, which ends it when it is
// told to, and also when we are gone (killed with SIGKILL, even), because it then reads the end of its pipe.
//
// The program leads a process group of its own. The supervisor is a child subreaper (prctl(2)), so that
// whatever the program starts, in another session even, falls to it once its parent is dead, and is ended
// too. Where the supervisor itself is killed, the program goes with it (PR_SET_PDEATHSIG); what that one has
// started does not: nothing short of a PID namespace could promise it.
//
// Linux only. One thread at a time.

#include <soak/result.h>
#include <sys/types.h>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"

namespace soak::base {

struct ProcessCommand {
  std::vector<std::string> arguments;  // the program first: a path, or a name that is looked for in PATH
  std::vector<std::pair<std::string, std::string>> environment;  // on top of ours
  std::string log_path;  // standard output and error are appended to it; created 0600. Empty:
                         // both go to our standard error
  std::chrono::milliseconds grace{5000};  // between SIGTERM and SIGKILL
};

// How a program ended.
struct ProcessEnd {
  bool by_signal = false;
  int number = 0;            // the exit status, or the signal
  std::string text() const;  // "ended with exit status 3", "was killed by signal 9 (Killed)"
};

// The program's path. kNotFound, kPermissionDenied.
Result<std::string> find_program(const std::string& name);

class SupervisedProcess {
 public:
  // The program runs when this returns. kNotFound, kPermissionDenied, kIoError: it could not be started, and
  // nothing is left of it.
  static Result<std::unique_ptr<SupervisedProcess>> start(const ProcessCommand& command);
  // As stop().
  ~SupervisedProcess();
  SupervisedProcess(const SupervisedProcess&) = delete;
  SupervisedProcess& operator=(const SupervisedProcess&) = delete;

  pid_t pid() const { return pid_; }
  // Readable when end() may have news.
  int descriptor() const { return control_.get(); }
  // Does not wait. Nothing while the program runs.
  std::optional<ProcessEnd> end();
  // SIGHUP to the program itself, not to its group.
  void hang_up();
  // SIGTERM to the group, SIGKILL to all that is left after the grace. Returns when nothing is left (or,
  // where the kernel does not let go of a process, ten seconds after the SIGKILL).
  void stop();

 private:
  SupervisedProcess(Descriptor control, pid_t supervisor)
      : control_(std::move(control)), supervisor_(supervisor) {}
  Result<void> await_start(const std::string& program);
  bool read_news();  // false: the supervisor is gone
  void command(char letter);

  Descriptor control_;
  pid_t supervisor_;
  pid_t pid_ = 0;
  int start_errno_ = 0;
  std::optional<ProcessEnd> end_;
  bool gone_ = false;
};

}  // namespace soak::base
