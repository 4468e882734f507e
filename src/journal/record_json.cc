#include "journal/record_json.h"

#include <cmath>
#include <string_view>
#include <utility>

namespace soak::journal {
namespace {

// Takes members out of one JSON object; remembers the first that is missing or of the wrong type.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) problem_ = where_ + " is not an object";
  }

  template <class T>
  void take(const char* name, T& into) {
    if (const Json* member = find(name)) read(name, *member, into);
  }
  const Json* find(const char* name) {
    if (!problem_.empty()) return nullptr;
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    note(name, "is missing");
    return nullptr;
  }
  void note(const char* name, const char* what) {
    if (problem_.empty()) problem_ = where_ + "." + name + " " + what;
  }
  const std::string& problem() const { return problem_; }

 private:
  void read(const char* name, const Json& value, std::string& into) {
    value.is_string() ? void(into = value.get<std::string>()) : note(name, "is not text");
  }
  void read(const char* name, const Json& value, bool& into) {
    value.is_boolean() ? void(into = value.get<bool>()) : note(name, "is not a boolean");
  }
  void read(const char* name, const Json& value, std::int64_t& into) {
    value.is_number_integer() ? void(into = value.get<std::int64_t>()) : note(name, "is not an integer");
  }
  void read(const char* name, const Json& value, std::vector<std::string>& into) {
    if (!value.is_array()) return note(name, "is not a list");
    for (const Json& item : value) {
      if (!item.is_string()) return note(name, "holds something that is not text");
      into.push_back(item.get<std::string>());
    }
  }
  void read(const char* name, const Json& value, ParamValues& into) {
    if (!value.is_object()) return note(name, "is not an object");
    for (const auto& [key, item] : value.items()) into[key] = item;
  }

  const Json& object_;
  std::string where_;
  std::string problem_;
};

constexpr const char* kSummaryTexts[] = {"runtime_utc", "state_hash", "maker_taker_source"};

bool is_summary_text(std::string_view name) {
  for (const char* text : kSummaryTexts) {
    if (name == text) return true;
  }
  return false;
}

Json summary_to_json(const Summary& summary) {
  Json json = Json::object();
  for (const auto& [name, value] : summary.kpis) json[name] = value;
  json["runtime_utc"] = summary.runtime_utc;
  json["state_hash"] = summary.state_hash;
  json["maker_taker_source"] = summary.maker_taker_source;
  return json;
}

Json tuning_to_json(const Tuning& tuning) {
  Json json = guards_to_json(tuning.guards);
  if (tuning.origin != kOriginTuner) json["origin"] = tuning.origin;
  json["proposed_deltas"] = tuning.proposed_deltas;
  json["deltas"] = tuning.proposed_deltas;
  json["applied"] = tuning.applied;
  json["skip_reason"] = skip_reason_to_json(tuning.skip_reason);
  json["changed_keys"] = tuning.changed_keys;
  json["state_hash"] = tuning.state_hash;
  json["old_hash"] = tuning.old_hash;
  json["rationale"] = tuning.rationale;
  json["conditions"] = tuning.conditions;
  json["neg_edge_drivers"] = tuning.neg_edge_drivers;
  return json;
}

tl::unexpected<Error> wrong(const std::string& problem) {
  return fail(ErrorCode::kInvalidValue, problem);
}

Result<Summary> summary_from_json(const Json& json) {
  Summary summary;
  Members members(json, "summary");
  members.take("runtime_utc", summary.runtime_utc);
  members.take("state_hash", summary.state_hash);
  members.take("maker_taker_source", summary.maker_taker_source);
  if (!members.problem().empty()) return wrong(members.problem());
  for (const auto& [name, value] : json.items()) {
    if (is_summary_text(name)) continue;
    if (!value.is_number()) return wrong("summary." + name + " is not a number");
    summary.kpis[name] = value.get<double>();
  }
  return summary;
}

Result<std::optional<SkipReason>> skip_reason_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  SkipReason reason;
  Members members(json, "tuning.skip_reason");
  members.take("cooldown", reason.cooldown);
  members.take("velocity", reason.velocity);
  members.take("oscillation", reason.oscillation);
  members.take("freeze", reason.freeze);
  members.take("no_op", reason.no_op);
  members.take("note", reason.note);
  if (!members.problem().empty()) return wrong(members.problem());
  return reason;
}

