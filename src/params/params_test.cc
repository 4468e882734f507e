#include <gtest/gtest.h>
#include <soak/params.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <set>
#include <string>

#include "base/testing.h"

namespace soak {
namespace {

const Parameter& builtin(const char* name) {
  const Parameter* parameter = Registry::builtin().find(name);
  EXPECT_NE(parameter, nullptr) << name;
  return *parameter;
}

Result<Registry> load(const std::string& text) {
  const base::TempFolder folder;
  base::write_bytes(folder.file("params.json"), text);
  return Registry::load(folder.file("params.json"));
}

TEST(Registry, ShipsTheSeventeenParametersInFourSections) {
  std::map<std::string, int> sections;
  for (const Parameter& parameter : Registry::builtin().all()) ++sections[parameter.section];
  EXPECT_EQ(sections, (std::map<std::string, int>{{"engine", 5}, {"market", 3}, {"risk", 5}, {"tuner", 4}}));
}

TEST(Registry, TunesRiskAndEngineOnly) {
  for (const Parameter& parameter : Registry::builtin().all()) {
    EXPECT_EQ(parameter.tuned(), parameter.section == "risk" || parameter.section == "engine")
        << parameter.name;
  }
}

TEST(Registry, HasTheBoundsOfTheDesign) {
  EXPECT_EQ(builtin("base_spread_bps").min, 0.05);
  EXPECT_EQ(builtin("base_spread_bps").max, 50);
  EXPECT_EQ(builtin("impact_cap_ratio").max, 0.5);
  EXPECT_EQ(builtin("tail_age_ms").max, 60000);
  EXPECT_EQ(builtin("max_age_ms").max, 600000);
  EXPECT_EQ(builtin("velocity_cap").min, 0);
  EXPECT_FALSE(builtin("velocity_cap").max.has_value());
  EXPECT_TRUE(builtin("tick_size").min_exclusive);
}

TEST(Registry, HasTheIntegersOfTheDesign) {
  std::set<std::string> integers;
  for (const Parameter& parameter : Registry::builtin().all()) {
    if (parameter.type == ParamType::kInteger) integers.insert(parameter.name);
  }
  EXPECT_EQ(integers,
            (std::set<std::string>{"concurrency_limit", "cooldown_iters", "max_age_ms", "min_interval_ms",
                                   "oscillation_window", "replace_rate_per_min", "tail_age_ms"}));
}

TEST(Registry, DoesNotKnowAMisspeltName) {
  EXPECT_EQ(Registry::builtin().find("base_spred_bps"), nullptr);
}

TEST(RegistryFile, AddsAParameterOfItsOwnSection) {
  const auto registry = load(
      R"([{"name": "skew", "section": "quote", "type": "number", "unit": "bps", "min": -1, "step": 0.5}])");
  ASSERT_TRUE(registry) << to_line(registry.error());
  ASSERT_NE(registry->find("skew"), nullptr);
  EXPECT_EQ(registry->find("skew")->section, "quote");
  EXPECT_EQ(step_limit_at(*registry->find("skew"), 7), 0.5);
  EXPECT_NE(registry->find("base_spread_bps"), nullptr);
}

TEST(RegistryFile, ReplacesAParameterOfTheSameName) {
  const auto registry =
      load(R"([{"name": "tail_age_ms", "section": "engine", "type": "integer", "max": 10}])");
  ASSERT_TRUE(registry) << to_line(registry.error());
  EXPECT_EQ(registry->find("tail_age_ms")->max, 10);
  EXPECT_EQ(registry->all().size(), Registry::builtin().all().size());
}

struct BadList {
  const char* text;
  const char* message;
};
void PrintTo(const BadList& list, std::ostream* out) {
  *out << list.text;
}
class RegistryFileRefused : public testing::TestWithParam<BadList> {};
TEST_P(RegistryFileRefused, NamesWhatIsWrong) {
  const auto registry = load(GetParam().text);
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code, ErrorCode::kInvalidValue);
  EXPECT_NE(registry.error().file.find("params.json"), std::string::npos);
  EXPECT_NE(registry.error().message.find(GetParam().message), std::string::npos) << registry.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    Params, RegistryFileRefused,
    testing::Values(
        BadList{"{}", "must be a JSON list"}, BadList{"[1]", "must be an object"},
        BadList{R"([{"section": "s"}])", "\"name\" is missing"},
        BadList{R"([{"name": "a"}])", "\"section\" is missing"},
        BadList{R"([{"name": "", "section": "s"}])", "\"name\" is empty"},
        BadList{R"([{"name": "a", "section": "s", "mim": 1}])", "unknown key \"mim\""},
        BadList{R"([{"name": "a", "section": "s", "type": "float"}])", "type \"float\""},
        BadList{R"([{"name": "a", "section": "s", "min": 2, "max": 1}])", "above \"max\""},
        BadList{R"([{"name": "a", "section": "s", "min": "2"}])", "\"min\" must be a number"},
        BadList{R"([{"name": "a", "section": "s", "step": 0}])", "must be above 0"},
        BadList{R"([{"name": "a", "section": "s", "step": {"relative": 0.1, "absolute": 1}}])",
                "either absolute or relative"},
        BadList{R"([{"name": "a", "section": "s", "step": {"rel": 0.1}}])", "unknown key \"rel\""},
        BadList{R"([{"name": "a", "section": "s", "type": "choice"}])", "\"choices\""},
        BadList{R"([{"name": "a", "section": "s", "choices": [1]}])", "\"choices\""},
        BadList{R"([{"name": "a", "section": "s", "type": "boolean", "step": 1}])", "only numbers"},
        BadList{R"([{"name": "a", "section": "tuner", "step": 1}])", "never tuned"},
        BadList{R"([{"name": "a", "section": "s"}, {"name": "a", "section": "t"}])", "twice"}));

TEST(StepLimitAt, IsAbsoluteOrAShareOfTheValueWithAFloor) {
  EXPECT_EQ(step_limit_at(builtin("tail_age_ms"), 1000), 100);
  EXPECT_EQ(step_limit_at(builtin("base_spread_bps"), 2), 0.5);
  EXPECT_EQ(step_limit_at(builtin("concurrency_limit"), 8), 2);
  EXPECT_EQ(step_limit_at(builtin("concurrency_limit"), 2), 1);
  EXPECT_EQ(step_limit_at(builtin("velocity_cap"), 4), std::nullopt);
}

TEST(NormaliseValue, WritesAWholeFloatOfAnIntegerParameterAsAnInteger) {
  const auto value = normalise_value(builtin("min_interval_ms"), Json(60.0));
  ASSERT_TRUE(value);
  EXPECT_EQ(canonical_json(*value), "60");
}

TEST(NormaliseValue, KeepsAnIntegerOfANumberParameterAsItIs) {
  EXPECT_EQ(canonical_json(*normalise_value(builtin("velocity_cap"), Json(2))), "2");
  EXPECT_EQ(canonical_json(*normalise_value(builtin("velocity_cap"), Json(2.0))), "2.0");
}

TEST(NormaliseValue, RefusesAFractionForAnIntegerParameter) {
  const auto value = normalise_value(builtin("min_interval_ms"), Json(10.5));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidValue);
  EXPECT_EQ(value.error().parameter, "min_interval_ms");
}

