#include "journal/artifact_parse.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace soak::journal {
namespace {

namespace dom = simdjson::dom;

static_assert(ArtifactParser::kPaddingBytes >= simdjson::SIMDJSON_PADDING);
constexpr std::size_t kDepthMax = 990;         // as parse_json
constexpr std::size_t kDepthMaxSecond = 2000;  // for text that parse_json has accepted

// By value: value_unsafe() of a temporary would leave a loop with a reference to nothing. The type must have
// been asked for before.
dom::object as_object(dom::element element) {
  auto object = element.get_object();
  return object.value_unsafe();
}
dom::array as_array(dom::element element) {
  auto array = element.get_array();
  return array.value_unsafe();
}

Json to_json(dom::element element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: {
      Json object = Json::object();
      for (const auto& [key, value] : as_object(element)) object[std::string(key)] = to_json(value);
      return object;
    }
    case dom::element_type::ARRAY: {
      Json array = Json::array();
      for (const dom::element item : as_array(element)) array.push_back(to_json(item));
      return array;
    }
    case dom::element_type::INT64:
      return element.get_int64().value_unsafe();
    case dom::element_type::UINT64:
      return element.get_uint64().value_unsafe();
    case dom::element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case dom::element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

// Takes members out of elements and remembers the first one that has the wrong type. null is as good as
// absent.
class Reader {
 public:
  explicit Reader(const Registry& registry) : registry_(registry) {}
  const std::string& problem() const { return problem_; }
  const Registry& registry() const { return registry_; }

  void wrong(std::string_view name, std::string_view wanted) {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" is not {}", name, wanted);
  }
  std::optional<dom::object> object(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_object()) return as_object(value);
    wrong(name, "an object");
    return std::nullopt;
  }
  std::optional<dom::array> array(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_array()) return as_array(value);
    wrong(name, "a list");
    return std::nullopt;
  }
  void text(std::string_view name, dom::element value, std::string& out) {
    if (value.is_null()) return;
    if (value.is_string()) {
      out.assign(value.get_string().value_unsafe());
    } else {
      wrong(name, "text");
    }
  }
  void texts(std::string_view name, dom::element value, std::vector<std::string>& out) {
    out.clear();
    if (value.is_string()) {  // one condition, not wrapped in a list
      out.emplace_back(value.get_string().value_unsafe());
      return;
    }
    const auto items = array(name, value);
    if (!items) return;
    for (const dom::element item : *items) {
      if (!item.is_string()) return wrong(name, "a list of text");
      out.emplace_back(item.get_string().value_unsafe());
    }
  }
  std::optional<bool> boolean(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_bool()) return value.get_bool().value_unsafe();
    wrong(name, "true or false");
    return std::nullopt;
  }
  std::optional<std::int64_t> integer(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_int64()) return value.get_int64().value_unsafe();
    const double number = value.is_double() ? value.get_double().value_unsafe() : 0.5;
    if (number == std::floor(number) && std::abs(number) < 9e15) return static_cast<std::int64_t>(number);
    wrong(name, "a whole number");
    return std::nullopt;
  }

 private:
  const Registry& registry_;
  std::string problem_;
};

ParamValues values_of(dom::object object) {
  ParamValues values;
  for (const auto& [key, value] : object) values.insert_or_assign(std::string(key), to_json(value));
  return values;
}

// The reason under one name each in the order of the flags; text in their place is what an old tool wrote for
// people.
SkipReason reason_of_text(std::string_view text) {
  SkipReason reason;
  reason.note = std::string(text);
  reason.freeze = text == "freeze" || text == "freeze guard active";
  reason.oscillation = text == "oscillation" || text == "oscillation detected";
  reason.velocity = text == "velocity" || text == "velocity cap exceeded";
  reason.cooldown = text == "cooldown" || (text.starts_with("cooldown ") && text.ends_with(" iters left"));
  reason.no_op = text == "no_op" || text == "no effective change";
  return reason;
}

std::optional<SkipReason> read_skip_reason(Reader& reader, dom::element value) {
  if (value.is_string()) {
    const std::string_view text = value.get_string().value_unsafe();
    return text.empty() ? std::nullopt : std::optional<SkipReason>(reason_of_text(text));
  }
  const auto members = reader.object("skip_reason", value);
  if (!members || members->size() == 0) return std::nullopt;
  SkipReason reason;
  for (const auto& [key, member] : *members) {
    bool* flag = key == "cooldown"      ? &reason.cooldown
                 : key == "velocity"    ? &reason.velocity
                 : key == "oscillation" ? &reason.oscillation
                 : key == "freeze"      ? &reason.freeze
                 : key == "no_op"       ? &reason.no_op
                                        : nullptr;
    if (flag != nullptr) *flag = reader.boolean(key, member).value_or(false);
    if (key == "note") reader.text(key, member, reason.note);
  }
  return reason;
}

