#pragma once
// The Prometheus text exposition format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/), as far as a scrape needs it: samples with
// their labels. Comments, HELP, TYPE and timestamps are passed over. No Debian package has a parser of it in
// C++. Pure.

#include <soak/result.h>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace soak::target {

struct Sample {
  std::string metric;
  std::map<std::string, std::string> labels;
  double value = 0;  // may be infinite or NaN
};

inline constexpr std::size_t kSamplesMax = 100'000;

// The samples of the metrics in `wanted`, in their order; every line is checked all the same. kInvalidValue:
// a line that is none of the format, or no UTF-8, by its number. kLimitExceeded: more than kSamplesMax
// samples.
Result<std::vector<Sample>> parse_prometheus(std::string_view text, const std::set<std::string>& wanted);

}  // namespace soak::target