TEST(NormaliseValue, RefusesAWholeNumberThat64BitsCannotHold) {
  EXPECT_FALSE(normalise_value(builtin("min_interval_ms"), Json(1e300)));
  EXPECT_TRUE(normalise_value(builtin("min_interval_ms"), Json(1e18)));
}

TEST(NormaliseValue, RefusesEverythingThatIsNoNumber) {
  for (const char* text : {"\"0.3\"", "true", "false", "null", "[0.3]", "{\"a\":1}"}) {
    EXPECT_FALSE(normalise_value(builtin("base_spread_bps"), *parse_json(text))) << text;
  }
}

TEST(NormaliseValue, RefusesNumbersThatAreNotFinite) {
  EXPECT_FALSE(normalise_value(builtin("base_spread_bps"), Json(std::numeric_limits<double>::infinity())));
  EXPECT_FALSE(normalise_value(builtin("base_spread_bps"), Json(std::nan(""))));
}

TEST(NormaliseValue, ChecksBoundsOnlyWhenAsked) {
  EXPECT_TRUE(normalise_value(builtin("base_spread_bps"), Json(99)));
  const auto value = normalise_value(builtin("base_spread_bps"), Json(99), true);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kOutOfBounds);
  EXPECT_NE(value.error().message.find("at most 50"), std::string::npos) << value.error().message;
}

