#pragma once
// One artifact file of ours or of the old tool, taken apart. Not for other rooms: they use read_run
// (journal/artifacts.h).
//
// The text is parsed by simdjson, which is several times faster than the strict parser of base; whatever
// simdjson refuses is given to parse_json, which has the last word and the better message. The last of two
// equal keys wins, as everywhere.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/artifacts.h"
#include "journal/records.h"

namespace soak::journal {

// What `tuning` of a summary, or an entry of the report, says. A member that is not there, or null, says
// nothing.
struct TuningSaid {
  std::optional<ParamValues> proposed_deltas;  // proposed_deltas, else suggested_deltas, else deltas
  std::optional<bool> applied;
  std::optional<SkipReason> skip_reason;
  std::optional<std::vector<std::string>> changed_keys;
  GuardFlags guards;
  std::string signature;
  std::string state_hash;
  std::string old_hash;
  std::string rationale;
  std::vector<std::string> conditions;
  std::vector<std::string> neg_edge_drivers;
  std::string kpi_verdict;
};

struct SummaryFile {
  std::optional<std::int64_t> iteration;
  Summary summary;
  TuningSaid tuning;
  Json runtime_overrides;  // nested, or null
  ParamValues effective;   // flat
  TargetFacts target;
};

struct ReportEntry {
  std::int64_t iteration = 0;
  TuningSaid tuning;
};

// Holds the parser's buffers, so that a thousand files cost no more allocations than one. One thread at a
// time.
class ArtifactParser {
 public:
  explicit ArtifactParser(const Registry& registry);
  ArtifactParser(ArtifactParser&&) noexcept;
  ArtifactParser& operator=(ArtifactParser&&) noexcept;
  ~ArtifactParser();

  // `bytes` must have kPaddingBytes readable bytes behind it. `path` is for the error: kInvalidJson,
  // kLimitExceeded for what is not JSON, kInvalidValue for a member of the wrong type.
  Result<SummaryFile> summary(std::string_view bytes, const std::string& path);
  // Entries in the order of the file. Both {"iterations": [...]} and a bare list.
  Result<std::vector<ReportEntry>> report(std::string_view bytes, const std::string& path);

  static constexpr std::size_t kPaddingBytes = 64;

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace soak::journal
