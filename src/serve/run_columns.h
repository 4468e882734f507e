#pragma once
// The iterations of one run as columns: what a chart needs, in about 100 bytes an iteration. KPIs are numbers
// in arrays; of parameters only the changes are kept. One thread.

#include <soak/json.h>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/artifacts.h"

namespace soak::serve {

inline constexpr std::size_t kIterationsHeldMax = 200'000;  // then the older half goes
inline constexpr std::size_t kStepsHeldMax = 2'000'000;     // changes of parameters; beyond, the same
inline constexpr std::size_t kColumnsMax = 256;  // names of KPIs, and of parameters; the rest is not shown

// Which part of the iterations, thinned to how many points.
struct SeriesRange {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::size_t points_max = 1000;
};

class RunColumns {
 public:
  void clear();
  // In order of iteration. `kpis` and `passed` are what the profile makes of it.
  void add(const journal::IterationFacts& facts, const journal::Kpis& kpis, bool passed);

  std::size_t size() const { return iterations_.size(); }
  bool forgot() const { return forgot_; }
  // The document `Series` of docs/openapi.json. Where nothing is in the range, the arrays are empty.
  std::string series_json(const SeriesRange& range) const;
  // The values of a KPI in order, without those that are missing and without the first `skipped` iterations.
  std::vector<double> kpi_values(const std::string& name, std::size_t skipped) const;
  std::vector<std::string> kpi_names() const;
  std::vector<std::string> parameter_names() const;
  Json last_effective(const std::string& name) const;  // null: not reported
  Json last_proposed(const std::string& name) const;   // null: never
  Json last_applied(const std::string& name) const;

 private:
  // A number, or the place of another JSON value in texts_.
  struct Value {
    double number = 0;
    std::uint32_t text = 0;  // 0: a number; else 1 + index
    bool operator==(const Value&) const = default;
  };
  struct Step {
    std::uint32_t row = 0;
    Value value;
  };
  struct Proposed {
    std::uint32_t row = 0;
    Value value;
    bool applied = false;
  };
  struct ParameterColumn {
    std::deque<Step> effective;
    std::deque<Proposed> proposed;
  };
  struct Row {
    std::int64_t utc_ms = 0;
    std::uint16_t faults = 0;
    std::uint8_t guards = 0;  // bits in the order of kGuardNames
    std::uint8_t held = 0;    // index into kHeldNames
    bool passed = false;
    bool has_utc = false;
  };

  Value value_of(const Json& json);
  Json json_of(const Value& value) const;
  void append_value(std::string& out, const Value& value) const;
  void add_parameters(const journal::IterationFacts& facts, std::uint32_t row);
  void forget_older_half();
  std::size_t first_not_below(std::int64_t iteration) const;
  struct Buckets;
  void append_rows(std::string& out, const Buckets& buckets) const;
  void append_kpis(std::string& out, const Buckets& buckets) const;
  void append_parameters(std::string& out, const Buckets& buckets) const;

  std::vector<std::int64_t> iterations_;
  std::vector<Row> rows_;
  std::map<std::string, std::vector<double>> kpis_;
  std::map<std::string, ParameterColumn> parameters_;
  std::vector<std::string> texts_;  // JSON
  std::map<std::string, std::uint32_t> text_places_;
  std::size_t steps_ = 0;
  bool forgot_ = false;
};

}  // namespace soak::serve
