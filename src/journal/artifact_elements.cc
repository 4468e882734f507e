#include "journal/artifact_elements.h"

#include <algorithm>
#include <array>
#include <utility>

namespace soak::journal {
namespace {

Json to_json(dom::element element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: {
      Json object = Json::object();
      for (const auto& [key, value] : as_object(element)) object[std::string(key)] = to_json(value);
      return object;
    }
    case dom::element_type::ARRAY: {
      Json array = Json::array();
      for (const dom::element item : as_array(element)) array.push_back(to_json(item));
      return array;
    }
    case dom::element_type::INT64:
      return element.get_int64().value_unsafe();
    case dom::element_type::UINT64:
      return element.get_uint64().value_unsafe();
    case dom::element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case dom::element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

ParamValues values_of(dom::object object) {
  ParamValues values;
  for (const auto& [key, value] : object) values.insert_or_assign(std::string(key), to_json(value));
  return values;
}

// The reason under one name each in the order of the flags; text in their place is what an old tool wrote for
// people.
SkipReason reason_of_text(std::string_view text) {
  SkipReason reason;
  reason.note = std::string(text);
  reason.freeze = text == "freeze" || text == "freeze guard active";
  reason.oscillation = text == "oscillation" || text == "oscillation detected";
  reason.velocity = text == "velocity" || text == "velocity cap exceeded";
  reason.cooldown = text == "cooldown" || (text.starts_with("cooldown ") && text.ends_with(" iters left"));
  reason.no_op = text == "no_op" || text == "no effective change";
  return reason;
}

std::optional<SkipReason> read_skip_reason(ElementReader& reader, dom::element value) {
  if (value.is_string()) {
    const std::string_view text = value.get_string().value_unsafe();
    return text.empty() ? std::nullopt : std::optional<SkipReason>(reason_of_text(text));
  }
  const auto members = reader.object("skip_reason", value);
  if (!members || members->size() == 0) return std::nullopt;
  SkipReason reason;
  for (const auto& [key, member] : *members) {
    bool* flag = key == "cooldown"      ? &reason.cooldown
                 : key == "velocity"    ? &reason.velocity
                 : key == "oscillation" ? &reason.oscillation
                 : key == "freeze"      ? &reason.freeze
                 : key == "no_op"       ? &reason.no_op
                                        : nullptr;
    if (flag != nullptr) *flag = reader.boolean(key, member).value_or(false);
    if (key == "note") reader.text(key, member, reason.note);
  }
  return reason;
}

bool read_guard(ElementReader& reader, std::string_view key, dom::element value, GuardFlags& guards) {
  bool* flag = key == "freeze_triggered"       ? &guards.freeze_triggered
               : key == "oscillation_detected" ? &guards.oscillation_detected
               : key == "velocity_violation"   ? &guards.velocity_violation
               : key == "cooldown_active"      ? &guards.cooldown_active
                                               : nullptr;
  if (flag != nullptr) {
    *flag = reader.boolean(key, value).value_or(false);
    return true;
  }
  if (key != "cooldown_iters_left") return false;
  const auto left = reader.integer(key, value);
  guards.cooldown_iters_left = left && *left >= 0 && *left <= 1'000'000'000
                                   ? std::optional<int>(static_cast<int>(*left))
                                   : std::nullopt;
  return true;
}

// Members that are text or lists of text; false for any other. What is only for people may have any form in
// an old artifact.
bool read_told(ElementReader& reader, std::string_view key, dom::element value, TuningSaid& said) {
  Tuning& tuning = said.tuning;
  if (key == "changed_keys") {
    reader.texts(key, value, tuning.changed_keys);
  } else if (key == "signature") {
    reader.text(key, value, said.signature);
  } else if (key == "state_hash") {
    reader.text(key, value, tuning.state_hash);
  } else if (key == "old_hash") {
    reader.text(key, value, tuning.old_hash);
  } else if (key == "origin" && value.is_string()) {
    reader.text(key, value, tuning.origin);
  } else if (key == "rationale" && value.is_string()) {
    reader.text(key, value, tuning.rationale);
  } else if (key == "conditions" && value.is_array()) {
    reader.texts(key, value, tuning.conditions);
  } else if (key == "neg_edge_drivers" && value.is_array()) {
    reader.texts(key, value, tuning.neg_edge_drivers);
  } else if (key == "kpi_verdict" && value.is_string()) {
    reader.text(key, value, said.kpi_verdict);
  } else {
    return false;
  }
  return true;
}

// KPIs are whatever numbers a summary has: the profile knows their names.
void read_summary_member(ElementReader& reader, std::string_view key, dom::element value, Summary& summary) {
  if (value.is_number()) {
    summary.kpis.insert_or_assign(std::string(key), value.get_double().value_unsafe());
  } else if (key == "runtime_utc") {
    reader.text(key, value, summary.runtime_utc);
  } else if (key == "state_hash") {
    reader.text(key, value, summary.state_hash);
  } else if (key == "maker_taker_source") {
    reader.text(key, value, summary.maker_taker_source);
  }
}

void read_fault(ElementReader& reader, dom::object members, std::vector<Fault>& faults) {
  Fault fault;
  for (const auto& [key, value] : members) {
    if (key == "iteration") fault.iteration = reader.integer(key, value).value_or(0);
    if (key == "kind") reader.text(key, value, fault.kind);
    if (key == "parameter") reader.text(key, value, fault.parameter);
    if (key == "detail") reader.text(key, value, fault.detail);
  }
  faults.push_back(std::move(fault));
}

TargetFacts read_target(ElementReader& reader, dom::object members) {
  TargetFacts target;
  for (const auto& [key, value] : members) {
    if (key == "instance_id") reader.text(key, value, target.instance_id);
    if (key == "effective_hash") reader.text(key, value, target.effective_hash);
    if (key == "precision") reader.text(key, value, target.precision);
    if (key != "faults") continue;
    const auto faults = reader.array(key, value);
    if (!faults) continue;
    for (const dom::element item : *faults) {
      if (const auto fault = reader.object("faults", item)) read_fault(reader, *fault, target.faults);
    }
  }
  return target;
}

bool has_sections(const Json& overrides) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [](const Json& member) { return member.is_object(); });
}

// The three names under which the values in effect have stood, best first.
constexpr std::array<std::string_view, 3> kOverridesNames = {"runtime_overrides", "runtime", "config"};

void take_effective(dom::object overrides, const Registry& registry, IterationFacts& facts) {
  if (overrides.size() == 0) return;
  Json as_found = Json::object();
  for (const auto& [key, value] : overrides) as_found[std::string(key)] = to_json(value);
  facts.effective = flat_params(as_found, registry);
  facts.has_effective = !facts.effective.empty();
  facts.record.runtime_overrides =
      has_sections(as_found) ? std::move(as_found) : nest_params(facts.effective, registry);
}

}  // namespace

