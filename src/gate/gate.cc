#include "gate/gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyze/statistics.h"
#include "analyze/text.h"
#include "base/plural.h"

namespace soak::gate {
namespace {

using base::plural;

constexpr double kRatioMin = 0.90;
constexpr double kRatioMinStrict = 0.95;
constexpr std::int64_t kStuckMax = 1;
constexpr std::size_t kNamedMax = 10;  // faults and failed deliveries named one by one

bool too_few_iterations(const analyze::Profile& profile, const analyze::Snapshot& snapshot) {
  return profile.min_iterations && snapshot.iterations < *profile.min_iterations;
}

std::string too_few_text(const analyze::Profile& profile, const analyze::Snapshot& snapshot) {
  return fmt::format("too few iterations to judge: {}, and profile {} asks for {}", snapshot.iterations,
                     profile.name, profile.min_iterations.value_or(0));
}

Check verdict_check(const analyze::Profile& profile, const analyze::Snapshot& snapshot) {
  Check check{"verdict", CheckStatus::kPassed, analyze::verdict_name(snapshot.verdict), "not FAIL", {}, ""};
  if (too_few_iterations(profile, snapshot)) {
    check.status = CheckStatus::kNotJudged;
    check.measured = nullptr;
    check.message = too_few_text(profile, snapshot);
    return check;
  }
  check.threshold = fmt::format("≥ {} passing", profile.warn_at_least);
  check.margin = snapshot.pass_count - profile.warn_at_least;
  check.message = fmt::format("KPI verdict {}: {}, at least {} must (PASS: {} and a freeze)",
                              analyze::verdict_name(snapshot.verdict),
                              analyze::passing_text(snapshot.pass_count, snapshot.window),
                              profile.warn_at_least, profile.pass_at_least);
  if (snapshot.verdict == analyze::Verdict::kFail) check.status = CheckStatus::kFailed;
  return check;
}

Check freeze_check(const analyze::Profile& profile, const analyze::Snapshot& snapshot,
                   const GateOptions& options) {
  Check check{"freeze_ready", CheckStatus::kPassed, snapshot.freeze_ready, "true", {}, ""};
  if (too_few_iterations(profile, snapshot)) {
    check.status = CheckStatus::kNotJudged;
    check.measured = nullptr;
    check.message = too_few_text(profile, snapshot);
    return check;
  }
  check.margin = snapshot.pass_count - profile.pass_at_least;
  check.message = fmt::format("freeze_ready {}: {} passing ({} needed), freeze {}", snapshot.freeze_ready,
                              snapshot.pass_count, profile.pass_at_least,
                              snapshot.freeze_seen ? "seen" : "not seen in the window");
  if (snapshot.freeze_ready) return check;
  check.status = options.allow_unfrozen ? CheckStatus::kSkipped : CheckStatus::kFailed;
  if (options.allow_unfrozen) check.message += "; allowed by --allow-unfrozen";
  return check;
}

Check ratio_check(const verify::VerifyResult& verified, const GateOptions& options) {
  const double minimum = options.strict ? kRatioMinStrict : kRatioMin;
  Check check{"full_apply_ratio",
              CheckStatus::kPassed,
              verified.full_apply_ratio,
              "≥ " + analyze::number_text(minimum),
              {},
              ""};
  const bool none = verified.proposed_count == 0;
  if (none || verified.all_held()) {
    check.measured = nullptr;
    const std::string why = none ? "nothing was proposed"
                                 : fmt::format("guards held {} of {}", verified.proposed_count,
                                               plural(verified.proposed_count, "proposal"));
    check.message = "delivery is unproven: " + why;
    if (options.strict && !options.allow_no_proposals) {
      check.status = CheckStatus::kFailed;
      check.message += " (--allow-no-proposals accepts that)";
    } else {
      check.status = options.allow_no_proposals ? CheckStatus::kNotJudged : CheckStatus::kWarned;
    }
    return check;
  }
  check.margin = verified.full_apply_ratio - minimum;
  check.message = fmt::format("full_apply_ratio {}: {} of {} delivered in full, at least {} must",
                              analyze::number_text(verified.full_apply_ratio), verified.full_apply_count,
                              plural(verified.proposed_count, "proposal"), analyze::number_text(minimum));
  if (verified.full_apply_ratio < minimum) check.status = CheckStatus::kFailed;
  return check;
}

Check stuck_check(const verify::VerifyResult& verified) {
  Check check{"signature_stuck_count",
              CheckStatus::kPassed,
              verified.signature_stuck_count,
              fmt::format("≤ {}", kStuckMax),
              static_cast<double>(kStuckMax - verified.signature_stuck_count),
              ""};
  check.message =
      fmt::format("signature_stuck_count {}: at most {} applied proposal may leave the signature as it was",
                  verified.signature_stuck_count, kStuckMax);
  if (verified.signature_stuck_count > kStuckMax) check.status = CheckStatus::kFailed;
  return check;
}

Check fault_check(const verify::VerifyResult& verified) {
  const auto count = static_cast<std::int64_t>(verified.faults.size());
  Check check{"fault_count", CheckStatus::kPassed, count, "≤ 0", static_cast<double>(-count), ""};
  check.message = fmt::format("fault_count {}: no delivery fault is allowed", count);
  for (std::size_t i = 0; i < std::min(verified.faults.size(), kNamedMax); ++i) {
    const journal::Fault& fault = verified.faults[i];
    check.message += fmt::format("{} iteration {} {}{}{}", i == 0 ? ":" : ";", fault.iteration, fault.kind,
                                 fault.parameter.empty() ? "" : " ", fault.parameter);
  }
  if (verified.faults.size() > kNamedMax)
    check.message += fmt::format("; and {} more", verified.faults.size() - kNamedMax);
  if (count > 0) check.status = CheckStatus::kFailed;
  return check;
}

Check length_check(const journal::RunArtifacts& run) {
  const auto found = static_cast<std::int64_t>(run.iterations.size());
  Check check{"run_length", CheckStatus::kNotJudged, found, "", {}, ""};
  if (!run.header) {
    check.message =
        fmt::format("{} found; the artifacts do not say how many were asked for", plural(found, "iteration"));
    return check;
  }
  check.threshold = fmt::format("≥ {}", run.header->iterations);
  check.margin = static_cast<double>(found - run.header->iterations);
  check.message = fmt::format("{} found, {} asked for", plural(found, "iteration"), run.header->iterations);
  if (found >= run.header->iterations) {
    check.status = CheckStatus::kPassed;
  } else if (run.in_progress) {
    check.message += "; the run goes on";
  } else {
    check.status = CheckStatus::kFailed;
  }
  return check;
}

Check skipped(const char* name) {
  return {name, CheckStatus::kSkipped, nullptr, "", {}, "not verified: --skip-delta-verify"};
}

void add_warnings(const journal::RunArtifacts& run, const analyze::Profile& profile,
                  const analyze::Snapshot& snapshot, const verify::VerifyResult* verified,
                  GateResult& result) {
  if (!verified) result.warnings.push_back("delivery was not verified (--skip-delta-verify)");
  if (snapshot.verdict == analyze::Verdict::kWarn && !too_few_iterations(profile, snapshot)) {
    result.warnings.push_back(fmt::format("KPI verdict WARN: {}, freeze {}",
                                          plural(snapshot.pass_count, "passing iteration"),
                                          snapshot.freeze_seen ? "seen" : "not seen"));
  }
  if (snapshot.kpi_gate_parity && !*snapshot.kpi_gate_parity) {
    result.warnings.push_back("the KPI verdicts recorded in the run differ from this judgement");
  }
  if (run.header && !run.header->kpi_profile.empty() && run.header->kpi_profile != profile.name) {
    result.warnings.push_back(
        fmt::format("the run used KPI profile {}, this gate uses {}", run.header->kpi_profile, profile.name));
  }
  if (!run.gaps.empty()) {
    result.warnings.push_back(
        fmt::format("{} missing between the first and the last", plural(run.gaps.size(), "iteration")));
  }
  for (const Check& check : result.checks) {
    if (check.status == CheckStatus::kWarned) result.warnings.push_back(check.message);
  }
}

}  // namespace

std::string_view gate_verdict_name(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPass:
      return "PASS";
    case GateVerdict::kWarn:
      return "WARN";
    case GateVerdict::kFail:
      return "FAIL";
    case GateVerdict::kInconclusive:
      break;
  }
  return "INCONCLUSIVE";
}

