#include "detector/network/parallel_for.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mirst {
namespace {

class ParallelForTest : public testing::Test {
 protected:
  void SetUp() override { torch::set_num_threads(2); }
  void TearDown() override { torch::set_num_threads(1); }
};

// A build without OpenMP would pass every other test, at half the speed.
TEST_F(ParallelForTest, TakesAsManyThreadsAsAreSet) {
#ifdef __clang__
  GTEST_SKIP() << "one thread in builds by Clang";
#endif
  std::mutex mutex;
  std::set<std::thread::id> threads;
  TorchParallelFor(0, 64, 1, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), 2U);
}

TEST_F(ParallelForTest, VisitsEveryIndexOnce) {
  for (const std::int64_t grain : {1, 3, 1000}) {
    std::vector<int> visits(101, 0);
    TorchParallelFor(1, 101, grain, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) ++visits[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(visits[0], 0);
    for (std::size_t i = 1; i < visits.size(); ++i) EXPECT_EQ(visits[i], 1) << i << ", grain " << grain;
  }
  TorchParallelFor(5, 5, 1, [](std::int64_t, std::int64_t) { FAIL() << "an empty range"; });
}

TEST_F(ParallelForTest, AnExceptionReachesTheCaller) {
  const auto fail = [](std::int64_t, std::int64_t last) {
    if (last == 64) throw std::runtime_error("the last part");
  };
  EXPECT_THROW(TorchParallelFor(0, 64, 1, fail), std::runtime_error);
}

}  // namespace
}  // namespace mirst
