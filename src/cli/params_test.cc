#include <gtest/gtest.h>
#include <soak/json.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/testing.h"
#include "cli/testing.h"

namespace soak::cli {
namespace {

class ParamsCommand : public testing::Test {
 protected:
  static Ran params(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "params");
    return run_command(add_params, std::move(arguments));
  }
  Ran on_runtime(const std::string& action, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {action, "--runtime", runtime_});
    return params(std::move(arguments));
  }
  base::TempFolder folder_;
  std::string runtime_ = folder_.file("r.json");
};

TEST_F(ParamsCommand, ListsTheRegistryInTheFormThatParamsFilesHave) {
  const Ran listed = params({"list", "--json"});
  EXPECT_EQ(listed.exit_code, kExitOk);
  base::write_bytes(folder_.file("p.json"), listed.out);
  const Ran again = params({"list", "--json", "--params", folder_.file("p.json")});
  EXPECT_EQ(again.exit_code, kExitOk) << again.err;
  EXPECT_EQ(again.out, listed.out);
}

TEST_F(ParamsCommand, ListsOneParameterALine) {
  const Ran listed = params({"list"});
  EXPECT_EQ(std::count(listed.out.begin(), listed.out.end(), '\n'), 18);
  EXPECT_NE(listed.out.find("\nconcurrency_limit      engine   integer"), std::string::npos) << listed.out;
}

TEST_F(ParamsCommand, GetsOneValueBareAndSeveralByName) {
  base::write_bytes(runtime_, R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.2}})");
  EXPECT_EQ(on_runtime("get", {"tail_age_ms"}).out, "500\n");
  EXPECT_EQ(on_runtime("get").out, "base_spread_bps=0.2\ntail_age_ms=500\n");
  EXPECT_EQ(on_runtime("get", {"--json"}).out, "{\"base_spread_bps\":0.2,\"tail_age_ms\":500}\n");
}

TEST_F(ParamsCommand, TellsAnUnknownParameterFromOneThatIsNotSet) {
  base::write_bytes(runtime_, "{}");
  const Ran unknown = on_runtime("get", {"tail_age"});
  EXPECT_EQ(unknown.exit_code, kExitError);
  EXPECT_NE(unknown.err.find("unknown parameter"), std::string::npos) << unknown.err;
  const Ran unset = on_runtime("get", {"tail_age_ms"});
  EXPECT_EQ(unset.exit_code, kExitError);
  EXPECT_NE(unset.err.find("tail_age_ms is not set"), std::string::npos) << unset.err;
}

TEST_F(ParamsCommand, SetsThroughATrackedApply) {
  const Ran ran = on_runtime("set", {"tail_age_ms=500.0", "base_spread_bps=0.2"});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(base::bytes_of(runtime_), R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.2}})");
  EXPECT_NE(ran.out.find("tail_age_ms: (not set) -> 500"), std::string::npos) << ran.out;
  EXPECT_EQ(on_runtime("set", {"tail_age=1"}).exit_code, kExitError);
}

TEST_F(ParamsCommand, ValidatesARuntimeInWhichEveryValueIsRight) {
  base::write_bytes(runtime_, R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":50}})");
  EXPECT_EQ(on_runtime("validate").exit_code, kExitOk);
  EXPECT_EQ(on_runtime("validate", {"--json"}).out, "{\"problems\":[],\"valid\":true}\n");
}

TEST_F(ParamsCommand, NamesEveryValueThatIsUnknownMistypedMisplacedOrOutOfBounds) {
  base::write_bytes(runtime_, R"({"engine":{"concurrency_limit":500,"max_age_ms":60.5},"market":3,"note":1,)"
                              R"("risk":{"base_spread_bps":"x","tail_age_ms":500,"zz":1},"tick_size":0.1})");
  const Ran ran = on_runtime("validate", {"--json"});
  EXPECT_EQ(ran.exit_code, kExitError);
  const auto printed = parse_json(ran.out);
  ASSERT_TRUE(printed) << ran.out;
  EXPECT_EQ((*printed)["valid"], false);
  std::set<std::string> named;
  for (const Json& problem : (*printed)["problems"]) named.insert(problem["parameter"].get<std::string>());
  EXPECT_EQ(named, (std::set<std::string>{"base_spread_bps", "concurrency_limit", "market", "max_age_ms",
                                          "note", "tail_age_ms", "tick_size", "zz"}));
}

TEST_F(ParamsCommand, LetsForeignKeysPassOnRequest) {
  base::write_bytes(runtime_, R"({"note":1,"risk":{"mine":1}})");
  EXPECT_EQ(on_runtime("validate").exit_code, kExitError);
  EXPECT_EQ(on_runtime("validate", {"--allow-unknown"}).exit_code, kExitOk);
}

}  // namespace
}  // namespace soak::cli