TEST(NormaliseValue, TakesTheBoundsThemselvesUnlessTheyAreExclusive) {
  EXPECT_TRUE(normalise_value(builtin("base_spread_bps"), Json(50), true));
  EXPECT_TRUE(normalise_value(builtin("base_spread_bps"), Json(0.05), true));
  EXPECT_FALSE(normalise_value(builtin("base_spread_bps"), Json(0.0499), true));
  EXPECT_FALSE(normalise_value(builtin("tick_size"), Json(0), true));
  EXPECT_TRUE(normalise_value(builtin("tick_size"), Json(1e-12), true));
}

TEST(NormaliseValue, TakesBooleansAndListedChoicesOnlyWhereTheyBelong) {
  Parameter flag{"f", "s", ParamType::kBoolean, "", {}, {}, false, {}, {}};
  EXPECT_TRUE(normalise_value(flag, Json(true)));
  EXPECT_FALSE(normalise_value(flag, Json(1)));
  Parameter choice{"c", "s", ParamType::kChoice, "", {}, {}, false, {}, {Json("fifo"), Json(2)}};
  EXPECT_TRUE(normalise_value(choice, Json("fifo")));
  EXPECT_EQ(canonical_json(*normalise_value(choice, Json(2.0))), "2");
  const auto other = normalise_value(choice, Json("lifo"));
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("\"fifo\", 2"), std::string::npos) << other.error().message;
}

TEST(SameValue, ComparesNumbersByValueAndTheRestExactly) {
  EXPECT_TRUE(same_value(Json(60), Json(60.0)));
  EXPECT_TRUE(same_value(Json(0.0), Json(-0.0)));
  EXPECT_FALSE(same_value(Json(1), Json(true)));
  EXPECT_FALSE(same_value(Json(60), Json("60")));
  EXPECT_FALSE(same_value(Json(0), Json(nullptr)));
  EXPECT_TRUE(same_value(*parse_json("[1,{\"a\":2}]"), *parse_json("[1,{\"a\":2}]")));
}

TEST(SameValue, DoesNotBendIntegersThatADoubleCannotHold) {
  EXPECT_FALSE(same_value(Json(9007199254740993), Json(9007199254740992.0)));
  EXPECT_TRUE(same_value(Json(std::uint64_t{1} << 63), Json(0x1p63)));
  EXPECT_FALSE(same_value(Json(-1), Json(std::numeric_limits<std::uint64_t>::max())));
}

TEST(ValidateDeltas, NamesTheFirstUnknownParameterAndWhatWasProbablyMeant) {
  const auto values = validate_deltas({{"base_spred_bps", 0.3}, {"tail_age_ms", 500}});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, ErrorCode::kUnknownParameter);
  EXPECT_EQ(values.error().parameter, "base_spred_bps");
  EXPECT_NE(values.error().message.find("did you mean base_spread_bps?"), std::string::npos)
      << values.error().message;
}

TEST(ValidateDeltas, TellsASectionFromAParameter) {
  const auto values = validate_deltas({{"risk", Json{{"base_spread_bps", 0.3}}}});
  ASSERT_FALSE(values);
  EXPECT_NE(values.error().message.find("is a section"), std::string::npos) << values.error().message;
}

TEST(ValidateDeltas, KeepsAnyJsonOfAnUnknownNameWhenAllowed) {
  const Json any = *parse_json(R"({"a":[1,null,"é"]})");
  const auto values = validate_deltas({{"mine", any}}, Registry::builtin(), {true, false});
  ASSERT_TRUE(values);
  EXPECT_EQ(values->at("mine"), any);
}

TEST(ValidateDeltas, RefusesWhatAFileCouldNotGiveBack) {
  Json deep = 1;
  for (int i = 0; i < 1000; ++i) deep = Json::array({std::move(deep)});
  for (const Json& value : {Json("a\xff"), Json(std::nan("")), Json{{"\xff", 1}}, deep}) {
    EXPECT_FALSE(validate_deltas({{"mine", value}}, Registry::builtin(), {true, false}));
  }
  EXPECT_FALSE(validate_deltas({{"mi\xffne", 1}}, Registry::builtin(), {true, false}));
}

