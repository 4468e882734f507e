#include "base/tool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/descriptor.h"

extern char** environ;  // NOLINT: POSIX wants it declared by its user

namespace soak::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kErrorBytesMax = 64 << 10;
constexpr useconds_t kWaitStepUs = 500;

struct Pipe {
  Descriptor read_end, write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::kIoError, fmt::format("no pipe: {}", std::strerror(errno)));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

class Tool {
 public:
  explicit Tool(const ToolRun& run) : run_(run), deadline_(steady_clock::now() + run.limit) {}
  ~Tool() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;

  Result<ToolResult> run() {
    if (auto started = start(); !started) return tl::unexpected(started.error());
    if (auto moved = move_bytes(); !moved) return tl::unexpected(moved.error());
    return end();
  }

 private:
  Error failed(ErrorCode code, const std::string& what) const {
    return {code, run_.arguments.front() + " " + what, {}, {}};
  }

  Error too_slow() const {
    const double limit_s = static_cast<double>(run_.limit.count()) / 1000;
    return failed(ErrorCode::kLimitExceeded, fmt::format("took longer than {} s", limit_s));
  }

  Result<void> start() {
    auto in = make_pipe(), out = make_pipe(), err = make_pipe();
    if (!in || !out || !err) return tl::unexpected(!in ? in.error() : !out ? out.error() : err.error());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in->read_end.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out->write_end.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err->write_end.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t ours;  // these are ignored in us, and must not be in the tool
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &ours);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> arguments;
    for (const std::string& argument : run_.arguments)
      arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: posix_spawnp changes none of them
    arguments.push_back(nullptr);
    const int problem =
        ::posix_spawnp(&child_, arguments.front(), &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem != 0) {
      child_ = 0;
      return tl::unexpected(failed(problem == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIoError,
                                   fmt::format("cannot be run: {}", std::strerror(problem))));
    }
    in_ = std::move(in->write_end);
    out_ = std::move(out->read_end);
    err_ = std::move(err->read_end);
    ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
    return {};
  }

  int wait_ms() const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  // Until it has closed both of its ends.
  Result<void> move_bytes() {
    if (run_.input.empty()) in_.close();
    while (out_.valid() || err_.valid()) {
      std::array<pollfd, 3> ready{
          {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {in_.get(), POLLOUT, 0}}};
      const int count = ::poll(ready.data(), ready.size(), wait_ms());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 || steady_clock::now() >= deadline_) return tl::unexpected(too_slow());
      if (ready[2].revents != 0) give();
      if (ready[0].revents != 0) take(out_, result_.output, run_.output_bytes_max + 1);
      if (ready[1].revents != 0) take(err_, result_.errors, kErrorBytesMax);
      if (result_.output.size() > run_.output_bytes_max)
        return tl::unexpected(failed(ErrorCode::kLimitExceeded, "printed too much"));
    }
    return {};
  }

  void give() {
    const ssize_t put = ::write(in_.get(), run_.input.data() + given_, run_.input.size() - given_);
    if (put > 0) given_ += static_cast<std::size_t>(put);
    const bool broken = put < 0 && errno != EINTR && errno != EAGAIN;
    if (broken || given_ == run_.input.size()) in_.close();
  }

  static void take(Descriptor& from, std::string& to, std::size_t bytes_max) {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(from.get(), bytes.data(), bytes.size());
    if (got > 0) {
      to.append(bytes.data(),
                std::min(static_cast<std::size_t>(got), bytes_max - std::min(bytes_max, to.size())));
    } else if (got == 0 || errno != EINTR) {
      from.close();
    }
  }

  Result<ToolResult> end() {
    int status = 0;
    while (::waitpid(child_, &status, WNOHANG) != child_) {  // it may live on with its ends closed
      if (steady_clock::now() >= deadline_) return tl::unexpected(too_slow());
      ::usleep(kWaitStepUs);
    }
    child_ = 0;
    if (WIFSIGNALED(status))
      return tl::unexpected(
          failed(ErrorCode::kIoError, fmt::format("was killed by signal {}", WTERMSIG(status))));
    result_.status = WEXITSTATUS(status);
    return std::move(result_);
  }

  const ToolRun& run_;
  const steady_clock::time_point deadline_;
  pid_t child_ = 0;
  Descriptor in_, out_, err_;
  std::size_t given_ = 0;
  ToolResult result_;
};

}  // namespace

Result<ToolResult> run_tool(const ToolRun& run) {
  return Tool(run).run();
}

}  // namespace soak::base
