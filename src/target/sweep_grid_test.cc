#include "target/sweep_grid.h"

#include <gtest/gtest.h>

namespace soak::target {
namespace {

constexpr char kFile[] = "grid.json";

Result<SweepGrid> grid_of(const std::string& text) {
  const auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return SweepGrid::from_json(*json, kFile);
}
double number(const SweepGrid& grid, std::size_t index, const char* name) {
  return get_from_runtime(grid.runtime(index), name)->get<double>();
}
Error error_of(const std::string& text) {
  const auto grid = grid_of(text);
  EXPECT_FALSE(grid.has_value()) << text;
  return grid ? Error{} : grid.error();
}

TEST(SweepGrid, AnObjectIsTheFullProductAndItsLastNameVariesFastest) {
  const auto grid = grid_of(R"({"min_interval_ms": [50, 100], "base_spread_bps": [0.5, 1.0, 2]})");
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->names(), (std::vector<std::string>{"base_spread_bps", "min_interval_ms"}));
  ASSERT_EQ(grid->size(), 6U);
  const double expected[6][2] = {{0.5, 50}, {0.5, 100}, {1, 50}, {1, 100}, {2, 50}, {2, 100}};
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_EQ(number(*grid, k, "base_spread_bps"), expected[k][0]);
    EXPECT_EQ(number(*grid, k, "min_interval_ms"), expected[k][1]);
  }
}

TEST(SweepGrid, APlainNumberIsAListOfOne) {
  const auto grid = grid_of(R"({"max_age_ms": 5000, "base_spread_bps": [1, 2]})");
  ASSERT_TRUE(grid);
  ASSERT_EQ(grid->size(), 2U);
  EXPECT_EQ(number(*grid, 1, "max_age_ms"), 5000);
}

TEST(SweepGrid, AListIsItsSetsInItsOrder) {
  const auto grid =
      grid_of(R"([{"min_interval_ms": 70}, {}, {"base_spread_bps": 3, "min_interval_ms": 60}])");
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->names(), (std::vector<std::string>{"base_spread_bps", "min_interval_ms"}));
  ASSERT_EQ(grid->size(), 3U);
  EXPECT_EQ(number(*grid, 0, "min_interval_ms"), 70);
  EXPECT_EQ(number(*grid, 1, "min_interval_ms"), 30);
  EXPECT_EQ(number(*grid, 2, "base_spread_bps"), 3);
}

TEST(SweepGrid, WhatItDoesNotNameIsAsInTheDefaultRuntime) {
  const auto grid = grid_of(R"({"min_interval_ms": 70})");
  ASSERT_TRUE(grid);
  EXPECT_EQ(number(*grid, 0, "base_spread_bps"), 1.0);
  EXPECT_EQ(number(*grid, 0, "concurrency_limit"), 12);
}

TEST(SweepGrid, AWholeNumberIsTakenAsAnInteger) {
  const auto grid = grid_of(R"({"min_interval_ms": [70.0]})");
  ASSERT_TRUE(grid);
  EXPECT_EQ(canonical_json(*get_from_runtime(grid->runtime(0), "min_interval_ms")), "70");
}

TEST(SweepGrid, NamesTheFileTheParameterAndTheSetThatAreWrong) {
  const struct {
    const char* text;
    ErrorCode code;
    const char* parameter;
    const char* says;
  } wrong[] = {
      {R"({"base_spred_bps": 1})", ErrorCode::kUnknownParameter, "base_spred_bps", "base_spread_bps?"},
      {R"({"base_spread_bps": "wide"})", ErrorCode::kInvalidValue, "base_spread_bps", "must be a number"},
      {R"({"base_spread_bps": [1, [2]]})", ErrorCode::kInvalidValue, "base_spread_bps", "not a list"},
      {R"({"base_spread_bps": [1, null]})", ErrorCode::kInvalidValue, "base_spread_bps", "not null"},
      {R"({"min_interval_ms": 10.5})", ErrorCode::kInvalidValue, "min_interval_ms", "whole number"},
      {R"({"base_spread_bps": [1, 51]})", ErrorCode::kOutOfBounds, "base_spread_bps", "at most 50"},
      {R"({"base_spread_bps": []})", ErrorCode::kInvalidValue, "base_spread_bps", "empty"},
      {R"({"cooldown_iters": [1, 2]})", ErrorCode::kInvalidValue, "cooldown_iters", "does not use it"},
      {R"({"tick_size": 0.1})", ErrorCode::kInvalidValue, "tick_size", "does not use it"},
      {R"([{"base_spread_bps": 1}, {"base_spread_bps": 51}])", ErrorCode::kOutOfBounds, "base_spread_bps",
       "set 2: base_spread_bps: 51"},
      {R"([{"base_spread_bps": 1}, 5])", ErrorCode::kInvalidValue, "", "set 2: must be an object"},
      {R"([{"base_spread_bps": [1]}])", ErrorCode::kInvalidValue, "base_spread_bps", "not a list"},
      {"{}", ErrorCode::kInvalidValue, "", "empty grid"},
      {"[]", ErrorCode::kInvalidValue, "", "empty grid"},
      {"[{}, {}]", ErrorCode::kInvalidValue, "", "empty grid"},
      {"5", ErrorCode::kInvalidValue, "", "must be an object of parameters"},
  };
  for (const auto& one : wrong) {
    const Error error = error_of(one.text);
    EXPECT_EQ(error.code, one.code) << one.text;
    EXPECT_EQ(error.file, kFile) << one.text;
    EXPECT_EQ(error.parameter, one.parameter) << one.text;
    EXPECT_NE(error.message.find(one.says), std::string::npos) << one.text << ": " << error.message;
  }
}

TEST(SweepGrid, HoldsAMillionSetsAndNotOneMore) {
  Json ten = Json::array();
  for (int value = 1; value <= 10; ++value) ten.push_back(value);
  Json product;
  for (const char* name : {"base_spread_bps", "base_spread_bps_delta", "concurrency_limit", "max_age_ms",
                           "min_interval_ms", "replace_rate_per_min"}) {
    product[name] = ten;
  }
  product["base_spread_bps_delta"] = {0, 1, 2, 3, 4, 5, 0.5, 1.5, 2.5, 3.5};
  for (Json& age : product["max_age_ms"]) age = age.get<int>() * 50;
  const auto most = SweepGrid::from_json(product, kFile);
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_EQ(most->size(), kSweepSetsMax);
  EXPECT_EQ(number(*most, kSweepSetsMax - 1, "replace_rate_per_min"), 10);
  product["tail_age_ms"] = {100, 200};
  const auto more = SweepGrid::from_json(product, kFile);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(more.error().file, kFile);
}

TEST(SweepGrid, AFileThatIsNoJsonIsNamed) {
  const auto grid = SweepGrid::load("/nowhere/grid.json");
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(grid.error().file, "/nowhere/grid.json");
}

}  // namespace
}  // namespace soak::target
