#include "loop/fsck.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/streamed_file.h"
#include "journal/artifacts.h"
#include "journal/journal.h"
#include "journal/record_json.h"
#include "journal/write_artifacts.h"
#include "loop/replay.h"
#include "loop/run_folder.h"
#include "loop/state.h"

namespace soak::loop {
namespace {

using journal::Record;
using journal::RecordType;

class Fsck {
 public:
  Fsck(const std::string& folder, bool repair) : folder_(folder), repair_(repair) {}

  Result<FsckResult> run() {
    if (auto listed = list(); !listed) return tl::unexpected(listed.error());
    result_.running = run_is_under_way(folder_);
    if (result_.running && repair_)
      return fail(ErrorCode::kLocked, "a run is writing here; repair it when it has ended", folder_);
    result_.has_journal = names_.contains(journal::kJournalName);
    if (!result_.has_journal) return without_journal();
    if (auto read = read_journal(); !read) return tl::unexpected(read.error());
    if (auto checked = check_temps(); !checked) return tl::unexpected(checked.error());
    return std::move(result_);
  }

 private:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  Result<void> list() {
    auto names = base::list_folder(folder_);
    if (!names) return tl::unexpected(names.error());
    names_ = {names->begin(), names->end()};
    return {};
  }

  // Nothing to compare with: whether the artifacts can be read at all.
  Result<FsckResult> without_journal() {
    const auto read = journal::read_run(folder_, Registry::builtin());
    if (read) return std::move(result_);
    if (read.error().code == ErrorCode::kNotFound) return tl::unexpected(read.error());
    result_.findings.push_back(
        {std::filesystem::path(read.error().file).filename(), read.error().message, false, false});
    return std::move(result_);
  }

  // ---- the journal ----

  Result<void> read_journal() {
    auto reader = journal::JournalReader::open(path(journal::kJournalName));
    if (!reader) return tl::unexpected(reader.error());
    for (;;) {
      auto record = reader->next();
      if (!record) return give_up(record.error());
      if (!*record) break;
      ++result_.records;
      if (auto taken = take(**record); !taken) return give_up(taken.error());
    }
    if (reader->torn_tail()) {
      auto cut = [this]() -> Result<void> {
        auto journal = journal::Journal::open(path(journal::kJournalName),
                                              [](const Record&) -> Result<void> { return {}; });
        if (!journal) return tl::unexpected(journal.error());
        return {};
      };
      if (auto found = find(journal::kJournalName, "ends in a record that is only half there", cut); !found)
        return found;
    }
    if (!replay_) {
      result_.findings.push_back({journal::kJournalName, "holds no run header", false, false});
      return {};
    }
    result_.iterations = state_->iteration();
    if (auto checked = check_summaries(); !checked) return checked;
    if (auto checked = check_last_artifacts(); !checked) return checked;
    return check_runtime();
  }

  // The journal cannot be read further, and so nothing can be held against it. Errors of the file system go
  // on.
  Result<void> give_up(const Error& error) {
    const bool damage = error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kInvalidValue ||
                        error.code == ErrorCode::kInvalidJson || error.code == ErrorCode::kUnsupported ||
                        error.code == ErrorCode::kInvalidArgument;
    if (!damage) return tl::unexpected(error);
    result_.findings.push_back({journal::kJournalName, error.message, false, false});
    return {};
  }

  Result<void> take(const Record& record) {
    if (record.type == RecordType::kRunHeader) {
      if (auto planned = plan_from(record); !planned) return planned;
    }
    if (record.type == RecordType::kIteration) pending_hashes_.clear();
    if (record.type == RecordType::kApplyIntent || record.type == RecordType::kForeignEdit) {
      const Json hash = record.body.is_object() ? record.body.value("state_hash", Json()) : Json();
      if (hash.is_string()) pending_hashes_.insert(hash.get<std::string>());
    }
    return replay_ ? replay_->take(record) : Result<void>();
  }

  // The run as its header tells it.
  Result<void> plan_from(const Record& record) {
    auto header = journal::header_from_json(record.body);
    if (!header) return tl::unexpected(header.error());
    const Json& body = record.body;
    if (!body.contains("runtime") || !body["runtime"].is_object())
      return fail(ErrorCode::kInvalidValue, "the run header lacks the runtime that the run started from");
    registry_ = Registry::builtin();
    if (const Json source = body.value("registry", Json()); !source.is_null()) {
      auto registry = Registry::parse(canonical_json(source), journal::kJournalName);
      if (!registry) return tl::unexpected(registry.error());
      registry_ = std::move(*registry);
    }
    profile_ = analyze::market_maker_profile();
    if (const Json source = body.value("profile", Json()); !source.is_null()) {
      auto profile = analyze::parse_profile(canonical_json(source), journal::kJournalName);
      if (!profile) return tl::unexpected(profile.error());
      profile_ = std::move(*profile);
    }
    plan_.header = std::move(*header);
    plan_.start_runtime = body["runtime"];
    plan_.registry = &registry_;
    plan_.profile = &profile_;
    plan_.real_clock = true;  // where the run's clock began is the journal's to say
    plan_.summaries_kept = journal::summaries_kept(plan_.header.options);
    result_.planned = plan_.header.iterations;
    state_.emplace(registry_, profile_);
    replay_.emplace(plan_, folder_, *state_, outcome_);
    return {};
  }

