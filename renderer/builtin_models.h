// Target models made of closed bodies, so that mirst runs with no files. Metres, body frame, wound counter-clockwise
// seen from outside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renderer/mesh.h"

namespace mirst {

/// The mesh of a name of BuiltinModels(); throws kBadInput for another.
TriangleMesh BuildModel(std::string_view name);

}  // namespace mirst
