// The result of a matrix for people and as JSON.

#include <fmt/format.h>

#include <array>

#include "base/plural.h"
#include "journal/record_json.h"
#include "prove/prove.h"

namespace soak::prove {
namespace {

using target::FaultKind;

constexpr std::size_t kShownMax = 20;  // bad trials told one by one

std::string name_of(FaultKind kind) {
  return kind == FaultKind::kNone ? "healthy" : std::string(target::fault_kind_name(kind));
}

std::string counts_text(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text.empty() ? "-" : text;
}

std::string table_line(const std::array<std::string, 7>& cells) {
  return fmt::format("{:<12} {:>5} {:>9} {:>7} {:>7}  {:<20} {}\n", cells[0], cells[1], cells[2], cells[3],
                     cells[4], cells[5], cells[6]);
}

std::string trial_text(const Trial& trial) {
  std::string text = trial.name + ":\n";
  for (const std::string& problem : trial.problems) text += fmt::format("  {}\n", problem);
  return text + fmt::format("  again: {}\n", trial.again);
}

std::int64_t missed(const Row& row) {
  return row.runs - row.detected;
}

// "14 fault kinds, 700 runs: 700 detected and named rightly, 0 missed", "200 healthy runs: 0 accused".
std::string sum_text(const ProveResult& result) {
  std::int64_t kinds = 0;
  std::int64_t runs = 0;
  std::int64_t detected = 0;
  std::string healthy;
  for (const Row& row : result.rows) {
    if (row.kind == FaultKind::kNone) {
      healthy = fmt::format("{}: {} accused\n", base::plural(row.runs, "healthy run"), row.detected);
      continue;
    }
    ++kinds;
    runs += row.runs;
    detected += row.detected;
  }
  std::string text;
  if (kinds > 0) {
    text =
        fmt::format("{}, {}: {} detected and named rightly, {} missed\n", base::plural(kinds, "fault kind"),
                    base::plural(runs, "run"), detected, runs - detected);
  }
  return text + healthy;
}

Json trial_to_json(const Trial& trial) {
  return {{"kind", name_of(trial.kind)},
          {"run", trial.name},
          {"seed", trial.seed ? Json(*trial.seed) : Json()},
          {"detected", trial.detected},
          {"named_as", trial.named_as},
          {"committed", journal::faults_to_json(trial.committed)},
          {"named", journal::faults_to_json(trial.named)},
          {"problems", trial.problems},
          {"again", trial.again}};
}

}  // namespace

std::string to_text(const ProveResult& result) {
  std::string text;
  for (const Row& row : result.rows) {
    if (row.kind == FaultKind::kNone) continue;
    if (text.empty())
      text = table_line({"kind", "runs", "detected", "missed", "flawed", "named as", "rightly besides"});
    text += table_line({name_of(row.kind), std::to_string(row.runs), std::to_string(row.detected),
                        std::to_string(missed(row)), std::to_string(row.bad.size()),
                        counts_text(row.named_as), counts_text(row.consequences)});
  }
  text += sum_text(result);
  std::size_t shown = 0;
  std::size_t hidden = 0;
  for (const Row& row : result.rows) {
    for (const Trial& trial : row.bad) {
      if (shown == kShownMax) {
        ++hidden;
        continue;
      }
      ++shown;
      text += trial_text(trial);
    }
  }
  if (hidden > 0) text += fmt::format("and {} more, all of them with --json\n", hidden);
  for (const std::string& note : result.notes) text += note + "\n";
  if (result.stopped) text += "stopped before all runs were made\n";
  return text + (result.passed() ? "PASS\n" : "FAIL\n");
}

Json to_json(const ProveResult& result) {
  Json kinds = Json::array();
  Json healthy = nullptr;
  Json bad = Json::array();
  for (const Row& row : result.rows) {
    for (const Trial& trial : row.bad) bad.push_back(trial_to_json(trial));
    if (row.kind == FaultKind::kNone) {
      healthy = {{"runs", row.runs}, {"accused", row.detected}};
      continue;
    }
    kinds.push_back({{"kind", name_of(row.kind)},
                     {"runs", row.runs},
                     {"detected", row.detected},
                     {"missed", missed(row)},
                     {"flawed", row.bad.size()},
                     {"named_as", row.named_as},
                     {"besides", row.consequences}});
  }
  return {{"passed", result.passed()}, {"stopped", result.stopped}, {"kinds", kinds},
          {"healthy", healthy},        {"notes", result.notes},     {"bad", bad}};
}

}  // namespace soak::prove
