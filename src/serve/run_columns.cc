#include "serve/run_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/clock.h"
#include "serve/json_text.h"
#include "serve/utc.h"

namespace soak::serve {
namespace {

constexpr std::array kGuardNames{"freeze", "oscillation", "velocity", "cooldown"};
constexpr std::array kHeldNames{"",         "no_op",       "cooldown",
                                "velocity", "oscillation", "freeze"};  // highest last
constexpr std::size_t kTextsMax = 65'536;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::uint8_t guard_bits(const GuardFlags& flags) {
  return static_cast<std::uint8_t>((flags.freeze_triggered ? 1 : 0) | (flags.oscillation_detected ? 2 : 0) |
                                   (flags.velocity_violation ? 4 : 0) | (flags.cooldown_active ? 8 : 0));
}

// What held the proposal; old artifacts without a skip reason have flags alone.
std::uint8_t held_by(const journal::Tuning& tuning) {
  if (tuning.proposed_deltas.empty() || tuning.applied) return 0;
  const bool reason = tuning.skip_reason && tuning.skip_reason->any();
  const GuardFlags& flags = tuning.guards;
  if (reason ? tuning.skip_reason->freeze : flags.freeze_triggered) return 5;
  if (reason ? tuning.skip_reason->oscillation : flags.oscillation_detected) return 4;
  if (reason ? tuning.skip_reason->velocity : flags.velocity_violation) return 3;
  if (reason ? tuning.skip_reason->cooldown : flags.cooldown_active) return 2;
  return reason ? 1 : 0;
}

}  // namespace

// Rows [first, last) in groups of `per_point`.
struct RunColumns::Buckets {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t per_point = 1;
  std::size_t count() const { return (last - first + per_point - 1) / per_point; }
  std::size_t begin_of(std::size_t k) const { return first + k * per_point; }
  std::size_t end_of(std::size_t k) const { return std::min(last, first + (k + 1) * per_point); }
};

void RunColumns::clear() {
  *this = RunColumns();
}

RunColumns::Value RunColumns::value_of(const Json& json) {
  if (json.is_number()) return {json.get<double>(), 0};
  const std::string text = dumped(json);
  const auto known = text_places_.find(text);
  if (known != text_places_.end()) return {0, known->second + 1};
  if (texts_.size() >= kTextsMax) return {kMissing, 0};
  const auto place = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(text);
  text_places_.emplace(text, place);
  return {0, place + 1};
}

Json RunColumns::json_of(const Value& value) const {
  if (value.text > 0) return Json::parse(texts_[value.text - 1], nullptr, false);
  return number_or_null(value.number);
}

void RunColumns::append_value(std::string& out, const Value& value) const {
  if (value.text > 0) {
    out += texts_[value.text - 1];
  } else {
    append_number(out, value.number);
  }
}

