#include "base/supervised_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/file.h"
#include "base/supervisor.h"

namespace soak::base {
namespace {

constexpr mode_t kLogMode = 0600;  // a program may print what nobody else should read

// 0, or the errno that execve(2) would give.
int why_not_executable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// "NAME=value" strings and the pointers to them, as execve(2) wants it.
class Strings {
 public:
  void add(std::string text) { texts_.push_back(std::move(text)); }
  char* const* pointers() {
    pointers_.clear();
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    return pointers_.data();
  }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

Strings environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  Strings environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : added)
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    if (!replaced) environment.add(std::string(text));
  }
  for (const auto& [name, value] : added) environment.add(name + "=" + value);
  return environment;
}

// The same open file under a number that is none of the three standard streams, which the supervisor
// replaces: where ours are closed, anything that is opened takes their numbers.
Descriptor above_streams(Descriptor descriptor) {
  if (!descriptor.valid() || descriptor.get() > STDERR_FILENO) return descriptor;
  return Descriptor(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

// Appended to by whatever the program prints: it must be a file of its own.
Result<Descriptor> open_log(const std::string& path) {
  if (path.empty()) return above_streams(Descriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)));
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  Descriptor log(::open(path.c_str(), flags, kLogMode));
  struct stat status {};
  if (!log.valid() || ::fstat(log.get(), &status) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot open", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  if (status.st_nlink > 1)
    return fail(ErrorCode::kNotAFile, "has more than one hard link, and is not appended to", path);
  return above_streams(std::move(log));
}

}  // namespace

std::string ProcessEnd::text() const {
  if (!by_signal) return fmt::format("ended with exit status {}", number);
  const char* name = ::strsignal(number);
  return fmt::format("was killed by signal {} ({})", number, name == nullptr ? "unknown" : name);
}

Result<std::string> find_program(const std::string& name) {
  if (name.empty()) return fail(ErrorCode::kInvalidArgument, "the command to run has an empty name");
  if (name.find('/') != std::string::npos) {
    if (const int error = why_not_executable(name); error != 0)
      return tl::unexpected(error_from_errno(error, "cannot run", name));
    return name;
  }
  const char* listed = std::getenv("PATH");
  std::string_view rest = listed == nullptr ? "/usr/local/bin:/usr/bin:/bin" : listed;
  for (;;) {
    const std::size_t end = rest.find(':');
    const std::string_view folder = rest.substr(0, end);
    const std::string path = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (why_not_executable(path) == 0) return path;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return fail(ErrorCode::kNotFound, "no such program in PATH", name);
}

Result<std::unique_ptr<SupervisedProcess>> SupervisedProcess::start(const ProcessCommand& command) {
  const auto path = find_program(command.arguments.empty() ? std::string() : command.arguments.front());
  if (!path) return tl::unexpected(path.error());
  auto log = open_log(command.log_path);
  if (!log) return tl::unexpected(log.error());
  const Descriptor null = above_streams(Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  if (!null.valid()) return tl::unexpected(error_from_errno(errno, "cannot open", "/dev/null"));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot make a socket pair for", *path));
  Descriptor ours(ends[0]);
  Descriptor theirs = above_streams(Descriptor(ends[1]));
  Strings arguments;
  for (const std::string& argument : command.arguments) arguments.add(argument);
  Strings environment = environment_with(command.environment);
  const SupervisorPlan plan{path->c_str(), arguments.pointers(), environment.pointers(), theirs.get(),
                            log->get(),    null.get(),           command.grace.count()};
  const pid_t supervisor = ::fork();
  if (supervisor == 0) supervise(plan);
  static_cast<void>(theirs.close());  // or its end would never be seen
  if (supervisor < 0) return tl::unexpected(error_from_errno(errno, "cannot start a supervisor for", *path));
  std::unique_ptr<SupervisedProcess> process(new SupervisedProcess(std::move(ours), supervisor));
  if (auto started = process->await_start(*path); !started) return tl::unexpected(started.error());
  return process;
}

Result<void> SupervisedProcess::await_start(const std::string& program) {
  while (pid_ == 0 && start_errno_ == 0 && !gone_) {
    pollfd ready{control_.get(), POLLIN, 0};
    ::poll(&ready, 1, -1);
    gone_ = !read_news();
  }
  if (pid_ != 0) return {};
  return tl::unexpected(error_from_errno(start_errno_ == 0 ? ECHILD : start_errno_, "cannot run", program));
}

bool SupervisedProcess::read_news() {
  for (;;) {
    SupervisorNews news{};
    const ssize_t got = ::recv(control_.get(), &news, sizeof news, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got != static_cast<ssize_t>(sizeof news)) return false;
    if (news.kind == SupervisorNews::kStarted) pid_ = news.value;
    if (news.kind == SupervisorNews::kNotStarted) start_errno_ = news.value;
    if (news.kind == SupervisorNews::kEnded) {
      end_ = WIFSIGNALED(news.value) ? ProcessEnd{true, WTERMSIG(news.value)}
                                     : ProcessEnd{false, WEXITSTATUS(news.value)};
    }
    if (news.kind == SupervisorNews::kNothingLeft) return false;
  }
}

std::optional<ProcessEnd> SupervisedProcess::end() {
  if (!gone_) gone_ = !read_news();
  if (gone_ && !end_) end_ = ProcessEnd{true, SIGKILL};  // with its supervisor
  return end_;
}

void SupervisedProcess::command(char letter) {
  if (!gone_) static_cast<void>(!::send(control_.get(), &letter, 1, MSG_NOSIGNAL));
}

void SupervisedProcess::hang_up() {
  command(kCommandHangUp);
}

void SupervisedProcess::stop() {
  if (supervisor_ <= 0) return;
  command(kCommandStop);
  while (!gone_) {
    pollfd ready{control_.get(), POLLIN, 0};
    ::poll(&ready, 1, -1);  // ends: the supervisor's patience is bounded
    gone_ = !read_news();
  }
  while (::waitpid(supervisor_, nullptr, 0) < 0 && errno == EINTR) {
  }
  supervisor_ = -1;
}

SupervisedProcess::~SupervisedProcess() {
  stop();
}

}  // namespace soak::base
