#include "apply/pipeline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apply/memory_store.h"
#include "base/sha256.h"

namespace soak::apply {
namespace {

using base::sha256_hex;

Result<ApplyResult> run(Store& store, const ParamValues& deltas, const GuardFlags& guards = {},
                        const ApplyOptions& options = {}, const BeforeCommit& hook = {}) {
  return apply_to_store(store, deltas, guards, options, Registry::builtin(), hook);
}

GuardFlags all_guards() {
  GuardFlags guards;
  guards.freeze_triggered = guards.oscillation_detected = guards.velocity_violation = guards.cooldown_active =
      true;
  guards.cooldown_iters_left = 2;
  return guards;
}

TEST(Pipeline, WritesTheFirstValuesWhereThereIsNoRuntime) {
  MemoryStore store;
  const auto result = run(store, {{"base_spread_bps", 0.25}, {"tail_age_ms", 500.0}});
  ASSERT_TRUE(result) << to_line(result.error());
  EXPECT_TRUE(result->applied);
  EXPECT_EQ(store.bytes(), R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.25}})");
  EXPECT_EQ(result->old_hash, sha256_hex("{}"));
  EXPECT_EQ(result->state_hash, sha256_hex(store.bytes()));
  EXPECT_EQ(result->bytes_written, store.bytes().size());
  EXPECT_EQ(result->changed_keys, (std::vector<std::string>{"base_spread_bps", "tail_age_ms"}));
  EXPECT_FALSE(result->skip_reason.has_value());
}

TEST(Pipeline, NamesOnlyTheKeysThatChangedWithOldAndNewValues) {
  MemoryStore store(R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.25}})");
  const auto result = run(store, {{"base_spread_bps", 0.25}, {"tail_age_ms", 600}, {"max_age_ms", 900}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->changed_keys, (std::vector<std::string>{"max_age_ms", "tail_age_ms"}));
  EXPECT_EQ(result->old_values, (ParamValues{{"tail_age_ms", 500}}));
  EXPECT_EQ(result->new_values, (ParamValues{{"max_age_ms", 900}, {"tail_age_ms", 600}}));
}

TEST(Pipeline, KeepsForeignKeysAndTheSpellingOfUnchangedValues) {
  MemoryStore store(
      R"({"z":[1,{"k":null}],"risk":{"mine":1,"base_spread_bps":1},"engine":{"tail_age_ms":500.0}})");
  ASSERT_TRUE(run(store, {{"base_spread_bps", 1.0}, {"tail_age_ms", 500}, {"max_age_ms", 900}}));
  EXPECT_EQ(
      store.bytes(),
      R"({"engine":{"max_age_ms":900,"tail_age_ms":500.0},"risk":{"base_spread_bps":1,"mine":1},"z":[1,{"k":null}]})");
}

TEST(Pipeline, LeavesTheBytesWhereEveryValueIsAlreadyThere) {
  const std::string bytes = "{ \"engine\" : { \"tail_age_ms\" : 500.0 } }\n";
  MemoryStore store(bytes);
  const auto result = run(store, {{"tail_age_ms", 500}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->no_op);
  EXPECT_FALSE(result->applied);
  EXPECT_EQ(result->skip_reason->note, "no effective change");
  EXPECT_TRUE(result->skip_reason->no_op);
  EXPECT_EQ(result->state_hash, sha256_hex(bytes));
  EXPECT_EQ(store.replaces, 0);
}

TEST(Pipeline, VouchesForWhatIsInPlaceBeforeItSaysThatNothingIsToDo) {
  MemoryStore store(R"({"engine":{"tail_age_ms":500}})");
  ASSERT_TRUE(run(store, {{"tail_age_ms", 500}}));
  EXPECT_EQ(store.made_durable, 1);
  store.durable_fails = ErrorCode::kUnknownOutcome;
  const auto doubtful = run(store, {{"tail_age_ms", 500}});
  ASSERT_FALSE(doubtful);
  EXPECT_EQ(doubtful.error().code, ErrorCode::kUnknownOutcome);
  ApplyOptions dry;
  dry.dry_run = true;
  EXPECT_TRUE(run(store, {{"tail_age_ms", 500}}, {}, dry)) << "a dry run vouches for nothing";
}

TEST(Pipeline, TakesAnEmptyProposalForANoOp) {
  MemoryStore store;
  const auto result = run(store, {});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->no_op);
  EXPECT_FALSE(store.exists());
}

