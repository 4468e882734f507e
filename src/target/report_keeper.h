#pragma once
// The reports of one iteration, within bounds: a target that reports a thousand times a second must fill
// neither memory nor journal. Up to kReportsMax and kBytesMax all are kept; then only those that could prove
// something new: another `effective` than the one before, evidence beyond all that was kept, the first
// settled one; and always the last. At ten times the bounds only the last one is. Pure.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/records.h"

namespace soak::target {

class ReportKeeper {
 public:
  static constexpr std::size_t kReportsMax = 1000;
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20;
  static constexpr std::size_t kCrammed = 10;  // × the bounds

  // In the order of their arrival. `bytes`: the size that it came with.
  void add(journal::SeenReport report, std::size_t bytes);
  std::size_t dropped() const { return dropped_; }
  bool empty() const { return kept_.empty(); }
  std::vector<journal::SeenReport> take() { return std::move(kept_); }

 private:
  bool says_something_new(const journal::SeenReport& report) const;
  void remember_evidence(const Json& report);

  std::vector<journal::SeenReport> kept_;
  std::size_t bytes_ = 0;
  std::size_t last_bytes_ = 0;
  bool last_is_spare_ = false;  // kept for being the last, and to go when another comes
  std::size_t dropped_ = 0;
  struct Range {
    double low, high;
  };
  std::map<std::string, Range> evidence_;  // "PARAMETER/BOUND" → what the kept ones measured
};

}  // namespace soak::target
