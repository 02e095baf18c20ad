#include "generator/describe_sequence.h"

#include <algorithm>

#include "datasets/sequence_journal.h"
#include "generator/inputs.h"

namespace mirst {

ManifestSequence DescribeSequence(const Inventory& inventory, const Scenario& scenario,
                                  const GenerateOptions& options) {
  const auto source_index = static_cast<std::size_t>(scenario.source);
  const SourceInfo& source = inventory.sources[source_index]->info();
  ManifestSequence sequence;
  sequence.name = SequenceName(scenario.index);
  sequence.split = inventory.splits[source_index];
  sequence.background = {source.name,
                         ToString(source.kind),
                         source.path.empty() ? "" : RelativeToRoots(source.path, options.backgrounds.paths),
                         source.sha256,
                         scenario.first_frame,
                         scenario.frames};
  for (const TargetScenario& target : scenario.targets) {
    const TargetModel& model = inventory.models[static_cast<std::size_t>(target.request.model)];
    const ManifestModel entry = {NameOf(model, options), model.sha256()};
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
