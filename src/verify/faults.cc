#include "verify/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace soak::verify {
namespace {

using journal::Effective;
using journal::Fault;
using journal::SeenReport;

constexpr double kTolerance = 1e-9;

double tolerance_at(double value, bool float32) {
  if (!float32) return kTolerance;
  const auto near = static_cast<float>(std::abs(value));
  const float unit = std::nextafter(near, std::numeric_limits<float>::infinity()) - near;
  return std::max(kTolerance, static_cast<double>(unit));
}

// A settled report that says which values are in effect.
struct Observation {
  const SeenReport* report;
  Effective effective;
};

std::vector<Observation> observations_of(const DeliveryView& view, const Registry& registry) {
  std::vector<Observation> found;
  for (const SeenReport& report : view.reports) {
    if (!report.settled) continue;
    if (auto effective = journal::effective_of(report.report, registry))
      found.push_back({&report, std::move(*effective)});
  }
  return found;
}

// One value of a parameter in effect, in the order of the reports.
struct Seen {
  Json value;
  bool matches = false;
  bool old = false;  // the value from before the last apply, which is another than the expected one
  bool float32 = false;
};

// One parameter of the file through the iteration.
struct Course {
  std::string name;
  Json expected;
  const Json* before = nullptr;            // nullptr: the file did not have it
  const Json* effective_before = nullptr;  // nullptr: not known
  const Missed* missed = nullptr;          // nullptr: no earlier apply owes anything
  bool changed = false;                    // by the last apply
  std::vector<Seen> seen;                  // not empty

