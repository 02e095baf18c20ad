#include "core/parallel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const std::size_t count : {0u, 1u, 2u, 1000u}) {
    std::vector<std::atomic<int>> visits(count);
    ParallelFor(count, [&](std::size_t i) { ++visits[i]; });
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(visits[i], 1) << i << " of " << count;
  }
}

TEST(ParallelFor, RethrowsWhatATaskThrew) {
  try {
    ParallelFor(100, [](std::size_t i) {
      if (i == 37) throw BadInput("frame 37 is broken");
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_STREQ(error.what(), "frame 37 is broken");
  }
  EXPECT_THROW(ParallelFor(100, [](std::size_t) { throw std::runtime_error("each"); }), std::runtime_error);
}

TEST(ParallelFor, AFailureEndsTheRest) {
  const ThreadLimit limit(1);
  int visits = 0;
  EXPECT_THROW(ParallelFor(1000,
                           [&](std::size_t) {
                             ++visits;
                             throw BadInput("first");
                           }),
               Error);
  EXPECT_EQ(visits, 1);
}

TEST(ThreadLimit, OfOneRunsEverythingOnTheCaller) {
  const ThreadLimit limit(1);
  EXPECT_EQ(ThreadCount(), 1);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  ParallelFor(200, [&](std::size_t) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ThreadLimit, IsNeverExceededEvenByNestedLoops) {
  const ThreadLimit limit(2);
  std::atomic<int> running = 0, most = 0;
  ParallelFor(8, [&](std::size_t) {
    ParallelFor(8, [&](std::size_t) {
      const int now = ++running;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      --running;
    });
  });
  EXPECT_LE(most, 2);
}

TEST(ParallelFor, AThreadThatWaitsForAnInnerLoopBeginsNoFurtherOuterTask) {
  const ThreadLimit limit(4);
  std::atomic<bool> nested{false};
  ParallelFor(64, [&](std::size_t) {
    thread_local int depth = 0;
    if (++depth > 1) nested = true;
    ParallelFor(8, [](std::size_t) { std::this_thread::sleep_for(std::chrono::microseconds(200)); });
    --depth;
  });
  EXPECT_FALSE(nested);
}

TEST(ParallelFor, AnInnerLoopIsNotCutShortByTheErrorOfAnotherOuterTask) {
  const ThreadLimit limit(2);
  std::atomic<int> begun{0}, cut{0};
  EXPECT_THROW(ParallelFor(2,
                           [&](std::size_t i) {
                             std::atomic<int> done{0};
                             if (i == 1) {
                               for (int wait = 0; begun == 0 && wait < 1000; ++wait)
                                 std::this_thread::sleep_for(std::chrono::milliseconds(1));
                               throw std::runtime_error("of the other");
                             }
                             ParallelFor(100, [&](std::size_t) {
                               begun = 1;
                               std::this_thread::sleep_for(std::chrono::milliseconds(1));
                               ++done;
                             });
                             if (done != 100) ++cut;
                           }),
               std::runtime_error);
  EXPECT_EQ(cut, 0);
}

TEST(ThreadLimit, EndsWithItsLife) {
  const int before = ThreadCount();
  {
    const ThreadLimit limit(1);
    EXPECT_EQ(ThreadCount(), 1);
  }
  EXPECT_EQ(ThreadCount(), before);
}

// The flag cannot be lowered again, so each of these runs in a process of its own.
class Interrupts : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
using InterruptsDeathTest = Interrupts;

TEST_F(InterruptsDeathTest, TheFirstSignalSetsTheFlagAndStopsLoops) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          CatchInterrupts();
          bool correct = !Interrupted();
          int visits = 0;
          const ThreadLimit limit(1);
          try {
            ParallelFor(10, [&](std::size_t i) {
              ++visits;
              if (i == 3) std::raise(signal_number);
            });
            correct = false;
          } catch (const Error& error) {
            correct = correct && error.code() == ErrorCode::kInterrupted && Interrupted() && visits < 10;
          }
          ::_exit(correct ? 42 : 1);
        },
        testing::ExitedWithCode(42), "");
  }
}

TEST_F(InterruptsDeathTest, TheSecondSignalEndsTheProcessWhicheverItIs) {
  EXPECT_EXIT(
      {
        CatchInterrupts();
        std::raise(SIGINT);
        std::raise(SIGTERM);
        ::_exit(0);
      },
      testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace mirst
