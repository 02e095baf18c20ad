// Templates as OpenEXR files: channels "opacity" and "contrast" (32-bit float, lossless) and one header attribute for
// every other field of Template, so that a file read back equals what was written (docs/formats.md).
#pragma once

#include <filesystem>

#include "core/template.h"

namespace mirst {

/// Replaces an older file. Throws kBadInput (full disk, no permission) and leaves nothing behind.
void WriteTemplate(const std::filesystem::path& path, const Template& rendered);

/// Throws kBadInput naming the file: missing, truncated, no OpenEXR, without mirst's channels or attributes, larger than
/// 16384 x 16384, an opacity outside [0, 1], a contrast that is no finite number.
Template ReadTemplate(const std::filesystem::path& path);

}  // namespace mirst
