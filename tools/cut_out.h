// A target cut out of a picture, as a template: PNG with an alpha channel.
#pragma once

#include <filesystem>
#include <optional>

#include "core/template.h"

namespace mirst {

/// Opacity = alpha over its full scale; contrast = opacity (grey - level), in counts; the anchor is the middle of the
/// picture. `level` is what surrounded the target, default the lowest grey where alpha is not 0. `supersampling` cells
/// of the file make a pixel along each axis. Throws kBadInput: no PNG of 8 or 16 bit with alpha, alpha 0 everywhere, or
/// one grey alone (with the default level).
Template ReadCutOut(const std::filesystem::path& path, std::optional<double> level, int supersampling);

}  // namespace mirst
