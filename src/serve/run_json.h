#pragma once
// The documents of docs/openapi.json about one run and about two. Pure.

#include <soak/json.h>
#include <optional>
#include <string>

#include "serve/judgement.h"
#include "serve/query.h"
#include "serve/run_catalog.h"
#include "serve/run_view.h"

namespace soak::serve {

// `RunItem`. `view` is nullptr where the folder could not be opened; `judgement` where nobody has judged it.
struct RunItem {
  std::string id;
  std::string folder;
  RunState state = RunState::kEnded;
  std::optional<std::string> verdict;
  std::int64_t planned = 0;  // 0: not known
  std::string started_utc, ended_utc;
  std::optional<double> duration_s;
  RunTotals totals;
  std::string target;
  std::string profile;
  std::string error;  // empty: none
};
RunItem make_item(const CatalogRun& run, const RunView& view, const Judgement* judgement,
                  const std::optional<Error>& error);
Json to_json(const RunItem& item);
// Whether `text` (in lower case) stands in id, folder, verdict or target.
bool matches(const RunItem& item, const std::string& text);
// "PASS", "WARN", "FAIL" or "INCONCLUSIVE"; nothing where the run is too long to be judged here.
std::optional<std::string> verdict_of(const Judgement& judgement);

// `Run`.
std::string run_json(const RunItem& item, const RunView& view, const Judgement* judgement);
// `Ledger`. Empty without a judgement.
std::string ledger_json(const Judgement* judgement, const Query& query);

struct ComparedRun {
  const RunItem& item;
  const RunView& view;
};
// `Comparison`. What a KPI is, and which way is good, is told by the baseline's profile; the iterations of
// the longest warm-up of the two profiles are left out of both.
std::string comparison_json(const ComparedRun& a, const ComparedRun& b);

}  // namespace soak::serve
