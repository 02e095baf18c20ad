#include "detector/network/parallel_for.h"

#include <ATen/Parallel.h>

namespace mirst {

void TorchParallelFor(std::int64_t begin, std::int64_t end, std::int64_t grain,
                      const std::function<void(std::int64_t, std::int64_t)>& run) {
  at::parallel_for(begin, end, grain, [&](std::int64_t first, std::int64_t last) { run(first, last); });
}

}  // namespace mirst
