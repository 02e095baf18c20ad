// LibTorch's exceptions as mirst's own. Included by .cc files only.
#pragma once

#include <c10/util/Exception.h>

#include <string>
#include <utility>

#include "core/error.h"

namespace mirst {

/// Calls `function`; a failure inside LibTorch becomes an Error: kBadInput where memory runs out, else kInternal.
template <class Function>
decltype(auto) TranslateTorchErrors(Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    if (text.find("allocate") != std::string::npos || text.find("out of memory") != std::string::npos) {
      throw BadInput("not enough memory: " + text);
    }
    throw InternalError("LibTorch: " + text);
  }
}

}  // namespace mirst
