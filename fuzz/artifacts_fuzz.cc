// A run's folder with whatever stands in it, ours or the old tool's: read, verified, judged, written into
// every report, and mended. The input: files, each behind a line "=== NAME"; a journal as journal_lines.h has
// it.

#include <algorithm>
#include <string>

#include "analyze/reports.h"
#include "export/export.h"
#include "fuzz/journal_lines.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "gate/gate.h"
#include "journal/journal.h"
#include "loop/fsck.h"
#include "verify/ledger.h"

namespace soak::fuzz {
namespace {

constexpr std::size_t kFilesMax = 12;

bool is_file_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; };
  return !name.empty() && name.size() < 64 && name[0] != '.' && std::all_of(name.begin(), name.end(), fits);
}

void put_files(std::string_view bytes) {
  constexpr std::string_view kMark = "=== ";
  for (std::size_t files = 0; files < kFilesMax && bytes.starts_with(kMark); ++files) {
    const std::size_t line = std::min(bytes.find('\n'), bytes.size() - 1);
    const std::string_view name = bytes.substr(kMark.size(), line - std::min(line, kMark.size()));
    bytes.remove_prefix(line + 1);
    const std::size_t next = bytes.starts_with(kMark) ? 0 : bytes.find("\n=== ");
    const std::size_t end = next == 0 ? 0 : std::min(next, bytes.size() - 1) + 1;
    if (is_file_name(name)) {
      const std::string_view content = bytes.substr(0, bytes.empty() ? 0 : end);
      put_file(name, name == journal::kJournalName ? sealed_journal(content) : std::string(content));
    }
    bytes.remove_prefix(std::min(end, bytes.size()));
  }
}

void require_text(const std::string& text) {
  require(!text.empty(), "a report says something");
  require_recordable(Json(text), 0);
}

// All that is made of artifacts that were taken: whatever they say, it is text that can be read, and numbers
// that are finite.
void require_sound_judgement(const journal::RunArtifacts& run) {
  const Registry& registry = Registry::builtin();
  const analyze::Profile& profile = analyze::market_maker_profile();
  const auto verified = verify::verify_run(run, registry);
  require(
      verified.proposed_count == verified.full_apply_count + verified.partial_ok_count + verified.fail_count,
      "a proposal has one class");
  require(verified.full_apply_ratio >= 0 && verified.full_apply_ratio <= 1, "a ratio lies between 0 and 1");
  for (const bool strict : {false, true})
    require(!verify::judge(verified, strict).reason.empty(), "a reason");
  const auto snapshot = analyze::take_snapshot(run, profile);
  require_recordable(analyze::to_json(snapshot), 8);
  const auto judged = gate::judge(run, profile, snapshot, &verified, {});
  require_recordable(gate::to_json(judged, snapshot, &verified), JsonLimits{}.depth_max);
  require(judged.passed() || !judged.reasons.empty(), "a gate that fails says why");
  for (const auto& entry : verify::ledger_of(run, verified, registry)) require_text(verify::to_line(entry));
  require_text(analyze::audit_markdown(run, profile, registry));
  require_text(analyze::failures_markdown(run, profile, registry));
  require_text(analyze::recommendations_markdown(run, profile, registry));
  require_text(exporting::prometheus_text(snapshot, &verified));
  require_text(exporting::junit_xml(judged, &verified));
  require_text(exporting::gate_markdown(judged, snapshot));
  require_text(exporting::delivery_markdown(verified));
}

void require_repair() {
  const auto found = loop::fsck(place(), false);
  if (!found) return require_readable(found.error());
  require_recordable(loop::to_json(*found), 8);
  const auto repaired = loop::fsck(place(), true);
  if (!repaired) return require_readable(repaired.error());
  const auto again = loop::fsck(place(), false);
  require(again.has_value(), "a folder that was mended can be looked at again");
  for (const loop::Finding& finding : again->findings)
    require(!finding.repairable, "what can be mended was mended: " + finding.file + " " + finding.problem);
}

}  // namespace

bool try_input(std::string_view bytes) {
  clear_place();
  put_files(bytes);
  const auto run = journal::read_run(place(), Registry::builtin());
  if (run) {
    require_sound_judgement(*run);
  } else {
    require_refusal(run.error(), {ErrorCode::kNotFound, ErrorCode::kInvalidJson, ErrorCode::kInvalidValue,
                                  ErrorCode::kCorrupt, ErrorCode::kUnsupported, ErrorCode::kLimitExceeded});
    require(run.error().file.starts_with(place()), "a refusal names the file");
  }
  require_repair();
  return run.has_value();
}

}  // namespace soak::fuzz