bool read_guard(Reader& reader, std::string_view key, dom::element value, GuardFlags& guards) {
  bool* flag = key == "freeze_triggered"       ? &guards.freeze_triggered
               : key == "oscillation_detected" ? &guards.oscillation_detected
               : key == "velocity_violation"   ? &guards.velocity_violation
               : key == "cooldown_active"      ? &guards.cooldown_active
                                               : nullptr;
  if (flag != nullptr) {
    *flag = reader.boolean(key, value).value_or(false);
    return true;
  }
  if (key != "cooldown_iters_left") return false;
  const auto left = reader.integer(key, value);
  guards.cooldown_iters_left = left && *left >= 0 && *left <= 1'000'000'000
                                   ? std::optional<int>(static_cast<int>(*left))
                                   : std::nullopt;
  return true;
}

TuningSaid read_tuning(Reader& reader, dom::object members) {
  TuningSaid said;
  int rank = 3;  // of the name that the proposal was found under
  for (const auto& [key, value] : members) {
    const int name = key == "proposed_deltas" ? 0 : key == "suggested_deltas" ? 1 : key == "deltas" ? 2 : 3;
    if (name <= rank && name < 3) {
      if (const auto deltas = reader.object(key, value)) {
        said.proposed_deltas = values_of(*deltas);
        rank = name;
      }
    } else if (key == "applied") {
      said.applied = reader.boolean(key, value);
    } else if (key == "skip_reason") {
      said.skip_reason = read_skip_reason(reader, value);
    } else if (key == "changed_keys") {
      reader.texts(key, value, said.changed_keys.emplace());
    } else if (key == "signature") {
      reader.text(key, value, said.signature);
    } else if (key == "state_hash") {
      reader.text(key, value, said.state_hash);
    } else if (key == "old_hash") {
      reader.text(key, value, said.old_hash);
    } else if (key == "rationale" && value.is_string()) {
      reader.text(key, value, said.rationale);
    } else if (key == "conditions" && value.is_array()) {
      reader.texts(key, value, said.conditions);
    } else if (key == "neg_edge_drivers" && value.is_array()) {
      reader.texts(key, value, said.neg_edge_drivers);
    } else if (key == "kpi_verdict" && value.is_string()) {
      reader.text(key, value, said.kpi_verdict);
    } else {
      read_guard(reader, key, value, said.guards);
    }
  }
  return said;
}

// KPIs are whatever numbers a summary has: the profile knows their names.
void read_summary_member(Reader& reader, std::string_view key, dom::element value, Summary& summary) {
  if (value.is_number()) {
    summary.kpis.insert_or_assign(std::string(key), value.get_double().value_unsafe());
  } else if (key == "runtime_utc") {
    reader.text(key, value, summary.runtime_utc);
  } else if (key == "state_hash") {
    reader.text(key, value, summary.state_hash);
  } else if (key == "maker_taker_source") {
    reader.text(key, value, summary.maker_taker_source);
  }
}

void read_fault(Reader& reader, dom::object members, std::vector<Fault>& faults) {
  Fault fault;
  for (const auto& [key, value] : members) {
    if (key == "iteration") fault.iteration = reader.integer(key, value).value_or(0);
    if (key == "kind") reader.text(key, value, fault.kind);
    if (key == "parameter") reader.text(key, value, fault.parameter);
    if (key == "detail") reader.text(key, value, fault.detail);
  }
  faults.push_back(std::move(fault));
}

TargetFacts read_target(Reader& reader, dom::object members) {
  TargetFacts target;
  for (const auto& [key, value] : members) {
    if (key == "instance_id") reader.text(key, value, target.instance_id);
    if (key == "effective_hash") reader.text(key, value, target.effective_hash);
    if (key == "precision") reader.text(key, value, target.precision);
    if (key != "faults") continue;
    const auto faults = reader.array(key, value);
    if (!faults) continue;
    for (const dom::element item : *faults) {
      if (const auto fault = reader.object("faults", item)) read_fault(reader, *fault, target.faults);
    }
  }
  return target;
}

bool has_sections(const Json& overrides) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [](const Json& member) { return member.is_object(); });
}

// The three names under which the values in effect have stood, best first.
constexpr std::array<std::string_view, 3> kOverridesNames = {"runtime_overrides", "runtime", "config"};