TEST(PipelineGuards, BlockInTheOrderFreezeOscillationVelocityCooldown) {
  GuardFlags guards = all_guards();
  const auto note = [&] {
    MemoryStore store("{}");
    const auto result = run(store, {{"base_spread_bps", 0.3}}, guards);
    return result && !result->applied && store.replaces == 0 ? result->skip_reason->note : "not held";
  };
  EXPECT_EQ(note(), "freeze guard active");
  guards.freeze_triggered = false;
  EXPECT_EQ(note(), "oscillation detected");
  guards.oscillation_detected = false;
  EXPECT_EQ(note(), "velocity cap exceeded");
  guards.velocity_violation = false;
  EXPECT_EQ(note(), "cooldown 2 iters left");
  guards.cooldown_iters_left.reset();
  EXPECT_EQ(note(), "cooldown N iters left");
}

TEST(PipelineGuards, SetExactlyOneFlagOfTheSkipReason) {
  const auto reason = skip_reason_of(all_guards());
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->freeze + reason->oscillation + reason->velocity + reason->cooldown + reason->no_op, 1);
  EXPECT_EQ(skip_reason_of({}), std::nullopt);
}

TEST(PipelineGuards, BlockBeforeAnythingIsValidated) {
  MemoryStore store(R"({"risk":5})");
  const auto result = run(store, {{"no_such", 1}, {"base_spread_bps", "x"}}, all_guards());
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->skip_reason->freeze);
  EXPECT_EQ(result->state_hash, sha256_hex(store.bytes()));
}

TEST(PipelineGuards, DoNotHideARuntimeThatCannotBeRead) {
  MemoryStore torn("{\"risk\":");
  const auto invalid = run(torn, {{"base_spread_bps", 0.3}}, all_guards());
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().code, ErrorCode::kInvalidJson);
  EXPECT_EQ(invalid.error().file, "memory");
  MemoryStore unreadable("{}");
  unreadable.load_fails = "cannot read";
  EXPECT_FALSE(run(unreadable, {{"base_spread_bps", 0.3}}, all_guards()));
}

TEST(Pipeline, RefusesAnEmptyFileAndDoesNotTakeItForAnEmptyObject) {
  MemoryStore store("");
  EXPECT_FALSE(run(store, {{"base_spread_bps", 0.3}}));
}

struct Refusal {
  const char* runtime;
  const char* deltas;
  ErrorCode code;
};
// The test's name shows the case, and no addresses.
void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.deltas << " on " << refusal.runtime;
}
class PipelineRefuses : public testing::TestWithParam<Refusal> {};
TEST_P(PipelineRefuses, AndWritesNothing) {
  MemoryStore store(GetParam().runtime);
  const auto result = run(store, parse_json(GetParam().deltas)->get<ParamValues>());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, GetParam().code) << to_line(result.error());
  EXPECT_EQ(store.replaces, 0);
}
INSTANTIATE_TEST_SUITE_P(
    Apply, PipelineRefuses,
    testing::Values(Refusal{"{}", R"({"base_spred_bps":0.3})", ErrorCode::kUnknownParameter},
                    Refusal{"{}", R"({"tail_age_ms":500,"no_such":1})", ErrorCode::kUnknownParameter},
                    Refusal{"{}", R"({"base_spread_bps":"0.3"})", ErrorCode::kInvalidValue},
                    Refusal{"{}", R"({"base_spread_bps":true})", ErrorCode::kInvalidValue},
                    Refusal{"{}", R"({"base_spread_bps":null})", ErrorCode::kInvalidValue},
                    Refusal{"{}", R"({"base_spread_bps":{"value":1}})", ErrorCode::kInvalidValue},
                    Refusal{"{}", R"({"tail_age_ms":10.5})", ErrorCode::kInvalidValue},
                    Refusal{R"({"risk":5})", R"({"base_spread_bps":0.3})", ErrorCode::kInvalidValue},
                    Refusal{R"({"risk":null})", R"({"base_spread_bps":0.3})", ErrorCode::kInvalidValue},
                    Refusal{R"({"risk":[]})", R"({"base_spread_bps":0.3})", ErrorCode::kInvalidValue},
                    Refusal{R"({"engine":{"tail_age_ms":500},"risk":5})",
                            R"({"tail_age_ms":500,"base_spread_bps":0.3})", ErrorCode::kInvalidValue},
                    Refusal{"[]", R"({"base_spread_bps":0.3})", ErrorCode::kInvalidValue},
                    Refusal{"null", R"({})", ErrorCode::kInvalidValue},
                    Refusal{"3", R"({})", ErrorCode::kInvalidValue}));

