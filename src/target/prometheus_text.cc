#include "target/prometheus_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <optional>
#include <utility>

namespace soak::target {
namespace {

bool is_name_start(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
         letter == ':';
}
bool is_name_part(char letter) {
  return is_name_start(letter) || (letter >= '0' && letter <= '9');
}

// One line, from left to right.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char letter) {
    if (at_end() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  std::string_view name() {
    const std::size_t begin = at_;
    if (!at_end() && is_name_start(text_[at_])) {
      while (!at_end() && is_name_part(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  std::string_view word() {
    const std::size_t begin = at_;
    while (!at_end() && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // Behind the opening quote, up to and with the closing one.
  std::optional<std::string> quoted() {
    std::string value;
    while (!at_end()) {
      char letter = text_[at_++];
      if (letter == '"') return value;
      if (letter == '\\') {
        if (at_end()) break;
        letter = text_[at_++];
        if (letter == 'n') letter = '\n';
      }
      value += letter;
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool parse_labels(Line& line, std::map<std::string, std::string>& labels) {
  if (!line.take('{')) return true;
  for (;;) {
    line.skip_blanks();
    if (line.take('}')) return true;
    const std::string_view name = line.name();
    line.skip_blanks();
    if (name.empty() || !line.take('=')) return false;
    line.skip_blanks();
    if (!line.take('"')) return false;
    auto value = line.quoted();
    if (!value) return false;
    labels[std::string(name)] = std::move(*value);
    line.skip_blanks();
    if (line.take(',')) continue;
    return line.take('}');
  }
}

// "1e+06", "+Inf", "NaN", as strconv.ParseFloat of Go takes it.
std::optional<double> number_of(std::string_view word) {
  if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || end != word.data() + word.size() || error != std::errc()) return std::nullopt;
  return value;
}

// Nothing where the line is none of the format.
std::optional<Sample> parse_sample(std::string_view text) {
  Line line(text);
  Sample sample;
  sample.metric = line.name();
  if (sample.metric.empty()) return std::nullopt;
  line.skip_blanks();
  if (!parse_labels(line, sample.labels)) return std::nullopt;
  line.skip_blanks();
  const auto value = number_of(line.word());
  if (!value) return std::nullopt;
  sample.value = *value;
  line.skip_blanks();
  if (!line.at_end() && !number_of(line.word())) return std::nullopt;  // the timestamp
  line.skip_blanks();
  if (!line.at_end()) return std::nullopt;
  return sample;
}

}  // namespace

Result<std::vector<Sample>> parse_prometheus(std::string_view text, const std::set<std::string>& wanted) {
  std::vector<Sample> samples;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    if (!simdjson::validate_utf8(line.data(), line.size()))
      return fail(ErrorCode::kInvalidValue, fmt::format("line {} is not UTF-8", number));
    auto sample = parse_sample(line.substr(begin));
    if (!sample)
      return fail(ErrorCode::kInvalidValue,
                  fmt::format("line {} is not of the Prometheus text format", number));
    if (!wanted.contains(sample->metric)) continue;
    if (samples.size() == kSamplesMax)
      return fail(ErrorCode::kLimitExceeded, fmt::format("holds more than {} samples", kSamplesMax));
    samples.push_back(std::move(*sample));
  }
  return samples;
}

}  // namespace soak::target
