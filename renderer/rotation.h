// Cosine and sine by exact reduction and polynomials: the same bits on every machine, unlike a C library's.
#pragma once

namespace mirst {

struct CosSin {
  double cos = 1;
  double sin = 0;
};

/// Absolute error below 2e-16; exact at multiples of 90 degrees. `degrees` must be finite.
CosSin CosSinOf(double degrees);

}  // namespace mirst
