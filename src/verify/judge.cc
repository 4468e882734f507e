#include <fmt/format.h>

#include "base/plural.h"
#include "base/readable.h"
#include "journal/record_json.h"
#include "verify/verify.h"

namespace soak::verify {
namespace {

constexpr double kRatioMin = 0.90;
constexpr double kRatioMinUnstuck = 0.80;  // with no signature stuck
constexpr double kRatioMinStrict = 0.95;

Json failures_to_json(const std::vector<Failure>& failures) {
  Json list = Json::array();
  for (const Failure& failure : failures) {
    list.push_back({{"iteration", failure.iteration},
                    {"next_iteration", failure.next ? Json(*failure.next) : Json()},
                    {"parameter", failure.parameter},
                    {"proposed", failure.proposed},
                    {"observed", failure.observed},
                    {"kind", failure.kind},
                    {"detail", failure.detail}});
  }
  return list;
}

}  // namespace

Verdict judge(const VerifyResult& result, bool strict) {
  if (!result.faults.empty()) {
    return {false, base::plural(result.faults.size(), "delivery fault") + ", none is allowed"};
  }
  if (result.proposed_count == 0) return {true, "nothing was proposed: delivery is unproven"};
  if (result.all_held()) {
    return {!strict, fmt::format("guards held {} of {}: delivery is unproven", result.proposed_count,
                                 base::plural(result.proposed_count, "proposal"))};
  }
  const double ratio = result.full_apply_ratio;
  if (strict) {
    return {ratio >= kRatioMinStrict,
            fmt::format("full_apply_ratio {:.3f}, {} {:.2f} (strict)", ratio,
                        ratio >= kRatioMinStrict ? "at least" : "below", kRatioMinStrict)};
  }
  if (ratio >= kRatioMin)
    return {true, fmt::format("full_apply_ratio {:.3f}, at least {:.2f}", ratio, kRatioMin)};
  if (ratio >= kRatioMinUnstuck && result.signature_stuck_count == 0) {
    return {true, fmt::format("full_apply_ratio {:.3f}, at least {:.2f} and no signature stuck", ratio,
                              kRatioMinUnstuck)};
  }
  return {false, fmt::format("full_apply_ratio {:.3f}, below {:.2f}, with {} stuck", ratio,
                             result.signature_stuck_count == 0 ? kRatioMinUnstuck : kRatioMin,
                             base::plural(result.signature_stuck_count, "signature"))};
}

std::string to_line(const Failure& failure) {
  const std::string observed = failure.observed.is_null() ? "nothing" : canonical_json(failure.observed);
  const std::string where = failure.next ? fmt::format(" in iteration {}", *failure.next) : std::string();
  return base::readable(fmt::format("iteration {}: {}: proposed {}, observed {}{} ({}: {})",
                                    failure.iteration, failure.parameter, canonical_json(failure.proposed),
                                    observed, where, failure.kind, failure.detail),
                        kToLineBytesMax);
}

std::string to_line(const journal::Fault& fault) {
  std::string line = fmt::format("iteration {}: {}", fault.iteration, fault.kind);
  if (!fault.parameter.empty()) line += ": " + fault.parameter;
  if (!fault.detail.empty()) line += ": " + fault.detail;
  return base::readable(std::move(line), kToLineBytesMax);
}

Json to_json(const VerifyResult& result) {
  Json stuck = Json::array();
  for (const Delivery& delivery : result.deliveries) {
    if (delivery.signature_stuck) stuck.push_back(delivery.iteration);
  }
  return {{"full_apply_ratio", result.full_apply_ratio},
          {"full_apply_count", result.full_apply_count},
          {"partial_ok_count", result.partial_ok_count},
          {"fail_count", result.fail_count},
          {"pending_count", result.pending_count},
          {"signature_stuck_count", result.signature_stuck_count},
          {"signature_stuck", stuck},
          {"proposed_count", result.proposed_count},
          {"fault_count", result.faults.size()},
          {"faults", journal::faults_to_json(result.faults)},
          {"failures", failures_to_json(result.failures)},
          {"notes", result.notes}};
}

}  // namespace soak::verify
