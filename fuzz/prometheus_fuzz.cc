// target::parse_prometheus(): what an endpoint answers, or whatever answers in its place.

#include <algorithm>
#include <cctype>
#include <string>

#include "fuzz/properties.h"
#include "target/prometheus_text.h"

namespace soak::fuzz {
namespace {

bool is_name(const std::string& name) {
  const auto fits = [](unsigned char letter) {
    return std::isalnum(letter) || letter == '_' || letter == ':';
  };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), fits);
}

void require_line_number(const Error& error, std::string_view bytes) {
  constexpr std::string_view kLine = "line ";
  require(error.message.starts_with(kLine), "a refusal names the line");
  const auto number = std::strtoull(error.message.c_str() + kLine.size(), nullptr, 10);
  const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n')) + 1;
  require(number >= 1 && number <= lines, "the line that a refusal names is there");
}

}  // namespace

bool try_input(std::string_view bytes) {
  const std::set<std::string> wanted = {"bot_net_bps", "bot_setting", "bot_latency_seconds", "a"};
  const auto samples = target::parse_prometheus(bytes, wanted);
  if (!samples) {
    require_readable(samples.error());
    if (samples.error().code == ErrorCode::kLimitExceeded) return false;
    require(samples.error().code == ErrorCode::kInvalidValue, "a refusal has a code that the header names");
    require_line_number(samples.error(), bytes);
    return false;
  }
  require(samples->size() <= target::kSamplesMax, "no more samples than the limit");
  for (const target::Sample& sample : *samples) {
    require(wanted.contains(sample.metric), "only what is wanted is kept");
    for (const auto& [name, value] : sample.labels) {
      require(is_name(name), "a label has a name");
      require_recordable(value, 0);
    }
  }
  // A line that is none makes any text one that is none, and it is that line which is named.
  const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  const auto broken = target::parse_prometheus(std::string(bytes) + "\n<html>", wanted);
  require(!broken && broken.error().message.starts_with("line " + std::to_string(lines + 2) + " "),
          "every line is checked, and counted");
  return true;
}

}  // namespace soak::fuzz
