// Options of the model-driven methods on the command line.
#pragma once

#include "detector/model_driven/methods.h"
#include "tools/command.h"

namespace mirst {

/// Adds --method-config --set --print-config.
void AddMethodOptions(CLI::App& command, CommonFlags& flags);

/// The file with --set laid over it. Throws kUsage listing every fault.
ModelDrivenOptions ReadMethodOptions(const CommonFlags& flags);

}  // namespace mirst
