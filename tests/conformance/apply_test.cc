// `soak apply` on files: exit code, result, and the bytes left behind.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <soak/json.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/testing.h"
#include "cases.h"
#include "cli/testing.h"

namespace soak::conformance {
namespace {

using base::TempFolder;
using base::write_bytes;
using cli::Ran;
using cli::run_command;

void check_case(const Json& one) {
  const TempFolder folder;
  const std::string runtime = folder.file("runtime.json");
  if (!one["runtime"].is_null()) write_bytes(runtime, one["runtime"].get<std::string>());
  write_bytes(folder.file("deltas.json"), one["set"].dump());
  write_bytes(folder.file("guards.json"), one["guards"].dump());
  const Ran ran =
      run_command(cli::add_apply, {"apply", "--runtime", runtime, "--deltas", folder.file("deltas.json"),
                                   "--guards", folder.file("guards.json"), "--json"});
  EXPECT_EQ(ran.exit_code, one["exit"].get<int>()) << ran.err;
  EXPECT_EQ(base::bytes_of(runtime), one["after"].is_null() ? "(no file)" : one["after"].get<std::string>());
  const auto printed = parse_json(ran.out);
  ASSERT_TRUE(printed) << ran.out;
  if (one["exit"] == 1) {
    EXPECT_FALSE(ran.err.empty());
    EXPECT_TRUE(printed->contains("error")) << ran.out;
  }
  if (one["result"].is_null()) return;
  for (const auto& [key, expected] : one["result"].items())
    EXPECT_EQ(printed->value(key, Json()), expected) << key;
}

TEST(ApplyConformance, EveryCaseLeavesTheBytesAndSaysWhatItDid) {
  const auto cases = read_cases("apply.jsonl");
  EXPECT_GT(cases.size(), 200U);
  for (const Json& one : cases) {
    SCOPED_TRACE(one["name"].get<std::string>());
    check_case(one);
  }
}

class ApplyCommand : public testing::Test {
 protected:
  Ran apply(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"apply", "--runtime", runtime_});
    return run_command(cli::add_apply, std::move(arguments));
  }
  static std::string error_code(const Ran& ran) {
    const auto printed = parse_json(ran.out);
    return printed && printed->contains("error") ? (*printed)["error"]["code"].get<std::string>()
                                                 : "no error: " + ran.out;
  }
  static bool one_line(const std::string& text) {
    return !text.empty() && text.find('\n') == text.size() - 1;
  }

  TempFolder folder_;
  std::string runtime_ = folder_.file("r.json");
};

TEST_F(ApplyCommand, ReadsSetValuesAsJsonAndBareWordsAsText) {
  EXPECT_EQ(apply({"--set", "tail_age_ms=60.0", "--set", "base_spread_bps=2.5e-1"}).exit_code, 0);
  EXPECT_EQ(base::bytes_of(runtime_), R"({"engine":{"tail_age_ms":60},"risk":{"base_spread_bps":0.25}})");
  EXPECT_EQ(apply({"--set", "mode=fast", "--allow-unknown"}).exit_code, 0);
  EXPECT_EQ(base::bytes_of(runtime_),
            R"({"engine":{"tail_age_ms":60},"mode":"fast","risk":{"base_spread_bps":0.25}})");
}

TEST_F(ApplyCommand, RefusesNumbersThatJsonCannotHoldEvenWhereUnknownNamesAreAllowed) {
  for (const char* value :
       {"1e400", "nan", "-inf", "0x10", ".5", "123456789012345678901234567890", "{", "[1,"}) {
    const Ran ran = apply({"--set", std::string("mine=") + value, "--allow-unknown", "--json"});
    EXPECT_EQ(ran.exit_code, 1) << value;
    EXPECT_EQ(error_code(ran), "invalid_value") << value;
    EXPECT_TRUE(one_line(ran.err)) << ran.err;
  }
  EXPECT_EQ(base::bytes_of(runtime_), "(no file)");
}

TEST_F(ApplyCommand, LetsSetWinOverTheDeltasFile) {
  write_bytes(folder_.file("d.json"), R"({"tail_age_ms":500,"max_age_ms":900})");
  EXPECT_EQ(apply({"--deltas", folder_.file("d.json"), "--set", "tail_age_ms=600"}).exit_code, 0);
  EXPECT_EQ(base::bytes_of(runtime_), R"({"engine":{"max_age_ms":900,"tail_age_ms":600}})");
}

