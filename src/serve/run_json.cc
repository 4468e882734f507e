#include "serve/run_json.h"

#include <algorithm>

#include "params/type_name.h"
#include "serve/json_text.h"
#include "serve/utc.h"

namespace soak::serve {
namespace {

std::string target_of(const std::optional<journal::RunHeader>& header) {
  if (!header) return "unknown";
  const Json& options = header->options;
  const auto holds = [&options](const char* name) {
    return options.is_object() && options.contains(name) && !options[name].is_null() &&
           options[name] != false;
  };
  return holds("command")  ? "external"
         : holds("scrape") ? "scraped"
         : holds("feed")   ? "recorded"
                           : "simulated";
}

std::string_view direction_name(analyze::Direction direction) {
  return direction == analyze::Direction::kAtMost ? "at_most" : "at_least";
}

std::string unit_of(const analyze::Kpi& kpi) {
  return kpi.is_ratio ? "ratio" : kpi.unit;
}

Json kpis_json(const RunView& view) {
  Json list = Json::array();
  for (const bool judged : {true, false}) {
    for (const analyze::Kpi& kpi : view.profile().kpis) {
      if (kpi.judged != judged) continue;
      list.push_back({{"name", kpi.name},
                      {"unit", unit_of(kpi)},
                      {"direction", direction_name(kpi.direction)},
                      {"threshold", judged ? Json(kpi.threshold) : Json(nullptr)},
                      {"judged", judged},
                      {"veto", kpi.veto}});
    }
  }
  for (const std::string& name : view.columns().kpi_names()) {
    if (analyze::find_kpi(view.profile(), name) != nullptr) continue;
    list.push_back({{"name", name},
                    {"unit", ""},
                    {"direction", "at_most"},
                    {"threshold", nullptr},
                    {"judged", false},
                    {"veto", false}});
  }
  return list;
}

Json parameters_json(const RunView& view) {
  Json list = Json::array();
  for (const std::string& name : view.columns().parameter_names()) {
    const Parameter unknown;
    const Parameter* known = view.registry().find(name);
    const Parameter& parameter = known != nullptr ? *known : unknown;
    list.push_back({{"name", name},
                    {"unit", parameter.unit},
                    {"section", parameter.section},
                    {"min", number_or_null(parameter.min)},
                    {"max", number_or_null(parameter.max)},
                    {"type", param_type_name(parameter.type)}});
  }
  return list;
}

Json gate_json(const gate::GateResult& result) {
  Json checks = Json::array();
  for (const gate::Check& check : result.checks) {
    checks.push_back({{"name", check.name},
                      {"status", gate::check_status_word(check.status)},
                      {"measured", check.measured},
                      {"threshold", check.threshold},
                      {"margin", number_or_null(check.margin)},
                      {"message", check.message}});
  }
  return {{"verdict", gate::gate_verdict_name(result.verdict)},
          {"checks", checks},
          {"reasons", result.reasons},
          {"warnings", result.warnings}};
}

Json delivery_json(const verify::VerifyResult& verified) {
  return {{"full_apply_ratio", verified.full_apply_ratio},
          {"full_apply_count", verified.full_apply_count},
          {"partial_ok_count", verified.partial_ok_count},
          {"fail_count", verified.fail_count},
          {"signature_stuck_count", verified.signature_stuck_count},
          {"proposed_count", verified.proposed_count},
          {"fault_count", verified.faults.size()}};
}

Json fault_json(const journal::Fault& fault) {
  return {{"iteration", fault.iteration},
          {"kind", fault.kind},
          {"parameter", fault.parameter},
          {"detail", fault.detail}};
}

Json health_json(const RunView& view, const Judgement* judged, std::int64_t fault_count) {
  const TargetHealth& health = view.health();
  Json faults = Json::array();
  if (judged == nullptr) {
    for (const journal::Fault& fault : health.faults) faults.push_back(fault_json(fault));
  } else {
    std::vector<journal::Fault> newest = judged->verified.faults;
    std::stable_sort(newest.begin(), newest.end(), [](const journal::Fault& a, const journal::Fault& b) {
      return a.iteration > b.iteration;
    });
    newest.resize(std::min(newest.size(), kFaultsShownMax));
    for (const journal::Fault& fault : newest) faults.push_back(fault_json(fault));
  }
  return {{"instance_id", text_or_null(health.instance_id)},
          {"instances", health.instances.size()},
          {"last_report_utc", text_or_null(health.last_report_utc)},
          {"last_seq", health.last_seq ? Json(*health.last_seq) : Json(nullptr)},
          {"reports", health.reports},
          {"faults", faults},
          {"fault_count", fault_count}};
}

Json notes_json(const RunView& view, const Judgement* judgement) {
  Json notes = Json::array();
  if (!view.caught_up()) notes.push_back("the journal is long and still being read");
  if (view.columns().forgot()) notes.push_back("the run is long: its newest iterations are shown");
  if (judgement != nullptr) {
    if (judgement->error) notes.push_back("cannot be judged: " + judgement->error->message);
    for (const std::string& note : judgement->notes) notes.push_back(note);
  } else {
    for (const std::string& note : view.notes()) notes.push_back(note);
  }
  return notes;
}

Json entry_json(const verify::LedgerEntry& entry) {
  return {{"iteration", entry.iteration},
          {"origin", entry.origin},
          {"parameter", entry.parameter},
          {"before", entry.before},
          {"proposed", entry.proposed},
          {"proposed_utc", entry.proposed_utc},
          {"guard", entry.guard},
          {"applied", entry.applied},
          {"old_hash", entry.old_hash},
          {"state_hash", entry.state_hash},
          {"next", entry.next ? Json(*entry.next) : Json(nullptr)},
          {"effective", entry.effective},
          {"effective_utc", entry.effective_utc},
          {"evidence", entry.evidence},
          {"stage", verify::stage_name(entry.stage)},
          {"why", entry.why}};
}

}  // namespace

std::optional<std::string> verdict_of(const Judgement& judgement) {
  if (!judgement.error) return std::string(gate::gate_verdict_name(judgement.gate.verdict));
  if (judgement.error->code == ErrorCode::kLimitExceeded) return std::nullopt;
  return "INCONCLUSIVE";  // as soak gate, which exits 5
}

RunItem make_item(const CatalogRun& run, const RunView& view, const Judgement* judgement,
                  const std::optional<Error>& error) {
  RunItem item;
  item.id = run.id;
  item.folder = run.folder;
  item.state = run.state;
  item.profile = view.profile().name;
  item.target = target_of(view.header());
  const bool empty = run.state == RunState::kEnded && view.caught_up() && !view.header();
  if (error || empty) {
    item.error = error ? to_line(*error) : run.folder + ": its journal holds no whole record";
    item.verdict =
        run.state == RunState::kRunning ? std::nullopt : std::optional<std::string>("INCONCLUSIVE");
    return item;
  }
  item.totals = view.totals();
  if (view.header()) {
    item.planned = view.header()->iterations;
    item.started_utc = view.header()->started_utc;
  }
  item.ended_utc = view.last_utc();
  const auto from = parse_utc_ms(item.started_utc);
  const auto to = parse_utc_ms(item.ended_utc);
  if (from && to) item.duration_s = static_cast<double>(*to - *from) / 1000;
  if (judgement != nullptr && !judgement->error) {
    item.totals.faults =
        std::max(item.totals.faults, static_cast<std::int64_t>(judgement->verified.faults.size()));
  }
  if (judgement != nullptr && run.state != RunState::kRunning) item.verdict = verdict_of(*judgement);
  return item;
}

Json to_json(const RunItem& item) {
  return {{"id", item.id},
          {"folder", item.folder},
          {"state", run_state_name(item.state)},
          {"verdict", item.verdict ? Json(*item.verdict) : Json(nullptr)},
          {"iterations", item.totals.iterations},
          {"planned", item.planned > 0 ? Json(item.planned) : Json(nullptr)},
          {"started_utc", text_or_null(item.started_utc)},
          {"ended_utc", text_or_null(item.ended_utc)},
          {"duration_s", number_or_null(item.duration_s)},
          {"passed", item.totals.passed},
          {"proposed", item.totals.proposed},
          {"applied", item.totals.applied},
          {"faults", item.totals.faults},
          {"target", item.target},
          {"profile", item.profile},
          {"error", text_or_null(item.error)}};
}

bool matches(const RunItem& item, const std::string& text) {
  if (text.empty()) return true;
  for (const std::string& where : {item.id, item.folder, item.verdict.value_or(""), item.target}) {
    if (ascii_lower(where).find(text) != std::string::npos) return true;
  }
  return false;
}

std::string run_json(const RunItem& item, const RunView& view, const Judgement* judgement) {
  const Judgement* judged = judgement != nullptr && !judgement->error ? judgement : nullptr;
  Json last = Json::object();
  for (const auto& [name, value] : view.last_kpis()) last[name] = number_or_null(value);
  const RunTotals& totals = item.totals;
  const Json run = {{"item", to_json(item)},
                    {"kpis", kpis_json(view)},
                    {"parameters", parameters_json(view)},
                    {"options", view.header() && view.header()->options.is_object() ? view.header()->options
                                                                                    : Json::object()},
                    {"gate", judged != nullptr ? gate_json(judged->gate) : Json(nullptr)},
                    {"delivery", judged != nullptr ? delivery_json(judged->verified) : Json(nullptr)},
                    {"guards",
                     {{"freeze", totals.freeze},
                      {"oscillation", totals.oscillation},
                      {"velocity", totals.velocity},
                      {"cooldown", totals.cooldown}}},
                    {"health", health_json(view, judged, totals.faults)},
                    {"last", last},
                    {"notes", notes_json(view, judgement)}};
  return dumped(run) + "\n";
}

std::string ledger_json(const Judgement* judgement, const Query& query) {
  std::size_t matching = 0;
  std::string entries;
  if (judgement != nullptr) {
    for (auto entry = judgement->ledger.rbegin(); entry != judgement->ledger.rend(); ++entry) {
      if (!query.stage.empty() && verify::stage_name(entry->stage) != query.stage) continue;
      std::string text;
      if (!query.text.empty()) {
        text = dumped(entry_json(*entry));
        if (ascii_lower(text).find(query.text) == std::string::npos) continue;
      }
      const std::size_t place = matching++;
      if (place < query.offset || place >= query.offset + query.limit) continue;
      entries += (entries.empty() ? "" : ",") + (text.empty() ? dumped(entry_json(*entry)) : text);
    }
  }
  return fmt::format("{{\"entries\":[{}],\"total\":{},\"proven\":{}}}\n", entries, matching,
                     judgement != nullptr ? judgement->proven : 0);
}

}  // namespace soak::serve
