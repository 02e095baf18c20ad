// From a file's units and axes to metres and the body frame (x nose, y left, z up), centred on the box. What neither the
// file nor the material map says is guessed from the shape, and every guess is told.
#pragma once

#include <string>
#include <vector>

#include "renderer/material.h"
#include "renderer/mesh_import.h"

namespace mirst {

/// Moves `imported.mesh` into the body frame, box centred on the origin. Returns what is doubtful, one sentence each.
std::vector<std::string> OrientMesh(ImportedMesh& imported, const TargetKind& kind);

}  // namespace mirst