TEST_F(ApplyCommand, TakesGuardsAsJsonOnTheCommandLine) {
  const Ran ran =
      apply({"--set", "tail_age_ms=600", "--guards", R"({"cooldown_active":true,"cooldown_iters_left":3})"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_NE(ran.out.find("cooldown 3 iters left"), std::string::npos) << ran.out;
}

TEST_F(ApplyCommand, RefusesGuardsThatWouldLetAProposalThroughByMistake) {
  for (const char* guards :
       {R"({"freeze_triggered":1})", R"({"freeze_triggered":"true"})", R"({"freeze_triggered":null})",
        R"({"freze_triggered":true})", R"({"cooldown_active":true,"cooldown_iters_left":-1})",
        R"({"cooldown_active":true,"cooldown_iters_left":"2"})"}) {
    const Ran ran = apply({"--set", "tail_age_ms=600", "--guards", guards, "--json"});
    EXPECT_EQ(ran.exit_code, 1) << guards;
    EXPECT_EQ(error_code(ran), "invalid_value") << guards;
  }
  EXPECT_EQ(base::bytes_of(runtime_), "(no file)");
}

TEST_F(ApplyCommand, ExitsSixWhereTheHashIsNotTheExpectedOne) {
  write_bytes(runtime_, "{}");
  const Ran ran = apply({"--set", "tail_age_ms=600", "--expect-hash", std::string(64, '0'), "--json"});
  EXPECT_EQ(ran.exit_code, 6);
  EXPECT_EQ(error_code(ran), "conflict");
  EXPECT_EQ(base::bytes_of(runtime_), "{}");
}

TEST_F(ApplyCommand, ExitsTwoOnUsageErrors) {
  EXPECT_EQ(apply({}).exit_code, 2);
  EXPECT_EQ(apply({"--set", "tail_age_ms"}).exit_code, 2);
  EXPECT_EQ(apply({"--set", "=5"}).exit_code, 2);
  EXPECT_EQ(apply({"--set", "tail_age_ms=5", "--expect-hash", "abc"}).exit_code, 2);
  EXPECT_EQ(apply({"--set", "tail_age_ms=5", "--no-such-option"}).exit_code, 2);
}

TEST_F(ApplyCommand, NamesTheFileOrTheParameterOnOneLine) {
  write_bytes(folder_.file("list.json"), "[1]");
  const auto check = [&](const std::vector<std::string>& arguments, const std::string& named) {
    const Ran ran = apply(arguments);
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_TRUE(one_line(ran.err)) << ran.err;
    EXPECT_NE(ran.err.find(named), std::string::npos) << ran.err;
  };
  check({"--deltas", folder_.file("list.json")}, "list.json");
  check({"--deltas", folder_.file("none.json")}, "none.json");
  check({"--set", "tail_age_ms=5", "--guards", folder_.file("none.json")}, "none.json");
  check({"--set", "tail_age_ms=5", "--params", folder_.file("none.json")}, "none.json");
  check({"--set", "a\nb=5"}, "a b");
  check({"--set", "\xff=5", "--allow-unknown"}, "UTF-8");
}

// The exit code of an apply whose standard output is a full disk, or closed.
int exit_code_with_stdout(const char* device, std::vector<std::string> arguments) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDOUT_FILENO);
    if (device != nullptr && ::open(device, O_WRONLY) != STDOUT_FILENO) ::_exit(100);
    CLI::App app{"", "soak"};
    int exit_code = 0;
    cli::add_apply(app, exit_code);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
    ::_exit(exit_code);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST_F(ApplyCommand, ExitsFourWhereItAppliedAndCouldNotSaySo) {
  const std::vector<std::string> arguments = {"apply", "--runtime",       runtime_,
                                              "--set", "tail_age_ms=600", "--json"};
  EXPECT_EQ(exit_code_with_stdout("/dev/full", arguments), 4);
  EXPECT_EQ(base::bytes_of(runtime_), R"({"engine":{"tail_age_ms":600}})");
  EXPECT_EQ(exit_code_with_stdout("/dev/full", arguments), 1)
      << "a no-op that could not be printed changed nothing";
  EXPECT_EQ(exit_code_with_stdout(nullptr, {"apply", "--runtime", runtime_, "--set", "tail_age_ms=700"}), 4);
  EXPECT_EQ(base::bytes_of(runtime_), R"({"engine":{"tail_age_ms":700}})");
}

TEST_F(ApplyCommand, KnowsTheParametersOfAUsersRegistry) {
  write_bytes(folder_.file("p.json"),
              R"([{"name":"mode","section":"quote","type":"choice","choices":["fast","slow"]}])");
  EXPECT_EQ(apply({"--set", "mode=fast", "--params", folder_.file("p.json")}).exit_code, 0);
  EXPECT_EQ(base::bytes_of(runtime_), R"({"quote":{"mode":"fast"}})");
  EXPECT_EQ(apply({"--set", "mode=other", "--params", folder_.file("p.json")}).exit_code, 1);
}

}  // namespace
}  // namespace soak::conformance
