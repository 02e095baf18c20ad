// Things made by several threads and taken one after the other in order, with a bounded number of them in memory.
#pragma once

#include <cstddef>
#include <functional>

namespace mirst {

/// Calls make(0) ... make(count - 1), several at a time, and take(0), take(1), ... one at a time and in order, each
/// after its make; at most `ahead` (>= 1) are made and not yet taken. The first exception ends the rest and is
/// rethrown; an interrupt throws kInterrupted.
void MakeInOrder(std::size_t count, std::size_t ahead, const std::function<void(std::size_t)>& make,
                 const std::function<void(std::size_t)>& take);

}  // namespace mirst
