#include "serve/judgement.h"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>

#include "journal/artifacts.h"
#include "journal/journal.h"

namespace soak::serve {
namespace {

constexpr std::size_t kTrimFromIterations = 1000;

bool too_large(const std::string& folder) {
  struct stat status {};
  const std::string path = folder + "/" + journal::kJournalName;
  return ::stat(path.c_str(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) > kJudgedBytesMax;
}

void judge_into(Judgement& judgement, journal::RunArtifacts& run, const analyze::Profile& profile,
                const Registry& registry) {
  judgement.snapshot = analyze::take_snapshot(run, profile);
  judgement.verified = verify::verify_run(run, registry);
  judgement.gate = gate::judge(run, profile, judgement.snapshot, &judgement.verified);
  judgement.ledger = verify::ledger_of(run, judgement.verified, registry);
  judgement.proven = std::count_if(judgement.ledger.begin(), judgement.ledger.end(),
                                   [](const auto& entry) { return entry.stage == verify::Stage::kProven; });
  auto& ledger = judgement.ledger;
  if (ledger.size() > kLedgerEntriesMax) {
    judgement.notes.push_back("the ledger is long: its newest entries are shown");
    ledger.erase(ledger.begin(), ledger.end() - static_cast<std::ptrdiff_t>(kLedgerEntriesMax));
    ledger.shrink_to_fit();
  }
  judgement.verified.deliveries = {};
  judgement.verified.failures = {};
  judgement.notes.insert(judgement.notes.end(), run.notes.begin(), run.notes.end());
}

}  // namespace

Judgement judge_run_folder(const std::string& folder, const analyze::Profile& profile,
                           const Registry& registry, bool in_progress) {
  const auto start = std::chrono::steady_clock::now();
  Judgement judgement;
  if (too_large(folder)) {
    judgement.error =
        Error{ErrorCode::kLimitExceeded, "is too long to be judged here; soak gate judges it", folder, {}};
    return judgement;
  }
  bool large = false;
  {
    auto run = journal::read_run(folder, registry);
    if (!run) {
      judgement.error = run.error();
    } else if (run->iterations.empty() && !run->header) {
      judgement.error = Error{ErrorCode::kNotFound, "holds no iteration to judge", folder, {}};
    } else {
      large = run->iterations.size() >= kTrimFromIterations;
      run->in_progress = in_progress;
      judge_into(judgement, *run, profile, registry);
    }
  }
  if (large) ::malloc_trim(0);  // this thread's peak is not the server's size
  judgement.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return judgement;
}

}  // namespace soak::serve
