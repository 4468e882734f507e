#include "cli/approval.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/file.h"
#include "cli/log.h"

namespace soak::cli {
namespace {

using loop::Answer;
using loop::Question;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSlice{50};  // how soon a stop or a new file is noticed
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<bool> yes_or_no(std::string_view word) {
  std::string lower(trimmed(word));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "y" || lower == "yes") return true;
  if (lower == "n" || lower == "no") return false;
  return std::nullopt;
}

// One question at a time, until its answer, the stop flag or the time limit.
class Asker {
 public:
  explicit Asker(ApprovalOptions options) : options_(std::move(options)) {}
  virtual ~Asker() = default;

  Answer ask(const Question& question) {
    put(question);
    const auto deadline = steady_clock::now() + options_.within;
    while (options_.stop == nullptr || *options_.stop == 0) {
      if (const auto answer = look(question)) {
        log_line(
            LogLevel::kInfo, "approval",
            fmt::format("soak: iteration {}: {}", question.iteration, *answer ? "approved" : "not approved"));
        return *answer ? Answer::kYes : Answer::kNo;
      }
      if (steady_clock::now() < deadline) continue;
      log_line(LogLevel::kInfo, "approval",
               fmt::format("soak: iteration {}: no answer within {:g} s: not approved", question.iteration,
                           static_cast<double>(options_.within.count()) / 1000));
      return Answer::kNo;
    }
    return Answer::kInterrupted;
  }

 protected:
  virtual void put(const Question& question) = 0;
  virtual std::optional<bool> look(const Question& question) = 0;  // waits for kSlice at most
  const ApprovalOptions options_;
};

class TerminalAsker final : public Asker {
 public:
  using Asker::Asker;

 private:
  void put(const Question& question) override {
    clear_status();
    if (::isatty(STDIN_FILENO) != 0) ::tcflush(STDIN_FILENO, TCIFLUSH);  // typed before it was asked
    std::fprintf(stderr, "soak: %s\nApply it? [y/N] ", to_line(question).c_str());
  }
  std::optional<bool> look(const Question&) override {
    const std::optional<std::string> line = next_line();
    if (!line && ended_) std::fputs("(standard input has ended)\n", stderr);
    if (!line) return ended_ ? std::optional(false) : std::nullopt;
    if (trimmed(*line).empty()) return false;
    const auto answer = yes_or_no(*line);
    if (!answer) std::fputs("Please answer yes or no: ", stderr);
    return answer;
  }
  std::optional<std::string> next_line() {
    std::size_t end = buffer_.find('\n');
    if (end == std::string::npos && !ended_) {
      fill();
      end = buffer_.find('\n');
    }
    if (end == std::string::npos) {
      if (!ended_ || buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, {});  // a last line without its newline
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }
  void fill() {
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(kSlice.count())) <= 0) return;
    std::array<char, 256> bytes{};
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    ended_ = count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
  }

  std::string buffer_;
  bool ended_ = false;
};

class FileAsker final : public Asker {
 public:
  using Asker::Asker;

 private:
  // What tells one writing of the file from the next.
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const {
    struct stat status {};
    if (::stat(options_.file.c_str(), &status) != 0) return {};
    return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  }
  void put(const Question& question) override {
    asked_ = stamp();
    clear_status();
    std::fprintf(stderr, "soak: %s\nsoak: waiting for \"yes\" or \"no\" in %s (or \"%lld yes\")\n",
                 to_line(question).c_str(), options_.file.c_str(),
                 static_cast<long long>(question.iteration));
  }
  std::optional<bool> look(const Question& question) override {
    const bool fresh = stamp() != asked_;
    const auto text = base::read_file(options_.file, kFileBytesMax);
    const auto answer = text ? answer_in_file(*text, question.iteration, fresh) : std::nullopt;
    if (!answer) std::this_thread::sleep_for(kSlice);
    return answer;
  }

  Stamp asked_;
};

}  // namespace

std::string to_line(const Question& question) {
  std::string text = fmt::format("iteration {}: ", question.iteration);
  const char* separator = "";
  for (const auto& [name, value] : question.proposed) {
    const auto before = question.before.find(name);
    text += fmt::format("{}{} {} -> {}", separator, name,
                        before == question.before.end() ? "none" : canonical_json(before->second),
                        canonical_json(value));
    separator = "; ";
  }
  return question.rationale.empty() ? text : text + " (" + question.rationale + ")";
}

std::optional<bool> answer_in_file(std::string_view text, std::int64_t iteration, bool fresh) {
  const std::string number = std::to_string(iteration);
  std::optional<bool> answer;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool numbered = line.starts_with(number) && line.size() > number.size() &&
                          std::isspace(static_cast<unsigned char>(line[number.size()])) != 0;
    if (numbered) line.remove_prefix(number.size());
    if (const auto said = yes_or_no(line); said && (numbered || fresh)) answer = said;
  }
  return answer;
}

std::function<Result<Answer>(const Question&)> make_approval(ApprovalOptions options) {
  std::shared_ptr<Asker> asker;
  if (options.file.empty()) {
    asker = std::make_shared<TerminalAsker>(std::move(options));
  } else {
    asker = std::make_shared<FileAsker>(std::move(options));
  }
  return [asker](const Question& question) -> Result<Answer> { return asker->ask(question); };
}

}  // namespace soak::cli