Result<Tuning> tuning_from_json(const Json& json) {
  Tuning tuning;
  Members members(json, "tuning");
  if (json.contains("origin")) members.take("origin", tuning.origin);
  members.take("proposed_deltas", tuning.proposed_deltas);
  members.take("applied", tuning.applied);
  members.take("changed_keys", tuning.changed_keys);
  members.take("state_hash", tuning.state_hash);
  members.take("old_hash", tuning.old_hash);
  members.take("rationale", tuning.rationale);
  members.take("conditions", tuning.conditions);
  members.take("neg_edge_drivers", tuning.neg_edge_drivers);
  members.take("freeze_triggered", tuning.guards.freeze_triggered);
  members.take("oscillation_detected", tuning.guards.oscillation_detected);
  members.take("velocity_violation", tuning.guards.velocity_violation);
  members.take("cooldown_active", tuning.guards.cooldown_active);
  const Json* left = members.find("cooldown_iters_left");
  const Json* reason = members.find("skip_reason");
  if (left != nullptr && !left->is_null()) {
    left->is_number_integer() ? void(tuning.guards.cooldown_iters_left = left->get<int>())
                              : members.note("cooldown_iters_left", "is not an integer");
  }
  if (!members.problem().empty()) return wrong(members.problem());
  auto skip_reason = skip_reason_from_json(*reason);
  if (!skip_reason) return tl::unexpected(skip_reason.error());
  tuning.skip_reason = std::move(*skip_reason);
  return tuning;
}

Result<TargetFacts> target_from_json(const Json& json) {
  TargetFacts facts;
  Members members(json, "target");
  members.take("instance_id", facts.instance_id);
  members.take("effective_hash", facts.effective_hash);
  if (json.contains("precision")) members.take("precision", facts.precision);
  const Json* faults = members.find("faults");
  if (faults != nullptr && !faults->is_array()) members.note("faults", "is not a list");
  if (!members.problem().empty()) return wrong(members.problem());
  auto list = faults_from_json(*faults);
  if (!list) return tl::unexpected(list.error());
  facts.faults = std::move(*list);
  return facts;
}

}  // namespace

Json skip_reason_to_json(const std::optional<SkipReason>& reason) {
  if (!reason) return nullptr;
  return {
      {"cooldown", reason->cooldown}, {"velocity", reason->velocity}, {"oscillation", reason->oscillation},
      {"freeze", reason->freeze},     {"no_op", reason->no_op},       {"note", reason->note}};
}

Json guards_to_json(const GuardFlags& flags) {
  Json left = nullptr;
  if (flags.cooldown_iters_left) left = *flags.cooldown_iters_left;
  return {{"freeze_triggered", flags.freeze_triggered},
          {"oscillation_detected", flags.oscillation_detected},
          {"velocity_violation", flags.velocity_violation},
          {"cooldown_active", flags.cooldown_active},
          {"cooldown_iters_left", left}};
}

Json faults_to_json(const std::vector<Fault>& faults) {
  Json list = Json::array();
  for (const Fault& fault : faults) {
    list.push_back({{"iteration", fault.iteration},
                    {"kind", fault.kind},
                    {"parameter", fault.parameter},
                    {"detail", fault.detail}});
  }
  return list;
}

Result<std::vector<Fault>> faults_from_json(const Json& list) {
  if (!list.is_array()) return wrong("faults is not a list");
  std::vector<Fault> faults;
  for (const Json& item : list) {
    Fault fault;
    Members members(item, "faults[]");
    members.take("iteration", fault.iteration);
    members.take("kind", fault.kind);
    members.take("parameter", fault.parameter);
    members.take("detail", fault.detail);
    if (!members.problem().empty()) return wrong(members.problem());
    faults.push_back(std::move(fault));
  }
  return faults;
}

Json iteration_to_json(const IterationRecord& record) {
  Json target = {{"instance_id", record.target.instance_id},
                 {"effective_hash", record.target.effective_hash},
                 {"faults", faults_to_json(record.target.faults)}};
  if (!record.target.precision.empty()) target["precision"] = record.target.precision;
  return {{"iteration", record.iteration},
          {"summary", summary_to_json(record.summary)},
          {"tuning", tuning_to_json(record.tuning)},
          {"runtime_overrides", record.runtime_overrides},
          {"target", target},
          {"kpi_verdict", record.kpi_verdict}};
}

