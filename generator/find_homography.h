// The first guess of a registration, method by method. For registration.cc alone.
#pragma once

#include <optional>

#include "generator/registration.h"

namespace mirst {

inline constexpr double kRegistrationSmoothing_px = 1.2;
Image<float> SmoothedForRegistration(const Image<float>& image);

/// None where the method finds nothing to hold on to. Throws kInternal for kNone and kAuto.
std::optional<Homography> FindHomography(const Image<float>& first, const Image<float>& second,
                                         RegistrationMethod method);

}  // namespace mirst
