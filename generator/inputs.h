// Every file and stand-in that a data set's pixels and labels may depend on, with its hash: the manifest names them,
// and a run that is resumed or merged must have had the same.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "generator/plan.h"

namespace mirst {

/// kind -> name -> SHA-256. Kinds: "background" (the source's content hash), "boxes" and "capture" (boxes.csv and
/// capture.json beside a source's frames), "model" (with an OBJ's material libraries and a glTF's buffers),
/// "materials", "atmosphere" (a table's file), "layer" (each file of occlusion.layers), "library". Names are relative
/// to the roots that the options name, so no machine's own paths. Reads what the inventory has not hashed. Throws
/// kBadInput.
std::map<std::string, std::map<std::string, std::string>> HashInputs(const Inventory& inventory,
                                                                     const GenerateOptions& options);

/// "builtin:NAME", or the model's path below the first root that holds it.
std::string NameOf(const TargetModel& model, const GenerateOptions& options);

/// The path below the first root that holds it; the file's own name where the root is the source itself.
std::string RelativeToRoots(const std::filesystem::path& path, const std::vector<std::string>& roots);

}  // namespace mirst
