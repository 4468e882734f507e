#include "target/sweep_grid.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "target/maker_overrides.h"
#include "target/simulated_target.h"

namespace soak::target {
namespace {

constexpr char kForm[] =
    "must be an object of parameters with lists of values, such as {\"base_spread_bps\": [0.5, 1.0]}, or a "
    "list of objects, one a set";

// Those that the market maker tells as in effect where it is told nothing: the ones that it uses.
const std::set<std::string, std::less<>>& used_names() {
  static const std::set<std::string, std::less<>> names = [] {
    std::set<std::string, std::less<>> used;
    for (const auto& [name, value] : maker_overrides(Json::object(), {}).effective) used.insert(name);
    return used;
  }();
  return names;
}

// One value, brought to its parameter's type. `where` stands before the message: "set 3: ", or nothing.
Result<Json> checked(const std::string& name, const Json& value, const std::string& where,
                     const std::string& source) {
  auto valid = validate_deltas({{name, value}}, Registry::builtin(), {.enforce_bounds = true});
  if (!valid) return fail(valid.error().code, where + name + ": " + valid.error().message, source, name);
  if (!used_names().contains(name)) {
    return fail(
        ErrorCode::kInvalidValue,
        where + name + ": the simulated market maker does not use it, so that it would change nothing",
        source, name);
  }
  return std::move(valid->begin()->second);
}

tl::unexpected<Error> too_many(const std::string& source) {
  return fail(ErrorCode::kLimitExceeded,
              fmt::format("holds more than {} parameter sets; split it", kSweepSetsMax), source);
}

tl::unexpected<Error> empty(const std::string& source) {
  return fail(ErrorCode::kInvalidValue, std::string("an empty grid; it ") + kForm, source);
}

}  // namespace

Result<SweepGrid> SweepGrid::load(const std::string& path) {
  auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  return from_json(file->value, path);
}

Result<SweepGrid> SweepGrid::from_json(const Json& json, const std::string& source) {
  if (!json.is_structured()) return fail(ErrorCode::kInvalidValue, kForm, source);
  if (json.empty()) return empty(source);
  return json.is_object() ? product_of(json, source) : list_of(json, source);
}

Result<SweepGrid> SweepGrid::product_of(const Json& json, const std::string& source) {
  SweepGrid grid;
  grid.product_ = true;
  grid.size_ = 1;
  for (const auto& [name, value] : json.items()) {  // an object's names are sorted
    const Json list = value.is_array() ? value : Json::array({value});
    if (list.empty())
      return fail(ErrorCode::kInvalidValue, name + ": its list of values is empty", source, name);
    if (list.size() > kSweepSetsMax / grid.size_) return too_many(source);
    grid.size_ *= list.size();
    std::vector<Json>& values = grid.values_.emplace_back();
    for (const Json& one : list) {
      auto normal = checked(name, one, {}, source);
      if (!normal) return tl::unexpected(normal.error());
      values.push_back(std::move(*normal));
    }
    grid.names_.push_back(name);
  }
  return grid;
}

Result<SweepGrid> SweepGrid::list_of(const Json& json, const std::string& source) {
  if (json.size() > kSweepSetsMax) return too_many(source);
  SweepGrid grid;
  grid.size_ = json.size();
  std::map<std::string, std::vector<Json>> columns;
  for (std::size_t index = 0; index < json.size(); ++index) {
    const std::string where = fmt::format("set {}: ", index + 1);
    if (!json[index].is_object())
      return fail(ErrorCode::kInvalidValue, where + "must be an object of parameters with a value each",
                  source);
    for (const auto& [name, value] : json[index].items()) {
      auto normal = checked(name, value, where, source);
      if (!normal) return tl::unexpected(normal.error());
      std::vector<Json>& column = columns[name];
      column.resize(grid.size_);
      column[index] = std::move(*normal);
    }
  }
  if (columns.empty()) return empty(source);
  for (auto& [name, column] : columns) {
    grid.names_.push_back(name);
    grid.values_.push_back(std::move(column));
  }
  return grid;
}

const Json& SweepGrid::value(std::size_t index, std::size_t name) const {
  if (!product_) return values_[name][index];
  for (std::size_t faster = names_.size() - 1; faster > name; --faster) index /= values_[faster].size();
  return values_[name][index % values_[name].size()];
}

Json SweepGrid::runtime(std::size_t index) const {
  Json runtime = default_runtime();
  for (std::size_t name = 0; name < names_.size(); ++name) {
    const Json& one = value(index, name);
    // Fails only where a section is no object.
    if (!one.is_null()) static_cast<void>(set_in_runtime(runtime, names_[name], one));
  }
  return runtime;
}

}  // namespace soak::target
