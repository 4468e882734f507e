#include "journal/artifact_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "journal/artifact_folder.h"
#include "journal/journal.h"
#include "journal/record_json.h"

namespace soak::journal {
namespace {

// Goes through the records in order and keeps the runtime file as each of them left it.
class Collector {
 public:
  explicit Collector(const Registry& registry) : registry_(registry) {}

  Result<void> take(const Record& record) {
    if (!started_ && record.type != RecordType::kRunHeader) return lacks("a run header before it");
    started_ = true;
    switch (record.type) {
      case RecordType::kRunHeader:
        return take_header(record.body);
      case RecordType::kReport:
        return take_report(record.body);
      case RecordType::kObserved:
        return take_observed(record.body);
      case RecordType::kForeignEdit:
        return take_foreign_edit(record.body);
      case RecordType::kApplyIntent:
        open_intent_ = record.body;
        return {};
      case RecordType::kApplyOutcome:
        return take_outcome(record.body);
      case RecordType::kIteration:
        return take_iteration(record.body);
    }
    return {};
  }
  JournalContent content;

 private:
  static tl::unexpected<Error> lacks(const char* what) {
    return fail(ErrorCode::kInvalidValue, fmt::format("lacks {}", what));
  }

  // What the target has from now on, until the next iteration.
  void give(std::int64_t iteration) {
    if (content.given.try_emplace(iteration, now_).second) now_.edited = false;
  }

  Result<void> take_header(const Json& body) {
    auto header = header_from_json(body);
    if (!header) return tl::unexpected(header.error());
    content.header = std::move(*header);
    content.registry_source = body.value("registry", Json());
    if (!body.contains("runtime") || !body["runtime"].is_object())
      return lacks("the runtime that the run started from");
    now_.expected = now_.before = get_all_params(body["runtime"], registry_);
    now_.runtime_hash = body.contains("runtime_hash") && body["runtime_hash"].is_string()
                            ? body["runtime_hash"].get<std::string>()
                            : compute_json_hash(body["runtime"]);
    return {};
  }

  Result<void> take_report(const Json& body) {
    auto report = report_from_json(body);
    if (!report) return tl::unexpected(report.error());
    give(report->iteration);
    content.reports.push_back(std::move(*report));
    return {};
  }

  Result<void> take_observed(const Json& body) {
    const auto observed = observed_from_json(body);
    if (!observed) return tl::unexpected(observed.error());
    give(observed->iteration);
    GivenRuntime& given = content.given[observed->iteration];
    given.target_started = observed->started;
    given.target_ended = observed->ended;
    auto& reports = content.reports;
    const auto first = std::find_if(reports.rbegin(), reports.rend(), [&](const SeenReport& report) {
                         return report.iteration != observed->iteration;
                       }).base();
    const auto discarded = std::min<std::ptrdiff_t>(observed->discarded, reports.end() - first);
    reports.erase(first, first + discarded);
    return {};
  }

  Result<void> take_foreign_edit(const Json& body) {
    if (!body.is_object() || !body.contains("runtime") || !body.contains("state_hash") ||
        !body["state_hash"].is_string()) {
      return lacks("what a foreign edit left in the runtime file");
    }
    now_.expected = get_all_params(body["runtime"], registry_);
    now_.runtime_hash = body["state_hash"].get<std::string>();
    now_.edited = true;
    if (!now_.applied_before) now_.before = now_.expected;
    return {};
  }

  // The outcome says which keys changed; the intent before it, to what.
  Result<void> take_outcome(const Json& body) {
    const bool whole = body.is_object() && body.contains("state_hash") && body["state_hash"].is_string() &&
                       open_intent_.is_object() && open_intent_.contains("proposed_deltas") &&
                       open_intent_["proposed_deltas"].is_object();
    if (!whole) return lacks("the intent and the hash of an apply's outcome");
    const Json& proposed = open_intent_["proposed_deltas"];
    if (!applied_since_) now_.before = now_.expected;
    applied_since_ = true;
    const auto runtime = open_intent_.find("runtime");
    if (runtime != open_intent_.end())  // a rollback's
      now_.expected = get_all_params(*runtime, registry_);
    else
      for (const auto& [name, value] : proposed.items()) now_.expected.insert_or_assign(name, value);
    now_.runtime_hash = body["state_hash"].get<std::string>();
    written_since_ = proposed.get<ParamValues>();
    content.broken_off =
        BrokenOff{content.iterations.empty() ? 1 : content.iterations.back().iteration + 1, written_since_};
    open_intent_ = nullptr;
    return {};
  }

  Result<void> take_iteration(const Json& body) {
    auto record = iteration_from_json(body);
    if (!record) return tl::unexpected(record.error());
    if (!content.iterations.empty() && record->iteration != content.iterations.back().iteration + 1)
      return lacks("the iteration after the last one");
    content.broken_off.reset();
    give(record->iteration);
    now_.applied_before = applied_since_;
    now_.written = std::exchange(written_since_, {});
    if (!applied_since_) now_.before = now_.expected;
    applied_since_ = false;
    content.iterations.push_back(std::move(*record));
    return {};
  }

  const Registry& registry_;
  GivenRuntime now_;
  Json open_intent_;
  bool started_ = false;
  bool applied_since_ = false;  // since the last iteration record
  ParamValues written_since_;   // by that apply
};

}  // namespace

Result<std::optional<JournalContent>> read_journal(const std::string& folder, const Registry& registry) {
  const std::string path = path_in(folder, kJournalName);
  auto reader = JournalReader::open(path);
  if (!reader && reader.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!reader) return tl::unexpected(reader.error());
  Collector collector(registry);
  bool any = false;
  for (;;) {
    auto record = reader->next();
    if (!record) return tl::unexpected(record.error());
    if (!*record) break;
    if (auto taken = collector.take(**record); !taken) {
      Error error = taken.error();
      error.message = fmt::format("line {}: a record of type {} is not of its shape: {}", (*record)->line,
                                  record_type_name((*record)->type), error.message);
      error.file = path;
      return tl::unexpected(std::move(error));
    }
    any = true;
  }
  if (!any) {
    return fail(
        ErrorCode::kCorrupt,
        "holds no whole record: not a journal, or a run that was cut off at its start; remove it to have the "
        "folder read as an old one",
        path);
  }
  collector.content.torn_tail = reader->torn_tail();
  return std::move(collector.content);
}

}  // namespace soak::journal
