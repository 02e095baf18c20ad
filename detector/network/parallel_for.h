// Work on ranges with LibTorch's threads.
#pragma once

#include <cstdint>
#include <functional>

namespace mirst {

/// Calls run(first, last) for parts of [begin, end) of at least `grain` on the threads of at::set_num_threads, as
/// at::parallel_for does. That is a template, and where it is compiled without OpenMP it takes one thread and says
/// nothing; this function's file is compiled with OpenMP (by GCC: with Clang it takes one thread).
void TorchParallelFor(std::int64_t begin, std::int64_t end, std::int64_t grain,
                      const std::function<void(std::int64_t, std::int64_t)>& run);

}  // namespace mirst
