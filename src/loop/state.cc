#include "loop/state.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/sha256.h"

namespace soak::loop {

void RunState::start(const Json& runtime) {
  runtime_ = runtime;
  runtime_hash_ = compute_json_hash(runtime);
  values_before_ = values();
  history_.start(values_before_);
  last_good_.start(runtime);
}

void RunState::adopt(const Json& runtime, const std::string& state_hash) {
  runtime_ = runtime;
  runtime_hash_ = state_hash;
  if (!applied_before_) values_before_ = values();
  delivery_.edited();
  history_.edited(values());
  last_good_.adopt(runtime);
}

void RunState::target_started() {
  delivery_.started();
  filter_.started();
}

const std::vector<journal::SeenReport>& RunState::take_reports(std::vector<journal::SeenReport> reports) {
  if (!reports.empty()) last_report_ = reports.back().report;
  std::erase_if(reports,
                [&](const journal::SeenReport& report) { return !filter_.is_new(report, *registry_); });
  return new_reports_ = std::move(reports);
}

verify::DeliveryView RunState::view_of_delivery(std::int64_t iteration) const {
  verify::DeliveryView view;
  view.iteration = iteration;
  view.expected = values();
  view.before = values_before_;
  view.applied_before = applied_before_;
  view.runtime_hash = runtime_hash_;
  delivery_.recall(view);
  return view;
}

base::UtcTime RunState::by_the_runs_clock(base::UtcTime end) {
  if (last_end_ && end + clock_behind_ < *last_end_) clock_behind_ = *last_end_ - end;
  return end + clock_behind_;
}

void RunState::observe(const journal::IterationRecord& record, base::UtcTime now) {
  last_end_ = now;
  // From the record and not from the report, so that a replay sees the same.
  const ParamValues in_effect = journal::flat_params(record.runtime_overrides, *registry_);
  history_.observe(record.iteration, now, in_effect, analyze::is_steady(*profile_, record.summary.kpis));
  recent_.push_back(record.summary.kpis);
  if (recent_.size() > tuner::kRecentMax) recent_.pop_front();
  last_good_.observe(record, judged_kpis_, runtime_);
  verify::DeliveryView view = view_of_delivery(record.iteration);
  view.reports = std::exchange(new_reports_, {});
  taken_back_ = static_cast<std::int64_t>(delivery_.remember(view, record.target.faults, *registry_).size());
}

Result<void> RunState::conclude(const journal::IterationRecord& record) {
  iteration_ = record.iteration;
  applied_before_ = record.tuning.applied;
  const ParamValues old_values = values();
  if (record.tuning.applied) {
    const auto settings = guard_settings();
    if (auto taken = take_over(record); !taken) return taken;
    const ParamValues new_values = values();
    ParamValues changed;
    for (const std::string& key : record.tuning.changed_keys) {
      if (const auto found = new_values.find(key); found != new_values.end()) changed.insert(*found);
    }
    if (record.tuning.origin == journal::kOriginRollback)
      history_.rolled_back(record.tuning.proposed_deltas);
    else
      history_.applied(changed, *registry_, settings);
    delivery_.written(record.tuning.proposed_deltas);
    last_good_.applied(record);
  }
  values_before_ = old_values;
  return {};
}

Result<void> RunState::take_over(const journal::IterationRecord& record) {
  auto changed =
      record.tuning.origin == journal::kOriginRollback
          ? Result<Json>(last_good_.runtime())
          : changed_runtime(runtime_, record.tuning.proposed_deltas, record.tuning.changed_keys, *registry_);
  if (!changed) return tl::unexpected(changed.error());
  if (compute_json_hash(*changed) != record.tuning.state_hash) {
    return fail(ErrorCode::kCorrupt, "iteration " + std::to_string(record.iteration) +
                                         ": the proposal it records does not lead to the runtime it records; "
                                         "the journal cannot be resumed");
  }
  runtime_ = std::move(*changed);
  runtime_hash_ = record.tuning.state_hash;
  return {};
}

Result<Json> changed_runtime(const Json& runtime, const ParamValues& deltas,
                             const std::vector<std::string>& keys, const Registry& registry) {
  auto values = validate_deltas(deltas, registry);
  if (!values) return tl::unexpected(values.error());
  Json changed = runtime;
  for (const std::string& key : keys) {
    const auto value = values->find(key);
    if (value == values->end())
      return fail(ErrorCode::kCorrupt, "is recorded as changed, but was not proposed", {}, key);
    if (auto set = set_in_runtime(changed, key, value->second, registry); !set)
      return tl::unexpected(set.error());
  }
  return changed;
}

std::optional<base::UtcTime> parse_utc(const std::string& text) {
  using namespace std::chrono;
  if (text.size() != 20 && text.size() != 24) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    const char* end = text.data() + at + digits;
    if (std::from_chars(text.data() + at, end, value).ptr != end) value = -1;
    return value;
  };
  const std::array<int, 6> parts = {number(0, 4),  number(5, 2),  number(8, 2),
                                    number(11, 2), number(14, 2), number(17, 2)};
  for (const int part : parts) {
    if (part < 0) return std::nullopt;
  }
  const int fraction = text.size() == 24 ? number(20, 3) : 0;
  const year_month_day date{year{parts[0]}, month{static_cast<unsigned>(parts[1])},
                            day{static_cast<unsigned>(parts[2])}};
  if (!date.ok() || fraction < 0) return std::nullopt;
  const base::UtcTime time =
      sys_days{date} + hours{parts[3]} + minutes{parts[4]} + seconds{parts[5]} + milliseconds{fraction};
  if (base::format_utc(time) != text) return std::nullopt;
  return time;
}

}  // namespace soak::loop
