#include "journal/write_artifacts.h"

#include <utility>

#include "base/file.h"
#include "base/streamed_file.h"
#include "journal/journal.h"
#include "journal/record_json.h"

namespace soak::journal {

std::string iteration_summary_name(std::int64_t iteration) {
  return "ITER_SUMMARY_" + std::to_string(iteration) + ".json";
}

Json iteration_summary(const IterationRecord& record) {
  Json json = iteration_to_json(record);
  json.erase("kpi_verdict");  // stands in TUNING_REPORT and KPI_GATE
  json["schema_version"] = kSchemaVersion;
  return json;
}

Json tuning_report_entry(const IterationRecord& record) {
  Json entry = guards_to_json(record.tuning.guards);
  entry["iteration"] = record.iteration;
  if (record.tuning.origin != kOriginTuner) entry["origin"] = record.tuning.origin;
  entry["proposed_deltas"] = record.tuning.proposed_deltas;
  entry["suggested_deltas"] = record.tuning.proposed_deltas;
  entry["applied"] = record.tuning.applied;
  entry["skip_reason"] = skip_reason_to_json(record.tuning.skip_reason);
  entry["changed_keys"] = record.tuning.changed_keys;
  entry["signature"] = record.summary.state_hash;
  entry["state_hash"] = record.tuning.state_hash;
  const auto net = record.summary.kpis.find("net_bps");
  entry["net_bps"] = net == record.summary.kpis.end() ? Json(nullptr) : Json(net->second);
  entry["kpi_verdict"] = record.kpi_verdict;
  entry["neg_edge_drivers"] = record.tuning.neg_edge_drivers;
  entry["rationale"] = record.tuning.rationale;
  return entry;
}

void TuningCounts::add(const IterationRecord& record) {
  ++count;
  if (record.tuning.applied) ++applied;
  if (!record.tuning.skip_reason) return;
  if (record.tuning.skip_reason->oscillation) ++blocked_oscillation;
  if (record.tuning.skip_reason->velocity) ++blocked_velocity;
  if (record.tuning.skip_reason->cooldown) ++cooldown_skips;
}

Json TuningCounts::to_json() const {
  return {{"count", count},
          {"applied", applied},
          {"blocked_oscillation", blocked_oscillation},
          {"blocked_velocity", blocked_velocity},
          {"cooldown_skips", cooldown_skips}};
}

namespace {

constexpr std::size_t kPieceBytes = 1 << 16;  // of a file that is written as a stream

Result<void> write_if_different(const std::string& path, const std::string& bytes) {
  const auto present = base::read_file(path, kTuningReportBytesMax);
  const bool same = present && *present == bytes && !base::is_link(path);  // what a link leads to may change
  if (same) return {};
  return base::write_file_atomic_not_durable(path, bytes);
}

}  // namespace

std::string artifact_bytes(Json value) {
  value["schema_version"] = kSchemaVersion;
  return canonical_json(value) + "\n";
}

Result<void> write_artifact(const std::string& folder, const std::string& name, Json value) {
  return write_if_different(folder + "/" + name, artifact_bytes(std::move(value)));
}

Json last_good(const Json& runtime) {
  return {{"runtime", runtime}, {"state_hash", compute_json_hash(runtime)}};
}

Result<void> write_iteration_summary(const std::string& folder, const IterationRecord& record) {
  return write_artifact(folder, iteration_summary_name(record.iteration), iteration_summary(record));
}

std::int64_t summaries_kept(const Json& options) {
  const Json kept = options.is_object() ? options.value("keep_summaries", Json()) : Json();
  if (!kept.is_number_integer()) return kSummariesKept;
  const auto count = kept.get<std::int64_t>();
  return 1 <= count && count <= kSummariesKeptMax ? count : kSummariesKept;
}

Result<void> each_iteration(const std::string& folder,
                            const std::function<Result<void>(const IterationRecord&)>& take) {
  auto reader = JournalReader::open(folder + "/" + kJournalName);
  if (!reader) return tl::unexpected(reader.error());
  for (;;) {
    auto found = reader->next_of(RecordType::kIteration);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return {};
    const auto record = iteration_from_json((*found)->body);
    if (!record)
      return fail(ErrorCode::kCorrupt,
                  "line " + std::to_string((*found)->line) + ": " + record.error().message,
                  folder + "/" + kJournalName);
    if (auto taken = take(*record); !taken) return taken;
  }
}

namespace {

Result<void> put_tuning_report(const std::string& folder, const base::Put& put) {
  TuningCounts counts;
  std::string text = "{\"iterations\":[";
  auto each = each_iteration(folder, [&](const IterationRecord& record) -> Result<void> {
    if (counts.count > 0) text += ",";
    text += canonical_json(tuning_report_entry(record));
    counts.add(record);
    if (text.size() < kPieceBytes) return {};
    return put(std::exchange(text, {}));
  });
  if (!each) return each;
  return put(text + "],\"schema_version\":\"" + std::string(kSchemaVersion) +
             "\",\"summary\":" + canonical_json(counts.to_json()) + "}\n");
}

base::Produce tuning_report(const std::string& folder) {
  return [&folder](const base::Put& put) { return put_tuning_report(folder, put); };
}

}  // namespace

Result<bool> tuning_report_is_current(const std::string& folder) {
  return base::file_holds(folder + "/" + kTuningReportName, tuning_report(folder));
}

Result<void> write_tuning_report(const std::string& folder) {
  const auto current = tuning_report_is_current(folder);
  if (current && *current) return {};
  return base::write_streamed_not_durable(folder + "/" + kTuningReportName, tuning_report(folder));
}

}  // namespace soak::journal
