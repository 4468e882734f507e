#include "serve/live_metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <string_view>

#include "base/readable.h"
#include "export/export.h"
#include "verify/faults.h"

namespace soak::serve {
namespace {

using prometheus::Labels;

const prometheus::Histogram::BucketBoundaries kApplyBuckets = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                                               0.1,    0.2,   0.5,   1,     2,    5,    10};

std::string label_escaped(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter == '\n' ? std::string("\\n") : std::string(1, letter);
  }
  return escaped;
}

// The same text with the label `run` on each sample.
std::string labelled(std::string_view text, const std::string& run) {
  const std::string label = fmt::format("{{run=\"{}\"}}", label_escaped(run));
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    text.remove_prefix(line.size());
    const std::size_t space = line.find(' ');
    out += line.starts_with('#') ? std::string(line)
                                 : fmt::format("{}{}{}", line.substr(0, space), label, line.substr(space));
  }
  return out;
}

std::optional<double> number_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

}  // namespace

struct ApplyTimes::Histogram {
  prometheus::Registry registry;
  prometheus::Histogram* times = nullptr;
};

class MetricsWriter {
 public:
  explicit MetricsWriter(const MetricsSource& source)
      : source_(source), run_(base::readable(source.item->id)) {}

  std::string text() {
    about();
    progress();
    kpis();
    parameters();
    if (source_.judgement != nullptr && !source_.judgement->error) verdict();
    std::string text = prometheus::TextSerializer().Serialize(registry_.Collect());
    if (source_.apply_times != nullptr) text += apply_times();
    if (source_.judgement != nullptr && !source_.judgement->error)
      text += labelled(exporting::prometheus_text(source_.judgement->snapshot, &source_.judgement->verified),
                       run_);
    return text;
  }

 private:
  Labels with_run(Labels labels) const {
    labels["run"] = run_;
    return labels;
  }
  void gauge(const char* name, const char* help, double value, const Labels& labels = {}) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(with_run(labels)).Set(value);
  }
  void counter(const char* name, const char* help, std::int64_t value, const Labels& labels = {}) {
    prometheus::BuildCounter()
        .Name(name)
        .Help(help)
        .Register(registry_)
        .Add(with_run(labels))
        .Increment(static_cast<double>(value));
  }

  void about() {
    const RunItem& item = *source_.item;
    gauge("soak_run_info", "1, with what the run is as labels.", 1,
          {{"profile", base::readable(item.profile)},
           {"target", item.target},
           {"version", source_.soak_version}});
    gauge("soak_run_active", "1 while a run is writing here.", item.state == RunState::kRunning ? 1 : 0);
    if (const auto written = source_.view->last_iteration_unix_s())
      gauge("soak_last_iteration_timestamp_seconds",
            "When the last complete iteration was found in the journal, by this machine's clock.", *written);
    const auto& header = source_.view->header();
    const Json length =
        header && header->options.is_object() ? header->options.value("iteration_s", Json()) : Json();
    if (length.is_number())
      gauge("soak_iteration_length_seconds", "Length of an iteration.", length.get<double>());
  }

  void progress() {
    const RunTotals& totals = source_.view->totals();
    if (source_.item->planned > 0) {
      gauge("soak_iterations_planned", "Iterations that the run was asked for.",
            static_cast<double>(source_.item->planned));
    }
    counter("soak_iterations_total", "Complete iterations.", totals.iterations);
    counter("soak_iterations_passed_total", "Iterations that pass by the KPI profile.", totals.passed);
    counter("soak_proposals_total", "Iterations with a proposal; rollbacks are none.", totals.proposed);
    counter("soak_proposals_applied_total", "Iterations whose proposal was applied.", totals.applied);
    for (const auto& [guard, count] :
         {std::pair("freeze", totals.freeze), std::pair("oscillation", totals.oscillation),
          std::pair("velocity", totals.velocity), std::pair("cooldown", totals.cooldown)})
      counter("soak_guard_set_iterations_total", "Iterations in which the guard was set.", count,
              {{"guard", guard}});
    for (const std::string_view kind : verify::kFaultKinds) {  // a series that begins at 1 shows no increase
      const auto found = totals.faults_by_kind.find(std::string(kind));
      counter("soak_delivery_faults_total", "Delivery faults.",
              found == totals.faults_by_kind.end() ? 0 : found->second, {{"kind", std::string(kind)}});
    }
  }

  void kpis() {
    for (const analyze::Kpi& kpi : source_.view->profile().kpis) {
      const auto value = source_.view->last_kpis().find(kpi.name);
      if (value != source_.view->last_kpis().end())
        gauge("soak_kpi", "A KPI in the last iteration.", value->second, {{"kpi", kpi.name}});
      if (!kpi.judged) continue;
      const char* direction = kpi.direction == analyze::Direction::kAtMost ? "at_most" : "at_least";
      gauge("soak_kpi_threshold", "A KPI's threshold.", kpi.threshold,
            {{"kpi", kpi.name}, {"direction", direction}});
    }
  }

  void parameters() {
    const RunColumns& columns = source_.view->columns();
    for (const std::string& name : columns.parameter_names()) {
      const Labels labels = {{"parameter", base::readable(name)}};
      if (const auto value = number_of(columns.last_effective(name)))
        gauge("soak_parameter_effective", "A parameter's value in effect in the last iteration.", *value,
              labels);
      if (const auto value = number_of(columns.last_proposed(name)))
        gauge("soak_parameter_proposed", "The value last proposed for a parameter.", *value, labels);
      if (const auto value = number_of(columns.last_applied(name)))
        gauge("soak_parameter_applied", "The value last applied to a parameter.", *value, labels);
    }
  }

  void verdict() {
    const auto now = verdict_of(*source_.judgement);
    for (const char* verdict : {"PASS", "WARN", "FAIL", "INCONCLUSIVE"})
      gauge("soak_gate_verdict", "1 for the verdict that the gate would give now.", now == verdict ? 1 : 0,
            {{"verdict", verdict}});
  }

  std::string apply_times() const {
    auto families = source_.apply_times->histogram_->registry.Collect();
    for (prometheus::MetricFamily& family : families) {
      for (prometheus::ClientMetric& metric : family.metric) metric.label.push_back({"run", run_});
    }
    return prometheus::TextSerializer().Serialize(families);
  }

  const MetricsSource& source_;
  const std::string run_;
  prometheus::Registry registry_;
};

ApplyTimes::ApplyTimes() : histogram_(std::make_unique<Histogram>()) {
  auto& family = prometheus::BuildHistogram()
                     .Name("soak_apply_duration_seconds")
                     .Help("Time of an apply's write, rename and read-back.")
                     .Register(histogram_->registry);
  histogram_->times = &family.Add({}, kApplyBuckets);
}

ApplyTimes::~ApplyTimes() = default;

void ApplyTimes::observe(std::chrono::duration<double> time) {
  histogram_->times->Observe(time.count());
}

std::string metrics_text(const MetricsSource& source) {
  return MetricsWriter(source).text();
}

}  // namespace soak::serve