void RunColumns::add(const journal::IterationFacts& facts, const journal::Kpis& kpis, bool passed) {
  if (iterations_.size() >= kIterationsHeldMax || (steps_ >= kStepsHeldMax && iterations_.size() > 1))
    forget_older_half();
  const journal::IterationRecord& record = facts.record;
  const std::size_t row = iterations_.size();
  iterations_.push_back(record.iteration);
  Row facts_of_row;
  const auto utc = parse_utc_ms(record.summary.runtime_utc);
  facts_of_row.has_utc = utc.has_value();
  facts_of_row.utc_ms = utc.value_or(0);
  facts_of_row.faults =
      static_cast<std::uint16_t>(std::min<std::size_t>(record.target.faults.size(), 65'535));
  facts_of_row.guards = guard_bits(record.tuning.guards);
  facts_of_row.held = held_by(record.tuning);
  facts_of_row.passed = passed;
  rows_.push_back(facts_of_row);
  for (const auto& [name, value] : kpis) {
    if (kpis_.size() >= kColumnsMax && !kpis_.contains(name)) continue;
    auto& column = kpis_[name];
    column.resize(row, kMissing);
    column.push_back(value);
  }
  for (auto& [name, column] : kpis_) column.resize(row + 1, kMissing);
  add_parameters(facts, static_cast<std::uint32_t>(row));
}

void RunColumns::add_parameters(const journal::IterationFacts& facts, std::uint32_t row) {
  const auto column_of = [this](const std::string& name) -> ParameterColumn* {
    if (parameters_.size() >= kColumnsMax && !parameters_.contains(name)) return nullptr;
    return &parameters_[name];
  };
  for (const auto& [name, json] : facts.effective) {
    ParameterColumn* column = column_of(name);
    if (column == nullptr) continue;
    const Value value = value_of(json);
    if (column->effective.empty() || column->effective.back().value != value) {
      column->effective.push_back({row, value});
      ++steps_;
    }
  }
  for (auto& [name, column] : parameters_) {  // reported until now, and no more
    if (!column.effective.empty() && !facts.effective.contains(name)) {
      const Value none = value_of(nullptr);
      if (column.effective.back().value != none) column.effective.push_back({row, none});
    }
  }
  for (const auto& [name, json] : facts.record.tuning.proposed_deltas) {
    if (ParameterColumn* column = column_of(name)) {
      column->proposed.push_back({row, value_of(json), facts.record.tuning.applied});
      ++steps_;
    }
  }
}

void RunColumns::forget_older_half() {
  const std::size_t gone = iterations_.size() / 2;
  const auto drop = [gone](auto& column) {
    column.erase(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(gone));
  };
  drop(iterations_);
  drop(rows_);
  for (auto& [name, column] : kpis_) drop(column);
  steps_ = 0;
  for (auto& [name, column] : parameters_) {
    while (column.effective.size() > 1 && column.effective[1].row <= gone) column.effective.pop_front();
    while (!column.proposed.empty() && column.proposed.front().row < gone) column.proposed.pop_front();
    for (Step& step : column.effective)
      step.row = static_cast<std::uint32_t>(step.row < gone ? 0 : step.row - gone);
    for (Proposed& step : column.proposed) step.row = static_cast<std::uint32_t>(step.row - gone);
    steps_ += column.effective.size() + column.proposed.size();
  }
  forgot_ = true;
}

std::size_t RunColumns::first_not_below(std::int64_t iteration) const {
  return static_cast<std::size_t>(std::lower_bound(iterations_.begin(), iterations_.end(), iteration) -
                                  iterations_.begin());
}

std::string RunColumns::series_json(const SeriesRange& range) const {
  Buckets buckets;
  buckets.first = range.from ? first_not_below(*range.from) : 0;
  buckets.last = range.to ? first_not_below(*range.to + 1) : iterations_.size();
  buckets.last = std::max(buckets.first, buckets.last);
  const std::size_t rows = buckets.last - buckets.first;
  const std::size_t points = std::max<std::size_t>(1, range.points_max);
  buckets.per_point = std::max<std::size_t>(1, (rows + points - 1) / points);
  std::string out;
  out.reserve(buckets.count() * (kpis_.size() * 40 + parameters_.size() * 16 + 80) + 1024);
  out += fmt::format(R"({{"from":{},"to":{},"per_point":{},)", rows > 0 ? iterations_[buckets.first] : 0,
                     rows > 0 ? iterations_[buckets.last - 1] : 0, buckets.per_point);
  append_rows(out, buckets);
  append_kpis(out, buckets);
  append_parameters(out, buckets);
  out += "}\n";
  return out;
}

void RunColumns::append_rows(std::string& out, const Buckets& buckets) const {
  const std::size_t count = buckets.count();
  const auto sum_of = [&](std::size_t k, auto number_of) {
    std::size_t sum = 0;
    for (std::size_t row = buckets.begin_of(k); row < buckets.end_of(k); ++row) sum += number_of(rows_[row]);
    out += std::to_string(sum);
  };
  append_array(out, "iteration", count,
               [&](std::size_t k) { out += std::to_string(iterations_[buckets.end_of(k) - 1]); });
  out += ',';
  append_array(out, "utc", count, [&](std::size_t k) {
    const Row& row = rows_[buckets.end_of(k) - 1];
    const base::UtcTime time{std::chrono::milliseconds(row.utc_ms)};
    out += row.has_utc ? '"' + base::format_utc(time) + '"' : "null";
  });
  out += ',';
  append_array(out, "verdict", count, [&](std::size_t k) {
    const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(buckets.begin_of(k));
    const auto to = rows_.begin() + static_cast<std::ptrdiff_t>(buckets.end_of(k));
    out += std::all_of(from, to, [](const Row& row) { return row.passed; }) ? R"("PASS")" : R"("FAIL")";
  });
  out += ',';
  append_array(out, "faults", count,
               [&](std::size_t k) { sum_of(k, [](const Row& row) -> std::size_t { return row.faults; }); });
  out += R"(,"guards":{)";
  for (std::size_t guard = 0; guard < kGuardNames.size(); ++guard) {
    if (guard > 0) out += ',';
    append_array(out, kGuardNames[guard], count, [&](std::size_t k) {
      sum_of(k, [guard](const Row& row) -> std::size_t { return row.guards >> guard & 1; });
    });
  }
  out += "},";
  append_array(out, "held", count, [&](std::size_t k) {
    std::uint8_t highest = 0;
    for (std::size_t row = buckets.begin_of(k); row < buckets.end_of(k); ++row)
      highest = std::max(highest, rows_[row].held);
    out += highest == 0 ? "null" : fmt::format("\"{}\"", kHeldNames[highest]);
  });
}

void RunColumns::append_kpis(std::string& out, const Buckets& buckets) const {
  struct Point {
    double sum = 0;
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    std::size_t values = 0;
  };
  out += R"(,"kpis":{)";
  bool first = true;
  std::vector<Point> points(buckets.count());
  for (const auto& [name, column] : kpis_) {
    if (!first) out += ',';
    first = false;
    for (std::size_t k = 0; k < points.size(); ++k) {
      Point point;
      for (std::size_t row = buckets.begin_of(k); row < buckets.end_of(k); ++row) {
        if (!std::isfinite(column[row])) continue;
        point.sum += column[row];
        point.low = std::min(point.low, column[row]);
        point.high = std::max(point.high, column[row]);
        ++point.values;
      }
      points[k] = point;
    }
    append_text(out, name);
    out += ":{";
    append_array(out, "mean", points.size(), [&](std::size_t k) {
      const auto values = static_cast<double>(points[k].values);
      append_number(out, points[k].values == 0 ? kMissing : points[k].sum / values);
    });
    out += ',';
    append_array(out, "min", points.size(), [&](std::size_t k) { append_number(out, points[k].low); });
    out += ',';
    append_array(out, "max", points.size(), [&](std::size_t k) { append_number(out, points[k].high); });
    out += '}';
  }
  out += '}';
}

void RunColumns::append_parameters(std::string& out, const Buckets& buckets) const {
  out += R"(,"parameters":{)";
  bool first = true;
  for (const auto& parameter : parameters_) {
    const auto& column = parameter.second;
    if (!first) out += ',';
    first = false;
    append_text(out, parameter.first);
    out += ":{";
    std::size_t next = 0;
    append_array(out, "effective", buckets.count(), [&](std::size_t k) {
      while (next < column.effective.size() && column.effective[next].row < buckets.end_of(k)) ++next;
      if (next == 0) {
        out += "null";
      } else {
        append_value(out, column.effective[next - 1].value);
      }
    });
    for (const bool applied_only : {false, true}) {
      out += ',';
      auto at = std::lower_bound(column.proposed.begin(), column.proposed.end(), buckets.first,
                                 [](const Proposed& one, std::size_t row) { return one.row < row; });
      append_array(out, applied_only ? "applied" : "proposed", buckets.count(), [&](std::size_t k) {
        const Proposed* last = nullptr;
        for (; at != column.proposed.end() && at->row < buckets.end_of(k); ++at) {
          if (at->applied || !applied_only) last = &*at;
        }
        if (last == nullptr) {
          out += "null";
        } else {
          append_value(out, last->value);
        }
      });
    }
    out += '}';
  }
  out += '}';
}

std::vector<double> RunColumns::kpi_values(const std::string& name, std::size_t skipped) const {
  std::vector<double> values;
  const auto column = kpis_.find(name);
  if (column == kpis_.end()) return values;
  for (std::size_t row = skipped; row < column->second.size(); ++row) {
    if (std::isfinite(column->second[row])) values.push_back(column->second[row]);
  }
  return values;
}

std::vector<std::string> RunColumns::kpi_names() const {
  std::vector<std::string> names;
  for (const auto& [name, column] : kpis_) names.push_back(name);
  return names;
}

std::vector<std::string> RunColumns::parameter_names() const {
  std::vector<std::string> names;
  for (const auto& [name, column] : parameters_) names.push_back(name);
  return names;
}

Json RunColumns::last_effective(const std::string& name) const {
  const auto column = parameters_.find(name);
  if (column == parameters_.end() || column->second.effective.empty()) return nullptr;
  return json_of(column->second.effective.back().value);
}

Json RunColumns::last_proposed(const std::string& name) const {
  const auto column = parameters_.find(name);
  if (column == parameters_.end() || column->second.proposed.empty()) return nullptr;
  return json_of(column->second.proposed.back().value);
}

Json RunColumns::last_applied(const std::string& name) const {
  const auto column = parameters_.find(name);
  if (column == parameters_.end()) return nullptr;
  const auto& proposed = column->second.proposed;
  const auto found =
      std::find_if(proposed.rbegin(), proposed.rend(), [](const Proposed& one) { return one.applied; });
  return found == proposed.rend() ? Json() : json_of(found->value);
}

}  // namespace soak::serve