TEST(Pipeline, MindsOnlyTheSectionsThatItTouches) {
  MemoryStore store(R"({"risk":5})");
  ASSERT_TRUE(run(store, {{"tail_age_ms", 500}}));
  EXPECT_EQ(store.bytes(), R"({"engine":{"tail_age_ms":500},"risk":5})");
}

TEST(PipelineOptions, AllowUnknownWritesAtTheTopLevel) {
  MemoryStore store("{}");
  ApplyOptions options;
  options.allow_unknown = true;
  ASSERT_TRUE(run(store, {{"mine", Json{{"a", 1}}}}, {}, options));
  EXPECT_EQ(store.bytes(), R"({"mine":{"a":1}})");
}

TEST(PipelineOptions, BoundsAreEnforcedOnlyOnRequest) {
  MemoryStore store("{}");
  ASSERT_TRUE(run(store, {{"base_spread_bps", 99}}));
  ApplyOptions options;
  options.enforce_bounds = true;
  const auto result = run(store, {{"base_spread_bps", 98}}, {}, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kOutOfBounds);
}

TEST(PipelineOptions, ADryRunSaysWhatWouldBeAndWritesNothing) {
  MemoryStore store("{}");
  ApplyOptions options;
  options.dry_run = true;
  const auto result = run(store, {{"base_spread_bps", 0.3}}, {}, options);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->applied);
  EXPECT_TRUE(result->dry_run);
  EXPECT_EQ(result->state_hash, sha256_hex(R"({"risk":{"base_spread_bps":0.3}})"));
  EXPECT_EQ(store.bytes(), "{}");
  EXPECT_EQ(to_json(*result)["dry_run"], true);
}

TEST(PipelineExpectedHash, RefusesAnotherVersionEvenForANoOp) {
  MemoryStore store(R"({"risk":{"base_spread_bps":0.3}})");
  ApplyOptions options;
  options.expect_hash = sha256_hex("{}");
  const auto result = run(store, {{"base_spread_bps", 0.3}}, {}, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
}

TEST(PipelineExpectedHash, TakesTheReportedHashOrTheWordAbsentWhereThereIsNoFile) {
  for (const std::string& expected : {sha256_hex("{}"), std::string("absent")}) {
    MemoryStore store;
    ApplyOptions options;
    options.expect_hash = expected;
    EXPECT_TRUE(run(store, {{"base_spread_bps", 0.3}}, {}, options)) << expected;
  }
}

TEST(PipelineExpectedHash, TellsAnEmptyObjectFromAbsent) {
  MemoryStore store("{}");
  ApplyOptions options;
  options.expect_hash = "absent";
  const auto result = run(store, {{"base_spread_bps", 0.3}}, {}, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
}

// ---- a rollback ----

Result<ApplyResult> restore(Store& store, const Json& runtime, const BeforeCommit& hook = {}) {
  const std::string expected = sha256_hex(store.load()->bytes);
  return restore_to_store(store, runtime, expected, Registry::builtin(), hook);
}

TEST(Restore, PutsTheRuntimeInPlaceWholeAndNamesWhatItChanges) {
  MemoryStore store(R"({"engine":{"tail_age_ms":900},"risk":{"base_spread_bps":0.3,"max_delta_ratio":0.5}})");
  const auto result =
      restore(store, {{"engine", {{"tail_age_ms", 500}}}, {"risk", {{"max_delta_ratio", 0.5}}}});
  ASSERT_TRUE(result) << to_line(result.error());
  EXPECT_TRUE(result->applied);
  EXPECT_EQ(store.bytes(), R"({"engine":{"tail_age_ms":500},"risk":{"max_delta_ratio":0.5}})");
  EXPECT_EQ(result->state_hash, sha256_hex(store.bytes()));
  EXPECT_EQ(result->changed_keys, (std::vector<std::string>{"base_spread_bps", "tail_age_ms"}));
  EXPECT_EQ(result->old_values, (ParamValues{{"base_spread_bps", 0.3}, {"tail_age_ms", 900}}));
  EXPECT_EQ(result->new_values, (ParamValues{{"tail_age_ms", 500}}));
}
TEST(Restore, OfWhatIsThereIsANoOp) {
  MemoryStore store(R"({"engine":{"tail_age_ms":500}})");
  const auto result = restore(store, {{"engine", {{"tail_age_ms", 500}}}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->no_op);
  EXPECT_EQ(store.replaces, 0);
  EXPECT_EQ(store.made_durable, 1);
}
TEST(Restore, NeverOverwritesAnotherContentThanTheExpectedOne) {
  MemoryStore store(R"({"mine":1})");
  const auto refused = restore_to_store(store, Json::object(), sha256_hex("{}"), Registry::builtin());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store.bytes(), R"({"mine":1})");
}
TEST(Restore, TellsTheHookBothHashes) {
  MemoryStore store(R"({"engine":{"tail_age_ms":900}})");
  Intent seen;
  ASSERT_TRUE(restore(store, Json::object(), [&](const Intent& intent) -> Result<void> {
    seen = intent;
    return {};
  }));
  EXPECT_EQ(seen.old_hash, sha256_hex(R"({"engine":{"tail_age_ms":900}})"));
  EXPECT_EQ(seen.new_hash, sha256_hex("{}"));
}

TEST(PipelineRace, StartsAgainFromTheOtherWritersContent) {
  MemoryStore store("{}");
  store.before_replace = [](MemoryStore& other) {
    if (other.replaces == 1) other.put(R"({"engine":{"tail_age_ms":500}})");
  };
  const auto result = run(store, {{"base_spread_bps", 0.3}});
  ASSERT_TRUE(result) << to_line(result.error());
  EXPECT_EQ(store.bytes(), R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.3}})");
  EXPECT_EQ(result->old_hash, sha256_hex(R"({"engine":{"tail_age_ms":500}})"));
}

