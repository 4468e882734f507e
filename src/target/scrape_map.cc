#include "target/scrape_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/readable.h"
#include "target/check_report.h"

namespace soak::target {
namespace {

tl::unexpected<Error> wrong(const std::string& what, const std::string& source, const std::string& member) {
  return fail(ErrorCode::kInvalidValue, base::readable(member) + " " + what, source);
}

bool is_bound(std::string_view name) {
  return name == "at_least" || name == "at_most" || name == "equals";
}

// "METRIC", or {"metric", "labels", "scale", "label"}.
Result<MetricRef> ref_from_json(const Json& entry, const std::string& source, const std::string& member) {
  MetricRef ref;
  if (entry.is_string()) {
    ref.metric = entry.get<std::string>();
    return ref.metric.empty() ? Result<MetricRef>(wrong("names no metric", source, member)) : ref;
  }
  if (!entry.is_object()) return wrong("is neither the name of a metric nor an object", source, member);
  for (const auto& [name, value] : entry.items()) {
    if (name == "metric" && value.is_string()) {
      ref.metric = value.get<std::string>();
    } else if (name == "label" && value.is_string()) {
      ref.label = value.get<std::string>();
    } else if (name == "scale" && value.is_number()) {
      ref.scale = value.get<double>();
    } else if (name == "labels" && value.is_object()) {
      for (const auto& [label, text] : value.items()) {
        if (!text.is_string()) return wrong("is not text", source, member + ".labels." + label);
        ref.labels[label] = text.get<std::string>();
      }
    } else {
      return wrong("is unknown or of the wrong type (metric, labels, scale, label)", source,
                   member + "." + name);
    }
  }
  if (ref.metric.empty()) return wrong("names no metric", source, member);
  return ref;
}

const Sample* find_sample(const std::vector<Sample>& samples, const MetricRef& ref) {
  const auto found = std::find_if(samples.begin(), samples.end(), [&](const Sample& sample) {
    if (sample.metric != ref.metric) return false;
    if (!ref.label.empty() && sample.value == 0) return false;  // an enumeration: one of its samples is not 0
    return std::all_of(ref.labels.begin(), ref.labels.end(), [&](const auto& label) {
      const auto has = sample.labels.find(label.first);
      return has != sample.labels.end() && has->second == label.second;
    });
  });
  return found == samples.end() ? nullptr : &*found;
}

// Null where there is no sample, no such label, or no finite value.
Json value_of(const std::vector<Sample>& samples, const MetricRef& ref) {
  const Sample* sample = find_sample(samples, ref);
  if (sample == nullptr) return nullptr;
  if (!ref.label.empty()) {
    const auto label = sample->labels.find(ref.label);
    return label == sample->labels.end() ? Json() : Json(label->second);
  }
  const double value = sample->value * ref.scale;
  return std::isfinite(value) ? Json(value) : Json();
}

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : canonical_json(value);
}

std::string shown(const MetricRef& ref) {
  std::string labels;
  for (const auto& [name, value] : ref.labels)
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, value);
  return labels.empty() ? ref.metric : fmt::format("{}{{{}}}", ref.metric, labels);
}

}  // namespace

Result<ScrapeMap> ScrapeMap::load(const std::string& path, const Registry& registry) {
  auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  return from_json(file->value, registry, path);
}

Result<ScrapeMap> ScrapeMap::from_json(const Json& json, const Registry& registry,
                                       const std::string& source) {
  if (!json.is_object()) return wrong("is not a JSON object", source, "the map");
  ScrapeMap map;
  const auto take = [&](const Json& value, const std::string& member) -> Result<MetricRef> {
    auto ref = ref_from_json(value, source, member);
    if (ref) map.metrics_.insert(ref->metric);
    return ref;
  };
  for (const auto& [member, value] : json.items()) {
    if (member == "precision") {
      if (value != "float32") return wrong("can only be float32", source, member);
      map.precision_ = value.get<std::string>();
      continue;
    }
    if (member == "instance_id" || member == "state_hash") {
      auto ref = take(value, member);
      if (!ref) return tl::unexpected(ref.error());
      (member == "instance_id" ? map.instance_id_ : map.state_hash_) = std::move(*ref);
      continue;
    }
    const bool known = member == "kpis" || member == "params" || member == "evidence";
    if (!known)
      return wrong("is unknown (kpis, params, evidence, instance_id, state_hash, precision)", source, member);
    if (!value.is_object()) return wrong("is not an object", source, member);
    for (const auto& [name, entry] : value.items()) {
      const std::string where = member + "." + name;
      const Parameter* parameter = registry.find(name);
      if (member != "kpis" && parameter == nullptr)
        return fail(ErrorCode::kUnknownParameter,
                    base::readable(name) + " is no parameter that " + member + " could name", source, name);
      if (member == "evidence") {
        if (!entry.is_object() || entry.empty()) return wrong("is no object of bounds", source, where);
        for (const auto& [bound, metric] : entry.items()) {
          if (!is_bound(bound))
            return wrong("is none of at_least, at_most, equals", source, where + "." + bound);
          auto ref = take(metric, where + "." + bound);
          if (!ref) return tl::unexpected(ref.error());
          map.evidence_.push_back({name, bound, std::move(*ref)});
        }
        continue;
      }
      auto ref = take(entry, where);
      if (!ref) return tl::unexpected(ref.error());
      if (member == "kpis")
        map.kpis_[name] = std::move(*ref);
      else
        map.params_[name] = {std::move(*ref), parameter->type};
    }
  }
  if (map.params_.empty())
    return wrong("names no parameter: nothing that is applied could be proven", source, "params");
  return map;
}

Result<Json> ScrapeMap::report(const std::vector<Sample>& samples, std::int64_t seq) const {
  const auto missing = [](const MetricRef& ref) {
    return fail(ErrorCode::kNotFound, "the endpoint has no " + base::readable(shown(ref)));
  };
  Json report = {{"seq", seq}, {"totals", Json::object()}, {"effective", {{"params", Json::object()}}}};
  for (const auto& [name, ref] : kpis_) {
    if (const Json value = value_of(samples, ref); value.is_number()) report["totals"][name] = value;
  }
  for (const auto& [name, param] : params_) {
    Json value = value_of(samples, param.ref);
    if (value.is_null()) return missing(param.ref);
    if (param.type == ParamType::kBoolean && value.is_number()) value = value.get<double>() != 0;
    report["effective"]["params"][name] = std::move(value);
  }
  for (const auto& [member, ref] :
       {std::pair("instance_id", &instance_id_), std::pair("state_hash", &state_hash_)}) {
    if (!*ref) continue;
    const Json value = value_of(samples, **ref);
    if (value.is_null()) return missing(**ref);
    report["effective"][member] = as_text(value);
  }
  if (!precision_.empty()) report["effective"]["precision"] = precision_;
  for (const Evidence& evidence : evidence_) {
    if (const Json value = value_of(samples, evidence.ref); value.is_number())
      report["evidence"][evidence.parameter][evidence.bound] = value;
  }
  if (canonical_json(report).size() > kReportBytesMax) {  // a label may be as long as the answer
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("the report of its answer is larger than {} bytes", kReportBytesMax));
  }
  return report;
}

}  // namespace soak::target
