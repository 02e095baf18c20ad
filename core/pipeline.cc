#include "core/pipeline.h"

#include <tbb/parallel_pipeline.h>

#include "core/parallel.h"

namespace mirst {

void MakeInOrder(std::size_t count, std::size_t ahead, const std::function<void(std::size_t)>& make,
                 const std::function<void(std::size_t)>& take) {
  std::size_t next = 0;
  const auto deal = [&](tbb::flow_control& control) {
    if (next == count) {
      control.stop();
      return count;
    }
    return next++;
  };
  const auto made = [&](std::size_t i) {
    ThrowIfInterrupted();
    make(i);
    return i;
  };
  tbb::parallel_pipeline(ahead, tbb::make_filter<void, std::size_t>(tbb::filter_mode::serial_in_order, deal) &
                                    tbb::make_filter<std::size_t, std::size_t>(tbb::filter_mode::parallel, made) &
                                    tbb::make_filter<std::size_t, void>(tbb::filter_mode::serial_in_order, take));
}

}  // namespace mirst
