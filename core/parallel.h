// Threads: TBB behind two calls, and the flag that Ctrl-C sets. Results never depend on the number of threads: a task
// writes only what belongs to its index.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace mirst {

/// Limits all parallel work of the process while it lives. 0 = as many threads as cores.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Threads that parallel work uses now, >= 1.
int ThreadCount();

/// Calls task(0) ... task(count - 1), several at a time, one index a task; returns when all have ended. The first
/// exception ends the rest and is rethrown; an interrupt (below) throws kInterrupted.
void ParallelFor(std::size_t count, const std::function<void(std::size_t)>& task);

/// From now on SIGINT and SIGTERM set a flag instead of ending the process; a second one ends it at once.
void CatchInterrupts();
bool Interrupted();
/// Throws kInterrupted when the flag is set. Long loops call it.
void ThrowIfInterrupted();

}  // namespace mirst
