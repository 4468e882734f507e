#include "base/plural.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace soak::base {
namespace {

TEST(Plural, HasAnSUnlessThereIsOne) {
  EXPECT_EQ(plural(0, "iteration"), "0 iterations");
  EXPECT_EQ(plural(1, "iteration"), "1 iteration");
  EXPECT_EQ(plural(std::uint64_t{2}, "delivery fault"), "2 delivery faults");
}

}  // namespace
}  // namespace soak::base
