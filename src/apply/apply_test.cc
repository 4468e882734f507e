// apply_deltas_with_tracking on real files.

#include <soak/apply.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/testing.h"

namespace soak {
namespace {

using base::bytes_of;
using base::TempFolder;
using base::write_bytes;

TEST(ApplyToFile, WritesCanonicalJsonWithoutAFinalNewline) {
  const TempFolder folder;
  const auto result =
      apply_deltas_with_tracking(folder.file("r.json"), {{"tail_age_ms", 500}, {"base_spread_bps", 0.25}});
  ASSERT_TRUE(result) << to_line(result.error());
  EXPECT_EQ(bytes_of(folder.file("r.json")),
            R"({"engine":{"tail_age_ms":500},"risk":{"base_spread_bps":0.25}})");
}

TEST(ApplyToFile, ChangesTheStateHashToThatOfTheBytes) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "{\n  \"risk\": {\"base_spread_bps\": 0.2}\n}\n");
  const std::string before = base::sha256_hex(bytes_of(folder.file("r.json")));
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.3}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->old_hash, before);
  EXPECT_EQ(result->state_hash, base::sha256_hex(bytes_of(folder.file("r.json"))));
  EXPECT_NE(result->state_hash, before);
}

TEST(ApplyToFile, LetsTheLastOfTwoEqualKeysWin) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), R"({"risk":{"base_spread_bps":1},"risk":{"base_spread_bps":0.2}})");
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->no_op);
}

struct BadFile {
  const char* bytes;
  ErrorCode code;
};
void PrintTo(const BadFile& file, std::ostream* out) {
  *out << (*file.bytes == '\0' ? "an empty file" : file.bytes);
}
class ApplyToBadFile : public testing::TestWithParam<BadFile> {};
TEST_P(ApplyToBadFile, IsAnErrorThatNamesTheFileAndLeavesIt) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), GetParam().bytes);
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, GetParam().code);
  EXPECT_EQ(result.error().file, folder.file("r.json"));
  EXPECT_EQ(bytes_of(folder.file("r.json")), GetParam().bytes);
}
INSTANTIATE_TEST_SUITE_P(Apply, ApplyToBadFile,
                         testing::Values(BadFile{"", ErrorCode::kInvalidJson},
                                         BadFile{"{\"risk\":", ErrorCode::kInvalidJson},
                                         BadFile{"{\"a\":1e400}", ErrorCode::kInvalidJson},
                                         BadFile{"[]", ErrorCode::kInvalidValue}));

TEST(ApplyToFile, RefusesANestingThatNoReaderFollows) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
}

TEST(ApplyToFile, RefusesAFolder) {
  const TempFolder folder;
  const auto result = apply_deltas_with_tracking(folder.path(), {{"base_spread_bps", 0.2}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotAFile);
}

TEST(ApplyToFile, NamesTheFileWhoseFolderIsMissingWhateverTheGuardsSay) {
  const TempFolder folder;
  GuardFlags guards;
  guards.freeze_triggered = true;
  const auto result =
      apply_deltas_with_tracking(folder.file("none/r.json"), {{"base_spread_bps", 0.2}}, guards);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
}

TEST(ApplyToFile, RefusesALinkToNothing) {
  const TempFolder folder;
  std::filesystem::create_symlink("none", folder.file("r.json"));
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
}

// Between a read that found nothing and the question why, another writer may have put the file there.
TEST(ApplyToFile, TakesAFileThatAppearsMeanwhileForNoLink) {
  const TempFolder folder;
  const std::string runtime = folder.file("r.json");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (;;) {
      write_bytes(folder.file("new"), "{}");
      ::rename(folder.file("new").c_str(), runtime.c_str());
      ::unlink(runtime.c_str());
    }
  }
  ApplyOptions options;
  options.dry_run = true;
  for (int i = 0; i < 3'000; ++i) {
    const auto result = apply_deltas_with_tracking(runtime, {{"base_spread_bps", 0.2}}, {}, options);
    EXPECT_TRUE(result) << to_line(result.error());
    if (!result) break;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(ApplyToFile, RefusesAnUnreadableFile) {
  if (::geteuid() == 0) {
    // The superuser reads everything: a child gives its rights up first.
    const TempFolder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
    write_bytes(folder.file("r.json"), "{}");
    std::filesystem::permissions(folder.file("r.json"), std::filesystem::perms(0));
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
      const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
      ::_exit(!result && result.error().code == ErrorCode::kPermissionDenied ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(bytes_of(folder.file("r.json")), "{}");
    return;
  }
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "{}");
  std::filesystem::permissions(folder.file("r.json"), std::filesystem::perms(0));
  const auto result = apply_deltas_with_tracking(folder.file("r.json"), {{"base_spread_bps", 0.2}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kPermissionDenied);
}

// Every win is one link of the hash chain: with an update lost there would be fewer states than wins.
TEST(ApplyToFile, LosesNoUpdateAmongProcessesThatCompareAndSwap) {
  const TempFolder folder;
  const std::string runtime = folder.file("r.json");
  constexpr int kWriters = 4;
  constexpr int kWins = 15;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int wins = 0, tries = 0; wins < kWins; ++tries) {
        if (tries > 100'000) ::_exit(2);
        const auto file = read_json_with_hash(runtime);
        const std::int64_t count =
            file ? get_from_runtime(file->value, "max_age_ms").value_or(Json(0)).get<std::int64_t>() : 0;
        ApplyOptions options;
        options.expect_hash = file ? file->state_hash : "absent";
        const auto result = apply_deltas_with_tracking(runtime, {{"max_age_ms", count + 1}}, {}, options);
        if (result) ++wins;
        if (!result && result.error().code != ErrorCode::kConflict) ::_exit(3);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(bytes_of(runtime), "{\"engine\":{\"max_age_ms\":" + std::to_string(kWriters * kWins) + "}}");
}

TEST(ApplyToFile, LetsWritersOfDifferentParametersBothWin) {
  const TempFolder folder;
  const std::string runtime = folder.file("r.json");
  const std::vector<std::string> names = {"tail_age_ms", "max_age_ms", "min_interval_ms",
                                          "concurrency_limit"};
  std::vector<pid_t> children;
  for (const std::string& name : names) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int i = 1; i <= 15; ++i) {
        const auto result = apply_deltas_with_tracking(runtime, {{name, i}});
        if (!result || !result->applied) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(bytes_of(runtime),
            R"({"engine":{"concurrency_limit":15,"max_age_ms":15,"min_interval_ms":15,"tail_age_ms":15}})");
}

}  // namespace
}  // namespace soak
