#include "journal/artifact_parse.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <numeric>

#include "journal/artifact_elements.h"
#include "journal/write_artifacts.h"

namespace soak::journal {
namespace {

static_assert(ArtifactParser::kPaddingBytes >= simdjson::SIMDJSON_PADDING);
constexpr std::size_t kBytesMax = kTuningReportBytesMax;
constexpr std::size_t kDepthMax = 990;         // as parse_json
constexpr std::size_t kDepthMaxSecond = 2000;  // for text that parse_json has accepted

GuardFlags either(const GuardFlags& a, const GuardFlags& b) {
  GuardFlags flags;
  flags.freeze_triggered = a.freeze_triggered || b.freeze_triggered;
  flags.oscillation_detected = a.oscillation_detected || b.oscillation_detected;
  flags.velocity_violation = a.velocity_violation || b.velocity_violation;
  flags.cooldown_active = a.cooldown_active || b.cooldown_active;
  flags.cooldown_iters_left = a.cooldown_iters_left ? a.cooldown_iters_left : b.cooldown_iters_left;
  return flags;
}

template <class T>
void fill(T& empty, T& from) {
  if (empty.empty()) empty = std::move(from);
}

}  // namespace

void merge_report(TuningSaid&& report, IterationFacts& facts) {
  Tuning& tuning = facts.record.tuning;
  if (report.names_proposals) tuning.proposed_deltas = std::move(report.tuning.proposed_deltas);
  tuning.applied = tuning.applied || report.tuning.applied;
  const bool summary_explains = tuning.skip_reason && tuning.skip_reason->any();
  const bool report_explains = report.tuning.skip_reason && report.tuning.skip_reason->any();
  if (report_explains || (report.tuning.skip_reason && !summary_explains))
    tuning.skip_reason = std::move(report.tuning.skip_reason);
  tuning.guards = either(report.tuning.guards, tuning.guards);
  fill(tuning.changed_keys, report.tuning.changed_keys);
  fill(tuning.state_hash, report.tuning.state_hash);
  fill(tuning.old_hash, report.tuning.old_hash);
  fill(tuning.rationale, report.tuning.rationale);
  fill(tuning.conditions, report.tuning.conditions);
  fill(tuning.neg_edge_drivers, report.tuning.neg_edge_drivers);
  fill(facts.record.kpi_verdict, report.kpi_verdict);
}

struct ArtifactParser::Buffers {
  dom::parser parser{kBytesMax};
  dom::parser second_parser{kBytesMax};
  simdjson::padded_string second_text;
  std::size_t capacity = 0;

  // The root, valid until the next parse.
  Result<dom::element> parse(std::string_view bytes) {
    if (bytes.size() > capacity) {  // or the parser would take its default depth
      capacity = std::clamp<std::size_t>(bytes.size() + bytes.size() / 2, 1 << 16, kBytesMax);
      if (parser.allocate(capacity, kDepthMax) != simdjson::SUCCESS) capacity = 0;
    }
    dom::element root;
    const auto problem = parser.parse(bytes.data(), bytes.size(), false).get(root);
    if (problem == simdjson::SUCCESS) return root;
    auto value = parse_json(bytes);
    if (!value) return fail(value.error().code, value.error().message);
    second_text = simdjson::padded_string(canonical_json(*value));
    if (second_parser.allocate(std::max<std::size_t>(second_text.size(), 64), kDepthMaxSecond) !=
            simdjson::SUCCESS ||
        second_parser.parse(second_text).get(root) != simdjson::SUCCESS) {
      return fail(ErrorCode::kInvalidJson,
                  fmt::format("not valid JSON: {}", simdjson::error_message(problem)));
    }
    return root;
  }
};

ArtifactParser::ArtifactParser() : buffers_(std::make_unique<Buffers>()) {}
ArtifactParser::ArtifactParser(ArtifactParser&&) noexcept = default;
ArtifactParser& ArtifactParser::operator=(ArtifactParser&&) noexcept = default;
ArtifactParser::~ArtifactParser() = default;

Result<std::optional<std::int64_t>> ArtifactParser::summary(std::string_view bytes, const Registry& registry,
                                                            IterationFacts& facts) {
  const auto root = buffers_->parse(bytes);
  if (!root) return tl::unexpected(root.error());
  if (!root->is_object())
    return fail(ErrorCode::kInvalidValue, "is not a JSON object, as the summary of an iteration must be");
  ElementReader reader;
  auto iteration = read_summary(reader, as_object(*root), registry, facts);
  if (!reader.problem().empty()) return fail(ErrorCode::kInvalidValue, reader.problem());
  return iteration;
}

Result<void> ArtifactParser::check(std::string_view bytes) {
  const auto root = buffers_->parse(bytes);
  return root ? Result<void>() : tl::unexpected(root.error());
}

struct ReportFile::Content {
  ArtifactParser::Buffers buffers;
  std::vector<std::int64_t> iterations;
  std::vector<dom::element> elements;  // one for each of iterations
  std::vector<std::int64_t> repeated;

  // Sorts the entries of the file by iteration; of two for one iteration the later stays.
  void take(const std::vector<std::pair<std::int64_t, dom::element>>& entries) {
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return entries[a].first < entries[b].first; });
    for (const std::size_t k : order) {
      const auto& [iteration, element] = entries[k];
      if (!iterations.empty() && iterations.back() == iteration) {
        if (repeated.empty() || repeated.back() != iteration) repeated.push_back(iteration);
        elements.back() = element;
        continue;
      }
      iterations.push_back(iteration);
      elements.push_back(element);
    }
  }
};

Result<ReportFile> ReportFile::parse(std::string_view bytes) {
  auto content = std::make_shared<Content>();
  const auto root = content->buffers.parse(bytes);
  if (!root) return tl::unexpected(root.error());
  std::optional<dom::element> list;
  if (root->is_array()) list = *root;
  if (root->is_object()) {
    for (const auto& [key, value] : as_object(*root)) {
      if (key == "iterations") list = value;
    }
  }
  if (!list || !list->is_array()) return fail(ErrorCode::kInvalidValue, "has no list of iterations");
  ElementReader reader;
  std::vector<std::pair<std::int64_t, dom::element>> entries;
  for (const dom::element item : as_array(*list)) {
    const auto wrong = [&](std::string_view what) {
      return fail(ErrorCode::kInvalidValue, fmt::format("entry {} {}", entries.size() + 1, what));
    };
    if (!item.is_object()) return wrong("is not an object");
    std::optional<std::int64_t> iteration;
    for (const auto& [key, value] : as_object(item)) {
      if (key == "iteration") iteration = reader.integer(key, value);
    }
    if (!iteration) return wrong("has no whole number as its \"iteration\"");
    entries.emplace_back(*iteration, item);
  }
  content->take(entries);
  return ReportFile(std::move(content));
}

const std::vector<std::int64_t>& ReportFile::iterations() const {
  return content_->iterations;
}
const std::vector<std::int64_t>& ReportFile::repeated() const {
  return content_->repeated;
}

Result<std::optional<TuningSaid>> ReportFile::entry(std::int64_t iteration) const {
  const auto place = std::lower_bound(content_->iterations.begin(), content_->iterations.end(), iteration);
  if (place == content_->iterations.end() || *place != iteration) return std::nullopt;
  ElementReader reader;
  TuningSaid said;
  read_tuning(reader,
              as_object(content_->elements[static_cast<std::size_t>(place - content_->iterations.begin())]),
              said);
  if (!reader.problem().empty()) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("the entry of iteration {}: {}", iteration, reader.problem()));
  }
  return said;
}

}  // namespace soak::journal
