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
#include <utility>
#include <vector>

#include "journal/artifacts.h"
#include "journal/records.h"

namespace soak::journal {

// What one place says about the tuning of an iteration: `tuning` of a summary, or an entry of the report. A
// member that is not there, or null, says nothing.
struct TuningSaid {
  Tuning tuning;
  bool names_proposals = false;  // proposed_deltas, suggested_deltas or deltas is there, if only as {}
  std::string signature;
  std::string kpi_verdict;
};

// Takes over what the report says and `facts`, made from the summary alone, does not: the report's proposals
// count, applied means that one of the two says so, and all else may stand in either place.
void merge_report(TuningSaid&& report, IterationFacts& facts);

// Holds the parser's buffers, so that a thousand files cost no more allocations than one. One thread at a
// time.
class ArtifactParser {
 public:
  ArtifactParser();
  ArtifactParser(ArtifactParser&&) noexcept;
  ArtifactParser& operator=(ArtifactParser&&) noexcept;
  ~ArtifactParser();

  // The text of one ITER_SUMMARY, which must have kPaddingBytes readable bytes behind it; `facts` is what it
  // says, without a number where it says none. The error names no file: kInvalidJson, kLimitExceeded for what
  // is not JSON, kInvalidValue for a member of the wrong type.
  Result<std::optional<std::int64_t>> summary(std::string_view bytes, const Registry& registry,
                                              IterationFacts& facts);

  // Whether the text, padded as above, is one JSON document; errors as above.
  Result<void> check(std::string_view bytes);

  static constexpr std::size_t kPaddingBytes = 64;
  struct Buffers;

 private:
  std::unique_ptr<Buffers> buffers_;
};

// A TUNING_REPORT, {"iterations": [...]} or a bare list: parsed once, its entries taken apart only when
// somebody asks for them. The const functions may be called from several threads.
class ReportFile {
 public:
  // As ArtifactParser::summary().
  static Result<ReportFile> parse(std::string_view bytes);

  // Ascending, no two the same.
  const std::vector<std::int64_t>& iterations() const;
  // Those with more than one entry: the last one counts, as a resumed old run appended it.
  const std::vector<std::int64_t>& repeated() const;
  // Nothing where there is no such entry. kInvalidValue as above.
  Result<std::optional<TuningSaid>> entry(std::int64_t iteration) const;

 private:
  struct Content;
  explicit ReportFile(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
};

}  // namespace soak::journal
