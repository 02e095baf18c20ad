// The sub-commands of `mirst physics`: each file tools/physics_<name>.cc adds one.
#pragma once

#include "tools/command.h"

namespace mirst {

void AddPhysicsAtmosphere(CLI::App& physics);
void AddPhysicsPsf(CLI::App& physics);
void AddPhysicsRadiance(CLI::App& physics);

}  // namespace mirst
