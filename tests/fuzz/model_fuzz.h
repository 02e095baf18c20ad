// Kinds of input of the fuzz target, by the first byte.
#pragma once

#include <array>

namespace mirst::fuzz {

inline constexpr std::array<const char*, 8> kExtensions{".obj", ".stl", ".ply",  ".off",
                                                        ".ac",  ".dae", ".gltf", ".yaml"};

}  // namespace mirst::fuzz
