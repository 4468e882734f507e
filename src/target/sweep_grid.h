#pragma once
// The parameter sets of a sweep, from JSON (docs/sweep.md): an object of lists is their full product, the
// last name varying fastest, a plain number counting as a list of one; a list of objects is those sets. Names
// are sorted. A value that no set names is that of the default runtime. Immutable and thread safe.

#include <soak/params.h>
#include <soak/result.h>
#include <cstddef>
#include <string>
#include <vector>

namespace soak::target {

inline constexpr std::size_t kSweepSetsMax = 1'000'000;

class SweepGrid {
 public:
  // Errors name the file and the parameter: kUnknownParameter, kInvalidValue (also a parameter that the
  // market maker does not use, and a grid of nothing), kOutOfBounds, kLimitExceeded; those of reading a file.
  static Result<SweepGrid> load(const std::string& path);
  static Result<SweepGrid> from_json(const Json& json, const std::string& source);

  std::size_t size() const { return size_; }
  const std::vector<std::string>& names() const { return names_; }
  // The runtime of set `index` < size().
  Json runtime(std::size_t index) const;

 private:
  static Result<SweepGrid> product_of(const Json& json, const std::string& source);
  static Result<SweepGrid> list_of(const Json& json, const std::string& source);
  const Json& value(std::size_t index, std::size_t name) const;

  std::vector<std::string> names_;
  std::size_t size_ = 0;
  // Of each name, its values. A product is decoded from the index, so that a million sets take no room; a
  // list has one value a set, null where the set does not name it.
  std::vector<std::vector<Json>> values_;
  bool product_ = false;
};

}  // namespace soak::target
