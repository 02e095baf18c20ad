// What the seeded driver of a fuzz target mutates.
#pragma once

#include <string>
#include <vector>

namespace mirst::fuzz {

/// One small valid input of each kind, without its first byte, which is its place in the list.
std::vector<std::string> Seeds();

}  // namespace mirst::fuzz
