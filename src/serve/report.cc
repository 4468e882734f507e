#include "serve/report.h"

#include <filesystem>
#include <utility>

#include "serve/judgement.h"
#include "serve/page.h"
#include "serve/run_json.h"

namespace soak::serve {
namespace {

// A script element ends at "</script", whatever the JSON means by it.
std::string in_script(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char letter : json) out += letter == '<' ? std::string("\\u003c") : std::string(1, letter);
  return out;
}

std::string data_json(const std::string& folder, RunView& view, bool foreign, const Judgement& judgement) {
  const std::string name = std::filesystem::path(folder).filename();
  CatalogRun run{view.header() ? view.header()->run_id : name,
                 folder,
                 foreign ? RunState::kForeign : RunState::kEnded,
                 {}};
  const RunItem item = make_item(run, view, &judgement, judgement.error);
  Query ledger;
  ledger.limit = kReportLedgerMax;
  SeriesRange range;
  range.points_max = kReportPointsMax;
  return "{\"run\":" + run_json(item, view, &judgement) + ",\"series\":" + view.columns().series_json(range) +
         ",\"ledger\":" + ledger_json(&judgement, ledger) + "}";
}

}  // namespace

Result<std::string> report_html(const std::string& folder, const Defaults& defaults) {
  const FolderLook look = look_at(folder, HeldLocks{});
  if (look.problem) return tl::unexpected(*look.problem);
  const bool foreign = !look.exists || look.state == RunState::kForeign;
  RunView view(folder, foreign, defaults);
  do {
    if (auto read = view.refresh(); !read) return tl::unexpected(read.error());
  } while (!view.caught_up());
  if (view.totals().iterations == 0)
    return fail(ErrorCode::kNotFound, "holds no complete iteration yet", folder);
  const Judgement judgement = judge_run_folder(folder, view.profile(), view.registry());
  // A page tells of a run that is damaged or too short; a disk that fails says nothing about the run.
  if (judgement.error &&
      (judgement.error->code == ErrorCode::kIoError || judgement.error->code == ErrorCode::kPermissionDenied))
    return tl::unexpected(*judgement.error);
  auto page = unpacked(report_template_gzip());
  if (!page) return page;
  const std::size_t marker = page->find(kReportMarker);
  if (marker == std::string::npos)
    return fail(ErrorCode::kCorrupt, "the page in this program has no place for data");
  page->replace(marker, kReportMarker.size(), in_script(data_json(folder, view, foreign, judgement)));
  return page;
}

}  // namespace soak::serve