TEST(Runtime, GetsAParameterFromItsOwnSectionOnly) {
  const Json runtime = *parse_json(R"({"risk":{"base_spread_bps":0.2},"tail_age_ms":5,"engine":7,"mine":1})");
  EXPECT_EQ(get_from_runtime(runtime, "base_spread_bps"), Json(0.2));
  EXPECT_EQ(get_from_runtime(runtime, "tail_age_ms"), std::nullopt);
  EXPECT_EQ(get_from_runtime(runtime, "mine"), Json(1));
  EXPECT_EQ(get_from_runtime(Json::array(), "base_spread_bps"), std::nullopt);
}

TEST(Runtime, SetsAParameterAndCreatesItsSection) {
  Json runtime = *parse_json(R"({"note":"kept"})");
  ASSERT_TRUE(set_in_runtime(runtime, "base_spread_bps", 0.3));
  EXPECT_EQ(canonical_json(runtime), R"({"note":"kept","risk":{"base_spread_bps":0.3}})");
}

TEST(Runtime, RefusesToSetWhereTheSectionIsNoObject) {
  for (const char* text : {R"({"risk":5})", R"({"risk":null})", R"({"risk":[]})", "[]", "3"}) {
    Json runtime = *parse_json(text);
    const auto set = set_in_runtime(runtime, "base_spread_bps", 0.3);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalidValue);
    EXPECT_EQ(canonical_json(runtime), text);
  }
}

TEST(Runtime, NeverPutsAForeignValueInThePlaceOfASection) {
  Json runtime = Json::object();
  EXPECT_FALSE(set_in_runtime(runtime, "risk", 1));
  EXPECT_TRUE(set_in_runtime(runtime, "mine", 1));
}

TEST(Runtime, FlattensAndNestsTheRegistrysParameters) {
  const Json runtime =
      *parse_json(R"({"engine":{"tail_age_ms":500,"x":1},"note":2,"risk":{"base_spread_bps":0.2}})");
  const ParamValues flat = get_all_params(runtime);
  EXPECT_EQ(flat, (ParamValues{{"base_spread_bps", 0.2}, {"tail_age_ms", 500}}));
  EXPECT_EQ(canonical_json(nest_params(flat)),
            R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.2}})");
}

// A list of `count` parameters, p0, p1, ...
std::string list_of(std::size_t count) {
  Json list = Json::array();
  for (std::size_t k = 0; k < count; ++k)
    list.push_back({{"name", "p" + std::to_string(k)}, {"section", "mine"}});
  return list.dump();
}

TEST(RegistryLimits, TenThousandParametersAndNotOneMore) {
  EXPECT_TRUE(Registry::parse(list_of(10'000), "p.json"));
  const auto more = Registry::parse(list_of(10'001), "p.json");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(more.error().file, "p.json");
}

TEST(RegistryLimits, AThousandChoicesOfOneParameter) {
  Json choices = Json::array();
  for (int k = 0; k < 1001; ++k) choices.push_back(k);
  Json list = {{{"name", "mode"}, {"section", "mine"}, {"type", "choice"}, {"choices", choices}}};
  EXPECT_EQ(Registry::parse(list.dump(), "p.json").error().code, ErrorCode::kLimitExceeded);
  list[0]["choices"].erase(0);
  EXPECT_TRUE(Registry::parse(list.dump(), "p.json"));
}

TEST(RegistryLimits, ANameOf256Bytes) {
  for (const char* key : {"name", "section", "unit"}) {
    Json list = {{{"name", "mode"}, {"section", "mine"}}};
    list[0][key] = std::string(256, 'x');
    EXPECT_TRUE(Registry::parse(list.dump(), "p.json")) << key;
    list[0][key] = std::string(257, 'x');
    const auto longer = Registry::parse(list.dump(), "p.json");
    ASSERT_FALSE(longer) << key;
    EXPECT_EQ(longer.error().code, ErrorCode::kLimitExceeded);
    EXPECT_NE(longer.error().message.find("longer than 256 bytes"), std::string::npos);
  }
}

}  // namespace
}  // namespace soak