std::string_view check_status_name(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPassed:
      return "passed";
    case CheckStatus::kFailed:
      return "failed";
    case CheckStatus::kWarned:
      return "warned";
    case CheckStatus::kSkipped:
      return "skipped";
    case CheckStatus::kNotJudged:
      break;
  }
  return "not judged";
}

GateResult judge(const journal::RunArtifacts& run, const analyze::Profile& profile,
                 const analyze::Snapshot& snapshot, const verify::VerifyResult* verified,
                 const GateOptions& options) {
  GateResult result;
  result.checks = {verdict_check(profile, snapshot), freeze_check(profile, snapshot, options)};
  if (verified) {
    result.checks.insert(result.checks.end(),
                         {ratio_check(*verified, options), stuck_check(*verified), fault_check(*verified)});
  } else {
    result.checks.insert(result.checks.end(), {skipped("full_apply_ratio"), skipped("signature_stuck_count"),
                                               skipped("fault_count")});
  }
  result.checks.push_back(length_check(run));
  for (const Check& check : result.checks) {
    if (check.status == CheckStatus::kFailed) result.reasons.push_back(check.message);
  }
  add_warnings(run, profile, snapshot, verified, result);
  if (!result.reasons.empty()) {
    result.verdict = GateVerdict::kFail;
  } else if (too_few_iterations(profile, snapshot)) {
    result.verdict = GateVerdict::kInconclusive;
    result.reasons.push_back(too_few_text(profile, snapshot));
  } else {
    result.verdict = result.warnings.empty() ? GateVerdict::kPass : GateVerdict::kWarn;
  }
  return result;
}

std::string check_status_word(CheckStatus status) {
  std::string word(check_status_name(status));
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

Json to_json(const Check& check) {
  return {{"name", check.name},
          {"status", check_status_word(check.status)},
          {"measured", check.measured},
          {"threshold", check.threshold.empty() ? Json(nullptr) : Json(check.threshold)},
          {"margin", check.margin ? Json(analyze::round3(*check.margin)) : Json(nullptr)},
          {"message", check.message}};
}

Json to_json(const GateResult& result, const analyze::Snapshot& snapshot,
             const verify::VerifyResult* verified) {
  Json checks = Json::array();
  for (const Check& check : result.checks) checks.push_back(to_json(check));
  return {{"schema_version", journal::kSchemaVersion},
          {"verdict", gate_verdict_name(result.verdict)},
          {"checks", checks},
          {"reasons", result.reasons},
          {"warnings", result.warnings},
          {"snapshot", analyze::to_json(snapshot)},
          {"delivery", verified ? verify::to_json(*verified) : Json(nullptr)}};
}

}  // namespace soak::gate
