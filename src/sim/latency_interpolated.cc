#include "sim/latency_interpolated.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "sim/feed_format.h"

namespace soak::sim {
namespace {

constexpr std::size_t kTableBytesMax = std::size_t{1} << 30;
constexpr std::int64_t kRoundTripNsMax = 3'600'000'000'000;

std::optional<LatencySample> parse(std::string_view line) {
  std::int64_t values[3] = {};
  const char* at = line.data();
  const char* const end = line.data() + line.size();
  for (int k = 0; k < 3; ++k) {
    if (k > 0 && (at == end || *at++ != ',')) return std::nullopt;
    const auto [next, problem] = std::from_chars(at, end, values[k]);
    if (problem != std::errc()) return std::nullopt;
    at = next;
  }
  if (at != end && !(at + 1 == end && *at == '\r')) return std::nullopt;
  return LatencySample{values[0], values[1], values[2]};
}

// The value at `place` of the curve through (at(sample), value(sample)).
template <class At, class Value>
std::int64_t interpolate(const std::vector<LatencySample>& samples, std::int64_t place, At at, Value value) {
  const auto after =
      std::upper_bound(samples.begin(), samples.end(), place,
                       [&](std::int64_t wanted, const LatencySample& sample) { return wanted < at(sample); });
  if (after == samples.begin()) return value(samples.front());
  if (after == samples.end()) return value(samples.back());
  const LatencySample &low = *(after - 1), &high = *after;
  const double share = static_cast<double>(place - at(low)) / static_cast<double>(at(high) - at(low));
  return value(low) + static_cast<std::int64_t>(share * static_cast<double>(value(high) - value(low)));
}

}  // namespace

InterpolatedLatency::InterpolatedLatency(std::vector<LatencySample> samples)
    : samples_(std::make_shared<const std::vector<LatencySample>>(std::move(samples))) {
  assert(!samples_->empty());
}

std::int64_t InterpolatedLatency::entry_ns(std::int64_t sent_ns) const {
  return interpolate(
      *samples_, sent_ns, [](const LatencySample& s) { return s.sent_ns; },
      [](const LatencySample& s) { return s.exchange_ns - s.sent_ns; });
}

std::int64_t InterpolatedLatency::response_ns(std::int64_t exchange_ns) const {
  return interpolate(
      *samples_, exchange_ns, [](const LatencySample& s) { return s.exchange_ns; },
      [](const LatencySample& s) { return s.received_ns - s.exchange_ns; });
}

std::int64_t InterpolatedLatency::round_trip_ns_max() const {
  std::int64_t entry = 0, response = 0;
  for (const LatencySample& sample : *samples_) {
    entry = std::max(entry, sample.exchange_ns - sample.sent_ns);
    response = std::max(response, sample.received_ns - sample.exchange_ns);
  }
  return entry + response;
}

Result<InterpolatedLatency> InterpolatedLatency::read(const std::string& path) {
  const auto text = base::read_file(path, kTableBytesMax);
  if (!text) return tl::unexpected(text.error());
  std::vector<LatencySample> samples;
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto refuse = [&](std::string_view what) {
      return fail(ErrorCode::kInvalidValue, fmt::format("line {}: {}", number, what), path);
    };
    const auto sample = parse(line);
    if (number == 1 && line.find_first_of("0123456789") == std::string_view::npos) continue;  // names
    if (!sample) return refuse("is not sent_ns,exchange_ns,received_ns in whole numbers");
    if (sample->exchange_ns < sample->sent_ns || sample->received_ns < sample->exchange_ns)
      return refuse("a time comes before its cause");
    if (sample->sent_ns < 0 || sample->received_ns > kFeedTimeNsMax)
      return refuse(fmt::format("a time is not between 0 and {} ns", kFeedTimeNsMax));
    if (sample->received_ns - sample->sent_ns > kRoundTripNsMax)
      return refuse("an order takes more than an hour");
    if (!samples.empty() &&
        (sample->sent_ns <= samples.back().sent_ns || sample->exchange_ns <= samples.back().exchange_ns)) {
      return refuse("times do not grow");
    }
    samples.push_back(*sample);
  }
  if (samples.empty()) return fail(ErrorCode::kInvalidValue, "holds no latency", path);
  return InterpolatedLatency(std::move(samples));
}

}  // namespace soak::sim
