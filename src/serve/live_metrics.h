#pragma once
// What /metrics says: docs/metrics.md has the names. Pure, but for the clock of ApplyTimes.

#include <chrono>
#include <memory>
#include <string>

#include "serve/judgement.h"
#include "serve/run_json.h"

namespace soak::serve {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// How long the applies of the run in this process took. Thread safe.
class ApplyTimes {
 public:
  ApplyTimes();
  ~ApplyTimes();
  void observe(std::chrono::duration<double> time);

 private:
  friend class MetricsWriter;
  struct Histogram;
  std::unique_ptr<Histogram> histogram_;
};

struct MetricsSource {
  const RunItem* item = nullptr;
  const RunView* view = nullptr;
  const Judgement* judgement = nullptr;     // nullptr: not judged yet, and its metrics are left out
  const ApplyTimes* apply_times = nullptr;  // nullptr: not known here
  std::string soak_version;
};

// Prometheus text of one run: the live metrics, and those of its POST_SOAK_METRICS.prom as if it ended now;
// all with the label `run`. `promtool check metrics` has no remark on it.
std::string metrics_text(const MetricsSource& source);

}  // namespace soak::serve
