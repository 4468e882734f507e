#pragma once
// Values that a run has tried and found bad: no tuner that looks here proposes them again. Numbers only; what
// the built-in rules move is numbers.

#include <soak/json.h>
#include <map>
#include <set>
#include <string>

namespace soak::tuner {

class BadValues {
 public:
  void add(const std::string& name, const Json& value) {
    if (value.is_number()) values_[name].insert(value.get<double>());
  }
  // Whether `value` is one of them, within 1e-9.
  bool contains(const std::string& name, double value) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return false;
    const auto near = found->second.lower_bound(value - kNear);
    return near != found->second.end() && *near <= value + kNear;
  }

 private:
  static constexpr double kNear = 1e-9;
  std::map<std::string, std::set<double>> values_;
};

}  // namespace soak::tuner
