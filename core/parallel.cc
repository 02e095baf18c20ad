#include "core/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <csignal>

#include "core/error.h"

namespace mirst {
namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void OnInterrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

struct ThreadLimit::State {
  explicit State(std::size_t threads) : control(tbb::global_control::max_allowed_parallelism, threads) {}
  tbb::global_control control;
};

ThreadLimit::ThreadLimit(int threads)
    : state_(
          std::make_unique<State>(static_cast<std::size_t>(threads > 0 ? threads : tbb::info::default_concurrency()))) {
}
ThreadLimit::~ThreadLimit() = default;

int ThreadCount() {
  return std::max(1, static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism)));
}

void ParallelFor(std::size_t count, const std::function<void(std::size_t)>& task) {
  const auto run = [&](const tbb::blocked_range<std::size_t>& range) {
    for (std::size_t i = range.begin(); i != range.end(); ++i) {
      ThrowIfInterrupted();
      task(i);
    }
  };
  // A thread that waits for a loop within a task must not begin another task of the outer loop meanwhile: what the
  // first one holds (a sequence's frames) would pile up.
  // Nor must another outer task's error end this loop midway, as if all of it were done.
  tbb::task_group_context own(tbb::task_group_context::isolated);
  tbb::this_task_arena::isolate(
      [&] { tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 1), run, tbb::simple_partitioner(), own); });
}

void CatchInterrupts() {
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
}

bool Interrupted() { return interrupted != 0; }

void ThrowIfInterrupted() {
  if (Interrupted()) throw Error(ErrorCode::kInterrupted, "interrupted");
}

}  // namespace mirst