void read_tuning(ElementReader& reader, dom::object members, TuningSaid& said) {
  Tuning& tuning = said.tuning;
  int rank = 3;  // of the name that the proposal was found under
  for (const auto& [key, value] : members) {
    const int name = key == "proposed_deltas" ? 0 : key == "suggested_deltas" ? 1 : key == "deltas" ? 2 : 3;
    if (name < 3) {
      if (name > rank) continue;
      const auto deltas = reader.object(key, value);
      if (!deltas) continue;
      tuning.proposed_deltas = values_of(*deltas);
      said.names_proposals = true;
      rank = name;
    } else if (key == "applied") {
      tuning.applied = reader.boolean(key, value).value_or(false);
    } else if (key == "skip_reason") {
      tuning.skip_reason = read_skip_reason(reader, value);
    } else if (!read_told(reader, key, value, said)) {
      read_guard(reader, key, value, tuning.guards);
    }
  }
}

std::optional<std::int64_t> read_summary(ElementReader& reader, dom::object root, const Registry& registry,
                                         IterationFacts& facts) {
  std::optional<std::int64_t> iteration;
  std::optional<dom::object> nested_summary;
  std::array<std::optional<dom::object>, kOverridesNames.size()> overrides;
  TuningSaid said;
  std::string verdict;  // of a journal's record, which has it beside `tuning`
  for (const auto& [key, value] : root) {
    if (key == "iteration") {
      iteration = reader.integer(key, value);
    } else if (key == "kpi_verdict" && value.is_string()) {
      reader.text(key, value, verdict);
    } else if (key == "summary") {
      nested_summary = reader.object(key, value);
    } else if (key == "tuning") {
      said = TuningSaid();
      if (const auto tuning = reader.object(key, value)) read_tuning(reader, *tuning, said);
    } else if (key == "target") {
      facts.record.target = TargetFacts();
      if (const auto target = reader.object(key, value)) facts.record.target = read_target(reader, *target);
    }
    for (std::size_t k = 0; k < kOverridesNames.size(); ++k) {
      if (key == kOverridesNames[k]) overrides[k] = reader.object(key, value);
    }
  }
  for (const auto& [key, value] : nested_summary.value_or(root)) {
    if (nested_summary || (key != "iteration" && key != "schema_version")) {
      read_summary_member(reader, key, value, facts.record.summary);
    }
  }
  for (const auto& candidate : overrides) {
    if (candidate && facts.effective.empty()) take_effective(*candidate, registry, facts);
  }
  facts.has_summary = true;
  facts.summary_has_skip_reason = said.tuning.skip_reason.has_value();
  facts.summary_guards = said.tuning.guards;
  facts.tuning_signature = std::move(said.signature);
  facts.summary_state_hash = said.tuning.state_hash;
  facts.record.kpi_verdict = said.kpi_verdict.empty() ? std::move(verdict) : std::move(said.kpi_verdict);
  facts.record.tuning = std::move(said.tuning);
  return iteration;
}

}  // namespace soak::journal