SummaryFile read_summary_file(Reader& reader, dom::object root) {
  SummaryFile file;
  std::optional<dom::object> nested_summary;
  std::array<std::optional<dom::object>, kOverridesNames.size()> overrides;
  for (const auto& [key, value] : root) {
    if (key == "iteration") file.iteration = reader.integer(key, value);
    if (key == "summary") nested_summary = reader.object(key, value);
    if (key == "target") {
      if (const auto target = reader.object(key, value)) file.target = read_target(reader, *target);
    }
    if (key == "tuning") {
      const auto tuning = reader.object(key, value);
      file.tuning = tuning ? read_tuning(reader, *tuning) : TuningSaid();
    }
    for (std::size_t k = 0; k < kOverridesNames.size(); ++k) {
      if (key == kOverridesNames[k]) overrides[k] = reader.object(key, value);
    }
  }
  for (const auto& [key, value] : nested_summary.value_or(root)) {
    if (nested_summary || (key != "iteration" && key != "schema_version"))
      read_summary_member(reader, key, value, file.summary);
  }
  for (const auto& candidate : overrides) {
    if (!candidate || candidate->size() == 0 || !file.effective.empty()) continue;
    Json as_found = Json::object();
    for (const auto& [key, value] : *candidate) as_found[std::string(key)] = to_json(value);
    file.effective = flat_params(as_found, reader.registry());
    file.runtime_overrides =
        has_sections(as_found) ? std::move(as_found) : nest_params(file.effective, reader.registry());
  }
  return file;
}

}  // namespace

struct ArtifactParser::Buffers {
  explicit Buffers(const Registry& r)
      : registry(r), parser(std::size_t{1} << 30), second_parser(std::size_t{1} << 30) {}
  const Registry& registry;
  dom::parser parser;
  dom::parser second_parser;
  simdjson::padded_string second_text;
  std::size_t capacity = 0;

  // The root, valid until the next parse.
  Result<dom::element> parse(std::string_view bytes, const std::string& path) {
    if (bytes.size() > capacity) {  // or the parser would take its default depth
      capacity = std::max<std::size_t>(bytes.size() * 2, 1 << 16);
      if (parser.allocate(std::min<std::size_t>(capacity, std::size_t{1} << 30), kDepthMax) !=
          simdjson::SUCCESS)
        capacity = 0;
    }
    dom::element root;
    const auto problem = parser.parse(bytes.data(), bytes.size(), false).get(root);
    if (problem == simdjson::SUCCESS) return root;
    auto value = parse_json(bytes, path);
    if (!value) return tl::unexpected(value.error());
    second_text = simdjson::padded_string(canonical_json(*value));
    if (second_parser.allocate(second_text.size(), kDepthMaxSecond) != simdjson::SUCCESS ||
        second_parser.parse(second_text).get(root) != simdjson::SUCCESS) {
      return fail(ErrorCode::kInvalidJson,
                  fmt::format("not valid JSON: {}", simdjson::error_message(problem)), path);
    }
    return root;
  }
};

ArtifactParser::ArtifactParser(const Registry& registry) : buffers_(std::make_unique<Buffers>(registry)) {}
ArtifactParser::ArtifactParser(ArtifactParser&&) noexcept = default;
ArtifactParser& ArtifactParser::operator=(ArtifactParser&&) noexcept = default;
ArtifactParser::~ArtifactParser() = default;

Result<SummaryFile> ArtifactParser::summary(std::string_view bytes, const std::string& path) {
  const auto root = buffers_->parse(bytes, path);
  if (!root) return tl::unexpected(root.error());
  if (!root->is_object())
    return fail(ErrorCode::kInvalidValue, "is not a JSON object, as the summary of an iteration must be",
                path);
  Reader reader(buffers_->registry);
  SummaryFile file = read_summary_file(reader, as_object(*root));
  if (!reader.problem().empty()) return fail(ErrorCode::kInvalidValue, reader.problem(), path);
  return file;
}

Result<std::vector<ReportEntry>> ArtifactParser::report(std::string_view bytes, const std::string& path) {
  const auto root = buffers_->parse(bytes, path);
  if (!root) return tl::unexpected(root.error());
  dom::element list = *root;
  if (root->is_object()) {
    bool found = false;
    for (const auto& [key, value] : as_object(*root)) {
      if (key != "iterations") continue;
      list = value;
      found = true;
    }
    if (!found) return fail(ErrorCode::kInvalidValue, "has no \"iterations\"", path);
  }
  if (!list.is_array()) return fail(ErrorCode::kInvalidValue, "has no list of iterations", path);
  Reader reader(buffers_->registry);
  std::vector<ReportEntry> entries;
  for (const dom::element item : as_array(list)) {
    if (!item.is_object())
      return fail(ErrorCode::kInvalidValue, fmt::format("entry {} is not an object", entries.size() + 1),
                  path);
    ReportEntry entry;
    std::optional<std::int64_t> iteration;
    for (const auto& [key, value] : as_object(item)) {
      if (key == "iteration") iteration = reader.integer(key, value);
    }
    entry.tuning = read_tuning(reader, as_object(item));
    if (!iteration) reader.wrong("iteration", "there");
    if (!reader.problem().empty()) {
      return fail(ErrorCode::kInvalidValue, fmt::format("entry {}: {}", entries.size() + 1, reader.problem()),
                  path);
    }
    entry.iteration = *iteration;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace soak::journal