Result<IterationRecord> iteration_from_json(const Json& body) {
  IterationRecord record;
  Members members(body, "iteration");
  members.take("iteration", record.iteration);
  members.take("kpi_verdict", record.kpi_verdict);
  const Json* summary = members.find("summary");
  const Json* tuning = members.find("tuning");
  const Json* runtime = members.find("runtime_overrides");
  const Json* target = members.find("target");
  if (!members.problem().empty()) return wrong(members.problem());
  auto read_summary = summary_from_json(*summary);
  if (!read_summary) return tl::unexpected(read_summary.error());
  auto read_tuning = tuning_from_json(*tuning);
  if (!read_tuning) return tl::unexpected(read_tuning.error());
  auto read_target = target_from_json(*target);
  if (!read_target) return tl::unexpected(read_target.error());
  record.summary = std::move(*read_summary);
  record.tuning = std::move(*read_tuning);
  record.target = std::move(*read_target);
  record.runtime_overrides = *runtime;
  return record;
}

Json report_to_json(const SeenReport& report) {
  return {{"iteration", report.iteration},
          {"seq", report.seq},
          {"seen_utc", report.seen_utc},
          {"settled", report.settled},
          {"report", report.report}};
}

Result<SeenReport> report_from_json(const Json& body) {
  SeenReport report;
  Members members(body, "report");
  members.take("iteration", report.iteration);
  members.take("seq", report.seq);
  members.take("seen_utc", report.seen_utc);
  members.take("settled", report.settled);
  const Json* content = members.find("report");
  if (!members.problem().empty()) return wrong(members.problem());
  report.report = *content;
  return report;
}

// What is not there by default is not written: a run on a simulated clock has none of it.
Json observed_to_json(const Observed& observed) {
  Json json = {{"iteration", observed.iteration},
               {"reports", observed.reports},
               {"ended", observed.ended},
               {"faults", faults_to_json(observed.faults)}};
  if (observed.discarded > 0) json["discarded"] = observed.discarded;
  if (observed.dropped > 0) json["dropped"] = observed.dropped;
  if (observed.started) json["started"] = true;
  if (!observed.end_utc.empty()) json["end_utc"] = observed.end_utc;
  for (const FileEdit& edit : observed.edits)
    json["edits"].push_back({{"seen_utc", edit.seen_utc}, {"state_hash", edit.state_hash}});
  return json;
}

Result<Observed> observed_from_json(const Json& body) {
  Observed observed;
  Members members(body, "observed");
  members.take("iteration", observed.iteration);
  members.take("reports", observed.reports);
  members.take("ended", observed.ended);
  const Json* faults = members.find("faults");
  if (!members.problem().empty()) return wrong(members.problem());
  if (body.contains("discarded")) members.take("discarded", observed.discarded);
  if (body.contains("dropped")) members.take("dropped", observed.dropped);
  if (body.contains("started")) members.take("started", observed.started);
  if (body.contains("end_utc")) members.take("end_utc", observed.end_utc);
  for (const Json& item : body.value("edits", Json::array())) {
    Members edit(item, "observed.edits[]");
    FileEdit& added = observed.edits.emplace_back();
    edit.take("seen_utc", added.seen_utc);
    edit.take("state_hash", added.state_hash);
    if (!edit.problem().empty()) return wrong(edit.problem());
  }
  if (!members.problem().empty()) return wrong(members.problem());
  auto list = faults_from_json(*faults);
  if (!list) return tl::unexpected(list.error());
  observed.faults = std::move(*list);
  return observed;
}

Json header_to_json(const RunHeader& header) {
  return {{"run_id", header.run_id},           {"iterations", header.iterations},
          {"started_utc", header.started_utc}, {"soak_version", header.soak_version},
          {"kpi_profile", header.kpi_profile}, {"options", header.options}};
}

Result<RunHeader> header_from_json(const Json& body) {
  RunHeader header;
  Members members(body, "run_header");
  members.take("run_id", header.run_id);
  members.take("iterations", header.iterations);
  members.take("started_utc", header.started_utc);
  members.take("soak_version", header.soak_version);
  members.take("kpi_profile", header.kpi_profile);
  const Json* options = members.find("options");
  if (!members.problem().empty()) return wrong(members.problem());
  header.options = *options;
  return header;
}

}  // namespace soak::journal
