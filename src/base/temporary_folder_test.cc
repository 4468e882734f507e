#include "base/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/file.h"

namespace soak::base {
namespace {

TEST(TemporaryFolder, IsOursAloneAndGoesWithItsContent) {
  std::string path;
  {
    const auto folder = TemporaryFolder::create("soak-test-");
    ASSERT_TRUE(folder.has_value());
    path = folder->path();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    ASSERT_TRUE(write_file_atomic_not_durable(path + "/x", "1"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, MovedFromRemovesNothing) {
  auto first = TemporaryFolder::create("soak-test-");
  ASSERT_TRUE(first.has_value());
  std::optional<TemporaryFolder> second(std::move(*first));
  first = fail(ErrorCode::kIoError, "gone");
  EXPECT_TRUE(std::filesystem::exists(second->path()));
}

TEST(TemporaryFolder, SaysWhyItCannotBeMade) {
  const auto folder = TemporaryFolder::create("no/such/");
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, ErrorCode::kIoError);
}

}  // namespace
}  // namespace soak::base
