#include "core/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/parallel.h"

namespace mirst {
namespace {

TEST(MakeInOrder, TakesEveryThingOnceInOrderAndNeverHoldsMoreThanAhead) {
  const ThreadLimit threads(4);
  for (const std::size_t ahead : {1U, 3U, 8U}) {
    std::atomic<int> held = 0, most = 0;
    std::vector<std::size_t> made(200), taken;
    MakeInOrder(
        made.size(), ahead,
        [&](std::size_t i) {
          const int now = ++held;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          made[i] = i * i;
        },
        [&](std::size_t i) {
          taken.push_back(made[i]);
          --held;
        });
    ASSERT_EQ(taken.size(), made.size());
    for (std::size_t i = 0; i < taken.size(); ++i) EXPECT_EQ(taken[i], i * i);
    EXPECT_LE(most, static_cast<int>(ahead));
  }
}

TEST(MakeInOrder, AFailureOfEitherSideEndsIt) {
  for (const bool in_make : {true, false}) {
    std::size_t taken = 0;
    const auto fail_at_5 = [](std::size_t i) {
      if (i == 5) throw std::runtime_error("five");
    };
    EXPECT_THROW(MakeInOrder(
                     100, 4, [&](std::size_t i) { in_make ? fail_at_5(i) : void(); },
                     [&](std::size_t i) {
                       if (!in_make) fail_at_5(i);
                       ++taken;
                     }),
                 std::runtime_error);
    EXPECT_LE(taken, 5U);
  }
}

TEST(MakeInOrder, NothingIsTakenOfNothing) {
  MakeInOrder(
      0, 2, [](std::size_t) { FAIL(); }, [](std::size_t) { FAIL(); });
}

}  // namespace
}  // namespace mirst
