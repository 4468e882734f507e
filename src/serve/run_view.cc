#include "serve/run_view.h"

#include <sys/stat.h>

#include <utility>

#include "analyze/snapshot.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"

namespace soak::serve {
namespace {

constexpr std::uint64_t kBytesAtOnce = std::uint64_t{64} << 20;

}  // namespace

RunView::RunView(std::string folder, bool foreign, const Defaults& defaults)
    : folder_(std::move(folder)),
      defaults_(defaults),
      profile_(defaults.profile),
      registry_(defaults.registry) {
  journal::JournalListener& self = *this;
  if (!foreign) tail_ = std::make_unique<journal::JournalTail>(folder_ + "/" + journal::kJournalName, self);
}

Result<void> RunView::refresh() {
  const std::int64_t before = last_iteration_;
  if (!tail_) {
    if (auto read = read_foreign(); !read) return read;
  } else {
    const auto more = tail_->read(registry_, kBytesAtOnce);
    if (!more) return tl::unexpected(more.error());
    caught_up_ = !*more;
  }
  struct stat status {};
  const std::string file = folder_ + "/" + (tail_ ? journal::kJournalName : journal::kTuningReportName);
  if (last_iteration_ > 0 && (last_iteration_ != before || !last_iteration_unix_s_) &&
      ::stat(file.c_str(), &status) == 0) {
    last_iteration_unix_s_ =
        static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
  }
  return {};
}

void RunView::on_restart() {
  header_.reset();
  profile_ = defaults_.profile;
  registry_ = defaults_.registry;
  columns_.clear();
  totals_ = {};
  health_ = {};
  last_kpis_.clear();
  last_iteration_ = 0;
  last_iteration_unix_s_.reset();
  first_utc_.clear();
  last_utc_.clear();
  notes_.clear();
}

// A run is shown by the profile and the parameters that it recorded.
Result<void> RunView::on_header(journal::RunHeader header, const Json& body) {
  const auto recorded = [&body](const char* name) {
    const auto found = body.find(name);
    return found == body.end() || found->is_null() ? std::string() : canonical_json(*found);
  };
  if (const std::string text = recorded("profile"); !text.empty() && !defaults_.profile_wins) {
    auto profile = analyze::parse_profile(text, "the journal's profile");
    if (!profile) return tl::unexpected(profile.error());
    profile_ = std::move(*profile);
  }
  if (const std::string text = recorded("registry"); !text.empty()) {
    auto registry = Registry::parse(text, "the journal's registry");
    if (!registry) return tl::unexpected(registry.error());
    registry_ = std::move(*registry);
  }
  header_ = std::move(header);
  return {};
}

void RunView::on_report(const journal::ReportHead& report) {
  ++health_.reports;
  health_.last_seq = report.seq;
  health_.last_report_utc = report.seen_utc;
  if (report.instance_id.empty() || report.instance_id == health_.instance_id) return;
  health_.instance_id = report.instance_id;
  if (health_.instances.size() < kInstancesMax) health_.instances.insert(health_.instance_id);
}

void RunView::on_iteration(journal::IterationFacts facts) {
  add(facts, facts.record.summary.kpis, facts.record.kpi_verdict == "PASS");
}

void RunView::add(const journal::IterationFacts& facts, const journal::Kpis& kpis, bool passed) {
  const journal::IterationRecord& record = facts.record;
  ++totals_.iterations;
  totals_.passed += passed ? 1 : 0;
  if (!record.tuning.proposed_deltas.empty() && record.tuning.origin != journal::kOriginRollback) {
    ++totals_.proposed;  // a rollback is none
    totals_.applied += record.tuning.applied ? 1 : 0;
  }
  totals_.faults += static_cast<std::int64_t>(record.target.faults.size());
  totals_.freeze += record.tuning.guards.freeze_triggered ? 1 : 0;
  totals_.oscillation += record.tuning.guards.oscillation_detected ? 1 : 0;
  totals_.velocity += record.tuning.guards.velocity_violation ? 1 : 0;
  totals_.cooldown += record.tuning.guards.cooldown_active ? 1 : 0;
  for (const journal::Fault& fault : record.target.faults) {
    ++totals_.faults_by_kind[fault.kind];
    health_.faults.push_front(fault);
  }
  while (health_.faults.size() > kFaultsShownMax) health_.faults.pop_back();
  last_kpis_ = kpis;
  last_iteration_ = record.iteration;
  last_utc_ = record.summary.runtime_utc;
  if (totals_.iterations == 1) first_utc_ = last_utc_;
  columns_.add(facts, kpis, passed);
}

Result<void> RunView::read_foreign() {
  auto run = journal::read_run(folder_, registry_);
  if (!run) return tl::unexpected(run.error());
  on_restart();
  const auto judged = analyze::judge_run(*run, profile_);
  for (std::size_t k = 0; k < judged.size(); ++k) add(run->iterations[k], judged[k].kpis, judged[k].passed);
  notes_ = std::move(run->notes);
  caught_up_ = true;
  return {};
}

}  // namespace soak::serve
