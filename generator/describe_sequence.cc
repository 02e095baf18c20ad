#include "generator/describe_sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace mirst {
namespace {

// The path below the first root that holds it; the file's own name where the root is the source itself.
std::string RelativeToRoots(const std::filesystem::path& path, const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    const std::filesystem::path relative = std::filesystem::absolute(path).lexically_normal().lexically_relative(
        std::filesystem::absolute(root).lexically_normal());
    if (!relative.empty() && *relative.begin() != "..") return relative.generic_string();
  }
  return path.filename().string();
}

}  // namespace

ManifestSequence DescribeSequence(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const auto source_index = static_cast<std::size_t>(scenario.source);
  const SourceInfo& source = inventory.sources[source_index]->info();
  ManifestSequence sequence;
  sequence.name = fmt::format("{:06}", scenario.index);
  sequence.split = inventory.splits[source_index];
  sequence.background = {source.name,
                         ToString(source.kind),
                         source.path.empty() ? "" : RelativeToRoots(source.path, options.backgrounds.paths),
                         source.sha256,
                         scenario.first_frame,
                         scenario.frames};
  for (const TargetScenario& target : scenario.targets) {
    const TargetModel& model = inventory.models[static_cast<std::size_t>(target.request.model)];
    const bool builtin = model.path().starts_with("builtin:");
    const ManifestModel entry = {builtin ? model.path() : RelativeToRoots(model.path(), options.models.paths),
                                 model.sha256()};
    if (std::find(sequence.models.begin(), sequence.models.end(), entry) == sequence.models.end())
      sequence.models.push_back(entry);
  }
  sequence.frames = scenario.frames;
  sequence.width = source.width;
  sequence.height = source.height;
  sequence.bit_depth = options.sensor.displayed() ? 8 : source.bit_depth;
  sequence.scenario_json = ToJson(scenario);
  return sequence;
}

}  // namespace mirst