  // ---- what the journal can rebuild ----

  // Records a finding, and mends it where that is wanted.
  template <typename Mend>
  Result<void> find(const std::string& name, std::string problem, Mend mend) {
    Finding finding{name, std::move(problem), true, false};
    if (repair_) {
      if (auto mended = mend(); !mended) return mended;
      finding.repaired = true;
    }
    result_.findings.push_back(std::move(finding));
    return {};
  }

  const char* differs_or_missing(const std::string& name) const {
    return names_.contains(name) ? "is not what the journal says" : "is missing";
  }

  Result<void> check_bytes(const std::string& name, const std::string& bytes) {
    const auto same = base::file_holds(path(name), [&](const base::Put& put) { return put(bytes); });
    if (same && *same) return {};
    return find(name, same ? differs_or_missing(name) : same.error().message,
                [&] { return base::write_file_atomic_not_durable(path(name), bytes); });
  }

  Result<void> check_summaries() {
    const std::int64_t oldest = oldest_summary(plan_, result_.iterations);
    auto checked = journal::each_iteration(folder_, [&](const journal::IterationRecord& record) {
      if (record.iteration < oldest) return Result<void>();
      return check_bytes(journal::iteration_summary_name(record.iteration),
                         journal::artifact_bytes(journal::iteration_summary(record)));
    });
    if (!checked) return checked;
    for (const std::string& name : names_) {
      const auto iteration = summary_iteration(name);
      if (!iteration) continue;
      if (name != journal::iteration_summary_name(*iteration)) {
        result_.findings.push_back(
            {name, "is a name that no run writes; readers refuse it beside the right one", false, false});
        continue;
      }
      if (oldest <= *iteration && *iteration <= result_.iterations) continue;
      if (1 <= *iteration && *iteration < oldest) {
        auto found =
            find(name, fmt::format("is not among the {} newest, which are kept", plan_.summaries_kept),
                 [&] { return base::remove_file(path(name)); });
        if (!found) return found;
        continue;
      }
      result_.findings.push_back(
          {name, "speaks of an iteration that the journal does not have", false, false});
    }
    return {};
  }

  Result<void> check_last_artifacts() {
    if (!replay_->last()) return {};
    for (auto& [name, content] : last_artifacts(plan_, *state_, *replay_->last())) {
      if (auto checked = check_bytes(name, journal::artifact_bytes(std::move(content))); !checked)
        return checked;
    }
    const auto current = journal::tuning_report_is_current(folder_);
    if (!current) return tl::unexpected(current.error());
    if (*current) return {};
    const std::string name = journal::kTuningReportName;
    return find(name, differs_or_missing(name), [&] { return journal::write_tuning_report(folder_); });
  }

  Result<void> check_runtime() {
    const std::string name = journal::kRuntimeName;
    if (base::is_link(path(name))) {
      result_.findings.push_back(
          {name, "is a symbolic link: what it leads to is not this run's", false, false});
      return {};
    }
    const auto bytes = base::read_file(path(name));
    if (!bytes && bytes.error().code != ErrorCode::kNotFound) return tl::unexpected(bytes.error());
    if (!bytes) {
      return find(name, "is missing", [&]() -> Result<void> {
        base::ReplaceOptions options;
        options.expected_hash = base::kAbsent;
        options.refuse_link = true;
        auto written = base::replace_file(path(name), canonical_json(state_->runtime()), options);
        if (!written) return tl::unexpected(written.error());
        return {};
      });
    }
    const std::string hash = base::sha256_hex(*bytes);
    if (hash == state_->runtime_hash() || pending_hashes_.contains(hash)) return {};
    result_.findings.push_back(
        {name,
         fmt::format("was changed by another hand: the journal left it with state hash {:.12}, it has {:.12}",
                     state_->runtime_hash(), hash),
         false, false});
    return {};
  }

  Result<void> check_temps() {
    for (const std::string& name : names_) {
      if (!is_stale_temp(name)) continue;
      if (auto found = find(name, "is what a killed run left of a file that it was writing",
                            [&] { return base::remove_file(path(name)); });
          !found)
        return found;
    }
    return {};
  }

  const std::string& folder_;
  const bool repair_;
  FsckResult result_;
  std::set<std::string> names_;
  std::set<std::string> pending_hashes_;  // of the runtime file, by records after the last iteration
  Registry registry_;
  analyze::Profile profile_;
  RunPlan plan_;
  std::optional<RunState> state_;
  RunOutcome outcome_;
  std::optional<Replay> replay_;
};

}  // namespace

bool FsckResult::sound() const {
  return std::all_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.repaired; });
}

Result<FsckResult> fsck(const std::string& folder, bool repair) {
  return Fsck(folder, repair).run();
}

Json to_json(const FsckResult& result) {
  Json findings = Json::array();
  for (const Finding& finding : result.findings) {
    findings.push_back({{"file", finding.file},
                        {"problem", finding.problem},
                        {"repairable", finding.repairable},
                        {"repaired", finding.repaired}});
  }
  return {{"sound", result.sound()},   {"has_journal", result.has_journal}, {"running", result.running},
          {"records", result.records}, {"iterations", result.iterations},   {"planned", result.planned},
          {"findings", findings}};
}

}  // namespace soak::loop
