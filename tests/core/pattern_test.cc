#include "core/pattern.h"

#include <gtest/gtest.h>

namespace mirst {
namespace {

TEST(Patterns, KnowStarsAndQuestionMarks) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("*engine*", "left/Engine_2/steel"));
  EXPECT_TRUE(MatchesPattern("a*b*c", "axxbxbxc"));
  EXPECT_TRUE(MatchesPattern("?ig21", "MiG21"));
  EXPECT_FALSE(MatchesPattern("a*b", "axc"));
  EXPECT_FALSE(MatchesPattern("abc", "abcd"));
  EXPECT_FALSE(MatchesPattern("?", ""));
  EXPECT_TRUE(MatchesAny({"sea", "hdd-*"}, "HDD-sky"));
  EXPECT_FALSE(MatchesAny({"sea", "hdd"}, "hdd-sky"));
}

}  // namespace
}  // namespace mirst
