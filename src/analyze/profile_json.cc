// Reads a KPI profile from JSON. Every key is known or refused: a misspelt threshold must not silently judge
// nothing.

#include <fmt/format.h>

#include <soak/json.h>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "analyze/profile.h"
#include "base/file.h"

namespace soak::analyze {
namespace {

// Of any list in a profile. Each KPI is compared with all others.
constexpr std::size_t kEntriesMax = 1000;

std::string too_many() {
  return fmt::format("has more than {} entries", kEntriesMax);
}

// One JSON object of the profile and where it stands. The first error sticks; later reads give defaults.
class Reader {
 public:
  Reader(const Json& object, std::string where, std::string file, std::optional<Error>& error)
      : object_(object), where_(std::move(where)), file_(std::move(file)), error_(error) {}

  bool must_be_object() {
    if (!object_.is_object()) refuse("", "must be a JSON object");
    return object_.is_object();
  }
  void allow_only(std::initializer_list<std::string_view> keys) {
    if (!must_be_object()) return;
    for (const auto& item : object_.items()) {
      if (std::find(keys.begin(), keys.end(), item.key()) == keys.end())
        refuse(item.key(), "is not a key of a KPI profile");
    }
  }

  bool has(const char* key) const {
    return object_.is_object() && object_.contains(key) && !object_.at(key).is_null();
  }
  const Json& self() const { return object_; }
  const Json& at(const char* key) const { return object_.at(key); }
  Reader inside(const char* key) { return Reader(object_.at(key), path(key), file_, error_); }

  std::string text(const char* key, const std::string& fallback, bool required = false) {
    if (!has(key)) return required ? (refuse(key, "is missing"), fallback) : fallback;
    if (!object_.at(key).is_string() || (required && object_.at(key).get_ref<const std::string&>().empty())) {
      refuse(key, "must be a text");
      return fallback;
    }
    const auto& value = object_.at(key).get_ref<const std::string&>();
    if (std::any_of(value.begin(), value.end(), [](char letter) { return '\0' <= letter && letter < ' '; })) {
      refuse(key, "must be one line, without control characters");
      return fallback;
    }
    return value;
  }

  double number(const char* key, double fallback, double min, double max) {
    if (!has(key)) return fallback;
    const Json& value = object_.at(key);
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() < min ||
        value.get<double>() > max) {
      refuse(key, min == -std::numeric_limits<double>::max()
                      ? "must be a number"
                      : fmt::format("must be a number from {} to {}", min, max));
      return fallback;
    }
    return value.get<double>();
  }

  int integer(const char* key, int fallback, int min, int max) {
    const double value = number(key, fallback, min, max);
    if (value != std::floor(value)) {
      refuse(key, "must be a whole number");
      return fallback;
    }
    return static_cast<int>(value);
  }

  bool boolean(const char* key, bool fallback) {
    if (!has(key)) return fallback;
    if (!object_.at(key).is_boolean()) refuse(key, "must be true or false");
    return object_.at(key).is_boolean() ? object_.at(key).get<bool>() : fallback;
  }

  // The position of the key's word in `words`; 0 where the key is absent.
  std::size_t choice(const char* key, std::initializer_list<std::string_view> words) {
    if (!has(key)) return 0;
    std::size_t position = 0;
    std::string all;
    for (std::string_view word : words) {
      if (object_.at(key).is_string() && object_.at(key).get<std::string>() == word) return position;
      all += (all.empty() ? "" : ", ") + std::string(word);
      ++position;
    }
    refuse(key, "must be one of: " + all);
    return 0;
  }

  std::vector<Reader> list(const char* key) {
    std::vector<Reader> readers;
    if (!has(key)) return readers;
    if (!object_.at(key).is_array()) {
      refuse(key, "must be a list");
      return readers;
    }
    if (object_.at(key).size() > kEntriesMax) {
      refuse(key, too_many(), ErrorCode::kLimitExceeded);
      return readers;
    }
    for (std::size_t i = 0; i < object_.at(key).size(); ++i) {
      readers.emplace_back(object_.at(key)[i], fmt::format("{}[{}]", path(key), i), file_, error_);
    }
    return readers;
  }

  void refuse(const std::string& key, const std::string& why, ErrorCode code = ErrorCode::kInvalidValue) {
    if (!error_) error_ = Error{code, fmt::format("{} {}", path(key), why), file_, path(key)};
  }
  std::string path(const std::string& key) const {
    if (where_.empty()) return key.empty() ? "the profile" : key;
    return key.empty() ? where_ : where_ + "." + key;
  }