  bool all_match() const {
    return std::all_of(seen.begin(), seen.end(), [](const Seen& s) { return s.matches; });
  }
  bool none_match() const {
    return std::none_of(seen.begin(), seen.end(), [](const Seen& s) { return s.matches; });
  }
  // The expected value is in effect, and was not before: it may have been that the apply had nothing to do.
  bool delivered() const {
    return !none_match() && (effective_before == nullptr || !in_effect(expected, *effective_before, false));
  }
  // An earlier apply omitted the expected value, and nobody has written the parameter since.
  bool awaited() const {
    return !changed && missed != nullptr && missed->kind != "wrong_value" && !missed->overtaken;
  }
  // What is in effect is what the apply before the last one should have brought.
  bool one_behind() const {
    return missed != nullptr && before != nullptr && in_effect(missed->value, *before, false) &&
           std::all_of(seen.begin(), seen.end(), [](const Seen& s) { return s.old; });
  }
  // Every value is the one from the iteration before: nothing moved.
  bool stayed() const {
    if (effective_before == nullptr)
      return std::all_of(seen.begin(), seen.end(), [](const Seen& s) { return s.old; });
    return std::all_of(seen.begin(), seen.end(),
                       [&](const Seen& s) { return in_effect(*effective_before, s.value, s.float32); });
  }
};

const Json* find(const ParamValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

std::vector<Course> courses_of(const DeliveryView& view, const std::vector<Observation>& observations) {
  std::vector<Course> courses;
  for (const auto& [name, expected] : view.expected) {
    Course course;
    course.name = name;
    course.expected = expected;
    course.before = find(view.before, name);
    course.effective_before = find(view.effective_before, name);
    if (const auto missed = view.missed.find(name); missed != view.missed.end())
      course.missed = &missed->second;
    course.changed =
        view.applied_before && (course.before == nullptr || !in_effect(expected, *course.before, false));
    for (const Observation& observation : observations) {
      const Json* value = find(observation.effective.params, name);
      if (value == nullptr) continue;
      const bool float32 = observation.effective.float32;
      const bool matches = in_effect(expected, *value, float32);
      const bool old = !matches && course.changed && course.before != nullptr &&
                       in_effect(*course.before, *value, float32);
      course.seen.push_back({*value, matches, old, float32});
    }
    if (!course.seen.empty()) courses.push_back(std::move(course));
  }
  return courses;
}

std::string text(const Json& value) {
  return canonical_json(value);
}

// The first report shows another value and the last one the expected value, with no apply to wait for.
// Nothing where the other value is an old fault, which ends here.
std::optional<Fault> returned(const Course& course, std::int64_t iteration) {
  const Json* before = course.effective_before;
  const auto goes_on = [&](const Seen& s) {
    return before != nullptr && in_effect(*before, s.value, s.float32);
  };
  const auto begin = std::find_if_not(course.seen.begin(), course.seen.end(), goes_on);
  const auto off = std::find_if(begin, course.seen.end(), [](const Seen& s) { return !s.matches; });
  if (off == course.seen.end()) return std::nullopt;
  return Fault{iteration, "drifted", course.name,
               fmt::format("{} was in effect with no apply, then {} again, as the file says",
                           text(off->value), text(course.expected))};
}

// Some reports show the expected value and some do not: it came late, or it did not stay. Nothing where that
// is only the end of an old fault.
std::optional<Fault> mixed(const Course& course, std::int64_t iteration) {
  const Seen& first = course.seen.front();
  const Seen& last = course.seen.back();
  const auto on =
      std::find_if(course.seen.begin(), course.seen.end(), [](const Seen& s) { return s.matches; });
  const auto off = std::find_if(on, course.seen.end(), [](const Seen& s) { return !s.matches; });
  if (off == course.seen.end()) {  // it came, and stayed
    if (!course.changed && !course.awaited()) return returned(course, iteration);
    return Fault{iteration, "late", course.name,
                 fmt::format("{} came into effect only after the settle time; {} until then",
                             text(course.expected), text(first.value))};
  }
  const Seen& strayed = last.matches ? *off : last;
  const char* kind = strayed.old ? "rolled_back" : "drifted";
  return Fault{iteration, kind, course.name,
               fmt::format("{} was in effect, then {}{}", text(course.expected), text(strayed.value),
                           last.matches ? ", then the first again" : "")};
}

// No report shows the expected value. `half`: another parameter of the same apply is in effect. Nothing where
// the fault is an old one that goes on.
std::optional<Fault> never(const Course& course, std::int64_t iteration, bool half) {
  const std::string shown = text(course.seen.back().value);
  const std::string wanted = text(course.expected);
  if (!course.changed) {
    if (course.effective_before == nullptr)
      return Fault{iteration, "drifted", course.name,
                   fmt::format("{} is in effect where the file says {}", shown, wanted)};
    if (course.stayed() && !in_effect(course.expected, *course.effective_before, false)) return std::nullopt;
    return Fault{iteration, "drifted", course.name,
                 fmt::format("went from {} to {} with no apply; the file says {}",
                             text(*course.effective_before), shown, wanted)};
  }
  const bool stayed = course.stayed();
  if (!stayed && course.one_behind())
    return Fault{iteration, "late", course.name,
                 fmt::format("{} is in effect one apply late; the file says {}", shown, wanted)};
  const bool old = std::all_of(course.seen.begin(), course.seen.end(), [](const Seen& s) { return s.old; });
  if (stayed || old) {
    return Fault{iteration, half ? "half_applied" : "ignored", course.name,
                 fmt::format("{} was applied{}, {} {} in effect", wanted, half ? " with others" : "", shown,
                             stayed ? "stayed" : "is")};
  }
  return Fault{iteration, "wrong_value", course.name,
               fmt::format("{} was applied, {} is in effect", wanted, shown)};
}

void find_value_faults(const DeliveryView& view, const std::vector<Course>& courses,
                       std::vector<Fault>& faults) {
  const bool some_delivered =
      std::any_of(courses.begin(), courses.end(), [](const Course& c) { return c.changed && c.delivered(); });
  for (const Course& course : courses) {
    std::optional<Fault> fault;
    if (course.none_match()) {
      fault = never(course, view.iteration, some_delivered);
    } else if (!course.all_match()) {
      fault = mixed(course, view.iteration);
    } else if (course.awaited()) {
      fault = Fault{view.iteration, "late", course.name,
                    fmt::format("{} came into effect an iteration late", text(course.expected))};
    }
    if (fault) faults.push_back(std::move(*fault));
  }
}

// The instance that a report says it is from; empty where it says none.
std::string instance_of(const SeenReport& report) {
  if (!report.report.is_object()) return {};
  const auto effective = report.report.find("effective");
  if (effective == report.report.end() || !effective->is_object()) return {};
  const auto id = effective->find("instance_id");
  return id != effective->end() && id->is_string() ? id->get<std::string>() : std::string();
}

// Returns the first report of another instance, or nullptr.
const SeenReport* find_restarts(const DeliveryView& view, std::vector<Fault>& faults) {
  const SeenReport* first = nullptr;
  std::string known = view.instance_id_before;
  std::set<std::string> met = {known};
  for (const SeenReport& report : view.reports) {
    const std::string now = instance_of(report);
    if (now.empty()) continue;
    const bool is_new = met.insert(now).second;  // two that take turns are one new one
    if (!known.empty() && is_new) {
      faults.push_back(
          {view.iteration, "restarted", "", fmt::format("instance {} took the place of {}", now, known)});
      if (first == nullptr) first = &report;
    }
    known = now;
  }
  return first;
}

void find_hollow_values(const DeliveryView& view, const std::vector<Observation>& observations,
                        const Registry& registry, std::vector<Fault>& faults) {
  std::set<std::string> convicted;
  for (const SeenReport& report : view.reports) {
    if (!report.settled || !report.report.is_object() || !report.report.contains("evidence")) continue;
    const auto observation = std::find_if(observations.begin(), observations.end(),
                                          [&](const Observation& o) { return o.report == &report; });
    const bool observed = observation != observations.end();
    for (const Parameter& parameter : registry.all()) {
      const Json* value = observed ? find(observation->effective.params, parameter.name) : nullptr;
      if (value == nullptr) value = find(view.expected, parameter.name);
      if (value == nullptr || convicted.contains(parameter.name)) continue;
      const auto why = contradicting_evidence(report.report, parameter.name, *value,
                                              observed && observation->effective.float32);
      if (!why) continue;
      convicted.insert(parameter.name);
      faults.push_back({view.iteration, "no_effect", parameter.name, *why});
    }
  }
}

// Only where the values are right: an old value with an old hash is one fault, not two.
void find_wrong_hash(const DeliveryView& view, const std::vector<Observation>& observations,
                     std::vector<Fault>& faults) {
  if (view.runtime_hash.empty()) return;
  for (const Observation& observation : observations) {
    const Effective& effective = observation.effective;
    if (effective.state_hash.empty() || effective.state_hash == view.runtime_hash) continue;
    const bool right = std::all_of(view.expected.begin(), view.expected.end(), [&](const auto& wanted) {
      const Json* value = find(effective.params, wanted.first);
      return value == nullptr || in_effect(wanted.second, *value, effective.float32);
    });
    if (!right) continue;
    faults.push_back({view.iteration, "wrong_hash", "",
                      fmt::format("the target says state hash {:.12}, the file it was given has {:.12}",
                                  effective.state_hash, view.runtime_hash)});
    return;
  }
}

}  // namespace

bool in_effect(const Json& wanted, const Json& observed, bool float32) {
  if (!wanted.is_number() || !observed.is_number()) return same_value(wanted, observed);
  const double a = wanted.get<double>();
  const double b = observed.get<double>();
  return std::abs(a - b) <= tolerance_at(a, float32);
}

std::optional<std::string> contradicting_evidence(const Json& report, const std::string& name,
                                                  const Json& value, bool float32) {
  if (!report.is_object() || !value.is_number()) return std::nullopt;
  const auto evidence = report.find("evidence");
  if (evidence == report.end() || !evidence->is_object()) return std::nullopt;
  const auto bounds = evidence->find(name);
  if (bounds == evidence->end() || !bounds->is_object()) return std::nullopt;
  const double effective = value.get<double>();
  const double slack = std::max(tolerance_at(effective, float32), std::abs(effective) * kTolerance);
  for (const auto& [bound, measured] : bounds->items()) {
    if (!measured.is_number()) continue;
    const double number = measured.get<double>();
    const bool contradicts = (bound == "at_least" && number < effective - slack) ||
                             (bound == "at_most" && number > effective + slack) ||
                             (bound == "equals" && std::abs(number - effective) > slack);
    if (contradicts)
      return fmt::format("{} is said to be in effect, but {} was measured ({})", text(value), text(measured),
                         bound);
  }
  return std::nullopt;
}

std::size_t kind_rank(std::string_view kind) {
  return static_cast<std::size_t>(std::find(kFaultKinds.begin(), kFaultKinds.end(), kind) -
                                  kFaultKinds.begin());
}

std::vector<Fault> find_faults(const DeliveryView& view, const Registry& registry) {
  std::vector<Fault> faults;
  const std::vector<Observation> observations = observations_of(view, registry);
  const SeenReport* restart = find_restarts(view, faults);
  std::vector<Observation> of_one_instance = observations;
  if (restart != nullptr)
    std::erase_if(of_one_instance, [&](const Observation& o) { return o.report >= restart; });
  find_value_faults(view, courses_of(view, of_one_instance), faults);
  if (view.reports.empty() && !view.target_ended)
    faults.push_back({view.iteration, "stale_report", "", "the target gave no new report in this iteration"});
  find_hollow_values(view, observations, registry, faults);
  find_wrong_hash(view, of_one_instance, faults);
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) {
    return std::pair(kind_rank(a.kind), std::string_view(a.parameter)) <
           std::pair(kind_rank(b.kind), std::string_view(b.parameter));
  });
  return faults;
}

}  // namespace soak::verify
