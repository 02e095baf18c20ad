// What is asked of a model's file before Assimp reads it: numbers of vertices and faces that Assimp would believe and
// reserve memory for, and headers that it would read for ever. For the renderer's own files.
#pragma once

#include <filesystem>

namespace mirst {

/// Looks at .ply, .off, .ac, .dae and .gltf files; lets all others pass. Throws kBadInput with the line: a PLY header
/// with a line that does not belong there or without end, or more items announced than a file of that size can hold.
void CheckModelFile(const std::filesystem::path& path);

}  // namespace mirst
