#pragma once
// One run as the page sees it: what the journal has told so far, kept up to date by reading on from where it
// stopped. A folder without a journal is read whole, again when it has changed. One thread.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "journal/tail.h"
#include "serve/run_columns.h"

namespace soak::serve {

// What a run is judged by where it did not record its own.
struct Defaults {
  Registry registry;
  analyze::Profile profile;
  bool profile_wins = false;  // over a recorded one, too
};

// Counts over all iterations, whatever the columns still hold.
struct RunTotals {
  std::int64_t iterations = 0;
  std::int64_t passed = 0;
  std::int64_t proposed = 0;
  std::int64_t applied = 0;
  std::int64_t faults = 0;  // recorded by the run; a verifier may find more
  std::map<std::string, std::int64_t> faults_by_kind;
  std::int64_t freeze = 0, oscillation = 0, velocity = 0, cooldown = 0;
};

struct TargetHealth {
  std::string instance_id;
  std::set<std::string> instances;  // at most kInstancesMax
  std::string last_report_utc;
  std::optional<std::int64_t> last_seq;
  std::int64_t reports = 0;
  std::deque<journal::Fault> faults;  // newest first, at most kFaultsShownMax
};
inline constexpr std::size_t kInstancesMax = 1000;
inline constexpr std::size_t kFaultsShownMax = 100;

class RunView final : private journal::JournalListener {
 public:
  RunView(std::string folder, bool foreign, const Defaults& defaults);

  // Reads on, at most about 64 MiB. kNotFound and what journal::JournalTail and journal::read_run give.
  Result<void> refresh();
  bool caught_up() const { return caught_up_; }
  bool is_foreign() const { return tail_ == nullptr; }

  const std::optional<journal::RunHeader>& header() const { return header_; }
  const analyze::Profile& profile() const { return profile_; }
  const Registry& registry() const { return registry_; }
  const RunColumns& columns() const { return columns_; }
  const RunTotals& totals() const { return totals_; }
  const TargetHealth& health() const { return health_; }
  const journal::Kpis& last_kpis() const { return last_kpis_; }
  std::int64_t last_iteration() const { return last_iteration_; }
  // The journal's time of change when its last complete iteration was found.
  std::optional<double> last_iteration_unix_s() const { return last_iteration_unix_s_; }
  const std::string& first_utc() const { return first_utc_; }  // ends of iterations
  const std::string& last_utc() const { return last_utc_; }
  const std::vector<std::string>& notes() const { return notes_; }
  std::uint64_t journal_bytes() const { return tail_ ? tail_->offset() : 0; }

 private:
  void on_restart() override;
  Result<void> on_header(journal::RunHeader header, const Json& body) override;
  void on_report(const journal::ReportHead& report) override;
  void on_iteration(journal::IterationFacts facts) override;
  Result<void> read_foreign();
  void add(const journal::IterationFacts& facts, const journal::Kpis& kpis, bool passed);

  const std::string folder_;
  const Defaults& defaults_;
  std::unique_ptr<journal::JournalTail> tail_;  // none: foreign
  bool caught_up_ = false;
  std::optional<journal::RunHeader> header_;
  analyze::Profile profile_;
  Registry registry_;
  RunColumns columns_;
  RunTotals totals_;
  TargetHealth health_;
  journal::Kpis last_kpis_;
  std::int64_t last_iteration_ = 0;
  std::optional<double> last_iteration_unix_s_;
  std::string first_utc_, last_utc_;
  std::vector<std::string> notes_;
};

}  // namespace soak::serve