 private:
  const Json& object_;
  std::string where_;
  std::string file_;
  std::optional<Error>& error_;
};

constexpr double kAny = std::numeric_limits<double>::max();

bool is_pointer(const Json& value) {
  if (!value.is_string() || value.get_ref<const std::string&>().rfind('/', 0) != 0) return false;
  try {
    static_cast<void>(Json::json_pointer(value.get<std::string>()));
    return true;
  } catch (const Json::parse_error&) {
    return false;
  }
}

std::vector<std::string> read_pointers(Reader& reader, const char* key) {
  std::vector<std::string> pointers;
  if (!reader.has(key)) return pointers;
  const Json& value = reader.at(key);
  const Json list = value.is_array() ? value : Json::array({value});
  if (list.size() > kEntriesMax) {
    reader.refuse(key, too_many(), ErrorCode::kLimitExceeded);
    return {};
  }
  for (const Json& entry : list) {
    if (!is_pointer(entry)) {
      reader.refuse(key, "must be a JSON pointer such as /totals/net_bps, or a list of them");
      return {};
    }
    pointers.push_back(entry.get<std::string>());
  }
  return pointers;
}

KpiSource read_source_object(Reader reader) {
  reader.allow_only({"label", "numerator", "denominator", "scale"});
  KpiSource source;
  source.numerator = read_pointers(reader, "numerator");
  source.denominator = read_pointers(reader, "denominator");
  source.scale = reader.number("scale", 1, -kAny, kAny);
  if (source.numerator.empty()) reader.refuse("numerator", "is missing");
  source.label = reader.text("label", source.numerator.empty() ? "" : source.numerator.front());
  return source;
}

// A source is a JSON pointer, or an object.
KpiSource read_one_source(Reader& parent, const char* key) {
  if (!parent.has(key)) {
    parent.refuse(key, "is missing");
    return {};
  }
  if (!parent.at(key).is_string()) return read_source_object(parent.inside(key));
  std::vector<std::string> pointers = read_pointers(parent, key);
  return {parent.at(key).get<std::string>(), std::move(pointers), {}, 1};
}

std::vector<KpiSource> read_sources(Reader& parent) {
  std::vector<KpiSource> sources;
  for (Reader& entry : parent.list("sources")) {
    if (is_pointer(entry.self())) {
      sources.push_back({entry.self().get<std::string>(), {entry.self().get<std::string>()}, {}, 1});
    } else if (entry.must_be_object()) {
      sources.push_back(read_source_object(entry));
    }
  }
  return sources;
}

Breakdown read_breakdown(Reader reader) {
  reader.allow_only({"whole", "unit", "source", "causes", "figures"});
  Breakdown breakdown;
  breakdown.whole = reader.text("whole", "", true);
  breakdown.unit = reader.text("unit", "");
  breakdown.source = read_one_source(reader, "source");
  for (Reader& entry : reader.list("causes")) {
    entry.allow_only({"label", "meaning", "source", "levers"});
    Cause cause;
    cause.label = entry.text("label", "", true);
    cause.meaning = entry.text("meaning", "");
    cause.source = read_one_source(entry, "source");
    for (Reader& lever : entry.list("levers")) {
      lever.allow_only({"parameter", "move"});
      cause.levers.push_back({lever.text("parameter", "", true), lever.choice("move", {"down", "up"}) == 1});
    }
    breakdown.causes.push_back(std::move(cause));
  }
  for (Reader& entry : reader.list("figures")) {
    entry.allow_only({"label", "source"});
    breakdown.figures.push_back({entry.text("label", "", true), read_one_source(entry, "source")});
  }
  return breakdown;
}

Kpi read_kpi(Reader& reader) {
  reader.allow_only({"name", "title", "unit", "sources", "is_ratio", "judged", "direction", "threshold",
                     "weight", "veto", "regression_limit", "warm_up", "no_data", "breakdown"});
  Kpi kpi;
  kpi.name = reader.text("name", "", true);
  kpi.title = reader.text("title", kpi.name);
  kpi.unit = reader.text("unit", "");
  kpi.is_ratio = reader.boolean("is_ratio", false);
  kpi.judged = reader.boolean("judged", reader.has("threshold"));
  kpi.direction =
      reader.choice("direction", {"at_most", "at_least"}) == 0 ? Direction::kAtMost : Direction::kAtLeast;
  kpi.threshold = reader.number("threshold", 0, -kAny, kAny);
  kpi.weight = reader.number("weight", 1, 0, 1e6);
  kpi.veto = reader.boolean("veto", false);
  if (reader.has("regression_limit")) kpi.regression_limit = reader.number("regression_limit", 0, 0, kAny);
  kpi.warm_up = reader.integer("warm_up", 0, 0, 1'000'000);
  constexpr NoData kPolicies[] = {NoData::kFail, NoData::kIgnore, NoData::kHold};
  kpi.no_data = kPolicies[reader.choice("no_data", {"fail", "ignore", "hold"})];
  kpi.sources = read_sources(reader);
  if (reader.has("breakdown")) kpi.breakdown = read_breakdown(reader.inside("breakdown"));
  if (kpi.judged && !reader.has("threshold")) reader.refuse("threshold", "is missing");
  if ((kpi.judged || kpi.regression_limit) && !reader.has("direction"))
    reader.refuse("direction", "is missing (at_most or at_least)");
  return kpi;
}

void read_kpis(Reader& root, Profile& profile) {
  bool any_judged = false;
  for (Reader& entry : root.list("kpis")) {
    Kpi kpi = read_kpi(entry);
    if (find_kpi(profile, kpi.name))
      entry.refuse("name", fmt::format("{} stands in the profile twice", kpi.name));
    any_judged = any_judged || (kpi.judged && kpi.weight > 0);
    profile.kpis.push_back(std::move(kpi));
  }
  if (!any_judged) root.refuse("kpis", "must name at least one KPI with a threshold and a weight above 0");
}

void read_rules(Reader& root, Profile& profile) {
  for (Reader& entry : root.list("steady")) {
    entry.allow_only({"kpi", "direction", "threshold"});
    Condition condition;
    condition.kpi = entry.text("kpi", "", true);
    condition.direction =
        entry.choice("direction", {"at_most", "at_least"}) == 0 ? Direction::kAtMost : Direction::kAtLeast;
    condition.threshold = entry.number("threshold", 0, -kAny, kAny);
    if (!entry.has("direction")) entry.refuse("direction", "is missing (at_most or at_least)");
    if (!entry.has("threshold")) entry.refuse("threshold", "is missing");
    if (!find_kpi(profile, condition.kpi))
      entry.refuse("kpi", fmt::format("{} is not one of the profile's kpis", condition.kpi));
    profile.steady.push_back(std::move(condition));
  }
  profile.window = root.integer("window", 8, 1, 1'000'000);
  profile.pass_weight = root.number("pass_weight", 1, 0.01, 1);
  profile.pass_at_least = root.integer("pass_at_least", std::min(6, profile.window), 1, profile.window);
  profile.warn_at_least =
      root.integer("warn_at_least", std::min(5, profile.pass_at_least), 1, profile.pass_at_least);
  if (root.has("min_iterations"))
    profile.min_iterations = root.integer("min_iterations", 1, 1, 1'000'000'000);
}

// `extends`: the built-in profile's text with the file's keys over it; KPIs of one name are merged key by
// key.
Json merged(const Json& base, const Json& over) {
  Json result = base;
  for (const auto& item : over.items()) {
    if (item.key() == "extends") continue;
    if (item.key() != "kpis" || !item.value().is_array()) {
      result[item.key()] = item.value();
      continue;
    }
    for (const Json& kpi : item.value()) {
      Json* same = nullptr;
      for (Json& known : result["kpis"]) {
        if (kpi.is_object() && kpi.contains("name") && known["name"] == kpi["name"]) same = &known;
      }
      if (same) {
        same->update(kpi);
      } else {
        result["kpis"].push_back(kpi);
      }
    }
  }
  return result;
}

}  // namespace

Result<Profile> parse_profile(std::string_view text, const std::string& file) {
  Result<Json> parsed = parse_json(text, file);
  if (!parsed) return tl::unexpected(parsed.error());
  Json json = std::move(*parsed);
  if (json.is_object() && json.contains("extends")) {
    if (!json.contains("name")) {
      return fail(ErrorCode::kInvalidValue,
                  "name is missing: thresholds of your own need a name of their own", file, "name");
    }
    if (json["extends"] != "market-maker") {
      return fail(ErrorCode::kInvalidValue, "extends must be market-maker, the only built-in profile", file,
                  "extends");
    }
    if (json.contains("kpis") && json["kpis"].is_array() && json["kpis"].size() > kEntriesMax)
      return fail(ErrorCode::kLimitExceeded, "kpis " + too_many(), file, "kpis");
    Result<Json> base = parse_json(market_maker_text(), "market-maker");
    if (!base) return tl::unexpected(base.error());
    json = merged(*base, json);
  }
  std::optional<Error> error;
  Reader root(json, "", file, error);
  root.allow_only({"name", "kpis", "steady", "window", "pass_weight", "pass_at_least", "warn_at_least",
                   "min_iterations"});
  Profile profile;
  profile.name = root.text("name", "", true);
  read_kpis(root, profile);
  read_rules(root, profile);
  if (error) return tl::unexpected(*error);
  return profile;
}

Result<Profile> load_profile(const std::string& path) {
  Result<std::string> text = base::read_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse_profile(*text, path);
}

}  // namespace soak::analyze
