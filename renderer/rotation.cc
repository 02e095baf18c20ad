#include "renderer/rotation.h"

#include <cmath>

#include "core/units.h"

namespace mirst {

CosSin CosSinOf(double degrees) {
  int quarter_turns = 0;
  const double x = Radians(std::remquo(degrees, 90.0, &quarter_turns)), x2 = x * x;  // |x| <= pi / 4, exact reduction
  double c = 1, s = 1;
  for (int n = 18; n >= 2; n -= 2) {  // Taylor; the next terms are below 1e-18
    c = 1 - x2 / (n * (n - 1)) * c;
    s = 1 - x2 / (n * (n + 1)) * s;
  }
  s *= x;
  switch (quarter_turns & 3) {
    case 0: return {c, s};
    case 1: return {-s, c};
    case 2: return {-c, -s};
    default: return {s, -c};
  }
}

}  // namespace mirst