TEST(PipelineRace, IsAConflictWhereACertainVersionWasExpected) {
  MemoryStore store("{}");
  store.before_replace = [](MemoryStore& other) { other.put(R"({"mine":1})"); };
  ApplyOptions options;
  options.expect_hash = sha256_hex("{}");
  const auto result = run(store, {{"base_spread_bps", 0.3}}, {}, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store.bytes(), R"({"mine":1})");
}

TEST(PipelineRace, NoticesAFileThatAppearsAsAnEmptyObject) {
  MemoryStore store;
  store.before_replace = [](MemoryStore& other) {
    if (other.replaces == 1) other.put("{}");
  };
  ASSERT_TRUE(run(store, {{"base_spread_bps", 0.3}}));
  EXPECT_EQ(store.replaces, 2);
}

TEST(PipelineRace, GivesUpAfterABoundedNumberOfLosses) {
  MemoryStore store("{}");
  store.before_replace = [](MemoryStore& other) {
    other.put("{\"n\":" + std::to_string(other.replaces) + "}");
  };
  const auto result = run(store, {{"base_spread_bps", 0.3}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store.replaces, kRaceAttemptsMax);
}

TEST(PipelineOutcome, UnknownIsNeitherRetriedNorTakenForAFailure) {
  MemoryStore store("{}");
  store.replace_fails = ErrorCode::kUnknownOutcome;
  const auto result = run(store, {{"base_spread_bps", 0.3}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnknownOutcome);
  EXPECT_EQ(store.replaces, 1);
}

TEST(PipelineHook, LearnsBothHashesBeforeTheNewBytesAreInPlace) {
  MemoryStore store;
  std::vector<Intent> intents;
  bool existed = true;
  const auto result =
      run(store, {{"base_spread_bps", 0.3}}, {}, {}, [&](const Intent& intent) -> Result<void> {
        intents.push_back(intent);
        existed = store.exists();
        return {};
      });
  ASSERT_TRUE(result);
  ASSERT_EQ(intents.size(), 1U);
  EXPECT_EQ(intents[0].old_version, "absent");
  EXPECT_EQ(intents[0].old_hash, result->old_hash);
  EXPECT_EQ(intents[0].new_hash, result->state_hash);
  EXPECT_EQ(intents[0].changed_keys, result->changed_keys);
  EXPECT_FALSE(existed);
}

TEST(PipelineHook, StopsTheApplyWithAnError) {
  MemoryStore store("{}");
  const auto result = run(store, {{"base_spread_bps", 0.3}}, {}, {}, [](const Intent&) -> Result<void> {
    return fail(ErrorCode::kIoError, "journal full");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "journal full");
  EXPECT_EQ(store.bytes(), "{}");
}

TEST(PipelineHook, IsNotCalledWhereNothingIsWritten) {
  MemoryStore store("{}");
  int calls = 0;
  const auto hook = [&](const Intent&) -> Result<void> {
    ++calls;
    return {};
  };
  ApplyOptions dry;
  dry.dry_run = true;
  EXPECT_TRUE(run(store, {}, {}, {}, hook));
  EXPECT_TRUE(run(store, {{"base_spread_bps", 0.3}}, all_guards(), {}, hook));
  EXPECT_TRUE(run(store, {{"base_spread_bps", 0.3}}, {}, dry, hook));
  EXPECT_FALSE(run(store, {{"no_such", 0.3}}, {}, {}, hook));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace soak::apply
