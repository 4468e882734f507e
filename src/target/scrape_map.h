#pragma once
// Which metric of a Prometheus endpoint is which KPI, effective parameter and so on: `--map FILE`
// (docs/targets.md). Immutable and thread safe.

#include <soak/params.h>
#include <soak/result.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "target/prometheus_text.h"

namespace soak::target {

// One sample: the metric, labels that it must have (more are allowed), and what of it counts.
struct MetricRef {
  std::string metric;
  std::map<std::string, std::string> labels;
  double scale = 1;   // the value is multiplied by it
  std::string label;  // not the value but the text of this label; empty: the value
};

class ScrapeMap {
 public:
  // Errors name the file and the member: kUnknownParameter, kInvalidValue; those of reading a file.
  static Result<ScrapeMap> load(const std::string& path, const Registry& registry);
  static Result<ScrapeMap> from_json(const Json& json, const Registry& registry, const std::string& source);

  // The names of all metrics that it mentions.
  const std::set<std::string>& metrics() const { return metrics_; }

  // An EDGE_REPORT of the samples. A KPI or evidence without a sample, or whose value is not finite, is left
  // out. kNotFound: the sample of a parameter, the instance or the hash is missing; the message names it.
  // kLimitExceeded: the report is larger than a report may be (kReportBytesMax).
  Result<Json> report(const std::vector<Sample>& samples, std::int64_t seq) const;

 private:
  struct Param {
    MetricRef ref;
    ParamType type = ParamType::kNumber;
  };
  struct Evidence {
    std::string parameter;
    std::string bound;
    MetricRef ref;
  };
  std::map<std::string, MetricRef> kpis_;
  std::map<std::string, Param> params_;
  std::vector<Evidence> evidence_;
  std::optional<MetricRef> instance_id_;
  std::optional<MetricRef> state_hash_;
  std::string precision_;
  std::set<std::string> metrics_;
};

}  // namespace soak::target
