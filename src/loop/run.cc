#include "loop/run.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"
#include "loop/delivery.h"
#include "loop/iteration.h"
#include "loop/replay.h"
#include "loop/run_folder.h"
#include "loop/state.h"

namespace soak::loop {
namespace {

using journal::Durability;
using journal::RecordType;

class Run {
 public:
  Run(const RunPlan& plan, const RunTools& tools)
      : plan_(plan), tools_(tools), state_(*plan.registry, *plan.profile) {}

  Result<RunOutcome> run() {
    if (auto opened = open(); !opened) return tl::unexpected(opened.error());
    if (state_.iteration() < plan_.header.iterations && outcome_.end == RunEnd::kFinished) {
      if (auto started = tools_.target->start(); !started) return tl::unexpected(started.error());
    }
    while (state_.iteration() < plan_.header.iterations && outcome_.end == RunEnd::kFinished) {
      if (tools_.stop != nullptr && *tools_.stop != 0) {
        outcome_.end = RunEnd::kInterrupted;
        break;
      }
      if (auto done = one_iteration(); !done) return leave(done.error());
    }
    tools_.target->stop();
    if (auto step = before_step(tools_, "tuning_report"); !step) return tl::unexpected(step.error());
    if (auto written = journal::write_tuning_report(tools_.folder); !written)
      return tl::unexpected(written.error());
    return outcome_;
  }

 private:
  Result<void> open() {
    if (auto step = before_step(tools_, "open"); !step) return step;
    Replay replay(plan_, tools_.folder, state_, outcome_);
    auto journal = journal::Journal::open(tools_.folder + "/" + journal::kJournalName,
                                          [&](const journal::Record& record) { return replay.take(record); });
    if (!journal) return tl::unexpected(journal.error());
    journal_ = std::move(*journal);
    if (!replay.has_header()) {
      state_.start(plan_.start_runtime);
      outcome_.run_id = plan_.header.run_id;
      if (auto step = before_step(tools_, "run_header"); !step) return step;
      if (auto put = journal_->append(RecordType::kRunHeader, header_body(plan_), Durability::kNow); !put)
        return put;
    }
    if (auto made = make_runtime_file(); !made) return made;
    if (!replay.last()) return {};
    if (auto mended = mend_summaries(); !mended) return mended;
    if (auto reason = veto(*replay.last())) end_with(RunEnd::kVetoed, std::move(*reason));
    return write_last_artifacts(*replay.last());
  }

  // Those that a killed run has not written, or not removed any more.
  Result<void> mend_summaries() {
    const std::int64_t oldest = oldest_summary(plan_, state_.iteration());
    auto names = base::list_folder(tools_.folder);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      const auto iteration = summary_iteration(name);
      if (!iteration || *iteration < 1 || *iteration >= oldest) continue;
      if (name != journal::iteration_summary_name(*iteration)) continue;  // not ours
      if (auto removed = base::remove_file(tools_.folder + "/" + name); !removed) return removed;
    }
    return journal::each_iteration(tools_.folder, [&](const journal::IterationRecord& record) {
      return record.iteration < oldest ? Result<void>()
                                       : journal::write_iteration_summary(tools_.folder, record);
    });
  }

  Result<void> write_summary(const journal::IterationRecord& record) {
    if (auto written = journal::write_iteration_summary(tools_.folder, record); !written) return written;
    const std::int64_t beyond = oldest_summary(plan_, record.iteration) - 1;
    if (beyond < 1) return {};
    return base::remove_file(tools_.folder + "/" + journal::iteration_summary_name(beyond));
  }

  void end_with(RunEnd end, std::string reason) {
    outcome_.end = end;
    outcome_.end_reason = std::move(reason);
  }

  // Of the iteration last concluded.
  std::optional<std::string> veto(const journal::IterationRecord& record) const {
    if (!plan_.stop_on_veto) return std::nullopt;
    const auto reason = analyze::veto(
        *plan_.profile, analyze::judge_iteration(*plan_.profile, record.iteration, state_.judged_kpis()));
    if (!reason) return std::nullopt;
    return fmt::format("iteration {}: {}", record.iteration, *reason);
  }

  // A target that fails, and a runtime that is gone, leave the artifacts so far whole; after any other error
  // only the journal is to be trusted.
  tl::unexpected<Error> leave(const Error& error) {
    tools_.target->stop();
    if (error.code == ErrorCode::kTargetFailed || spoilt_runtime(state_.iteration(), error))
      static_cast<void>(journal::write_tuning_report(tools_.folder));
    return tl::unexpected(error);
  }

  // The runtime file comes into being between the header and the first record after it; later it can only
  // have been taken away.
  Result<void> make_runtime_file() {
    if (state_.iteration() > 0 || journal_->unmatched() != nullptr) return {};
    auto loaded = tools_.store->load();
    if (!loaded) return tl::unexpected(loaded.error());
    if (loaded->exists) return {};
    if (auto step = before_step(tools_, "runtime_file"); !step) return step;
    auto created = tools_.store->replace(loaded->version, canonical_json(plan_.start_runtime), {});
    if (!created) return tl::unexpected(created.error());
    return {};
  }

  Result<void> one_iteration() {
    auto result = run_iteration({plan_, tools_, *journal_, state_});
    if (!result) return tl::unexpected(result.error());
    if (result->interrupted) {
      outcome_.end = RunEnd::kInterrupted;
      return {};
    }
    const journal::IterationRecord& record = result->record;
    count_iteration(record, state_.taken_back(), outcome_);
    if (auto step = before_step(tools_, "artifacts"); !step) return step;
    if (auto written = write_summary(record); !written) return written;
    if (auto written = write_last_artifacts(record); !written) return written;
    const bool distance_doubled = (record.iteration & (record.iteration - 1)) == 0;
    if (distance_doubled) {
      if (auto written = journal::write_tuning_report(tools_.folder); !written) return written;
    }
    if (tools_.on_iteration) tools_.on_iteration(record);
    if (result->target_ended) {
      end_with(RunEnd::kTargetEnded, result->end_reason);
    } else if (auto reason = veto(record)) {
      end_with(RunEnd::kVetoed, std::move(*reason));
    }
    return {};
  }

  Result<void> write_last_artifacts(const journal::IterationRecord& record) {
    for (auto& [name, content] : last_artifacts(plan_, state_, record)) {
      if (auto written = journal::write_artifact(tools_.folder, name, std::move(content)); !written)
        return written;
    }
    return {};
  }

  const RunPlan& plan_;
  const RunTools& tools_;
  RunState state_;
  RunOutcome outcome_;
  std::unique_ptr<journal::Journal> journal_;
};

}  // namespace

Result<RunOutcome> run_soak(const RunPlan& plan, const RunTools& tools) {
  return Run(plan, tools).run();
}

}  // namespace soak::loop
