#include "generator/generated_stream.h"

#include <fmt/format.h>

#include <optional>

#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/pipeline.h"
#include "core/version.h"
#include "generator/describe_sequence.h"
#include "generator/make_sample.h"
#include "generator/plan_data_set.h"
#include "generator/plan_to_quota.h"

namespace mirst {

GeneratedStream::GeneratedStream(const GenerateOptions& options)
    : options_(options),
      inventory_(OpenInventory(options)),
      scenarios_(PlanSequences(inventory_, RequestsOf(inventory_, options), options)) {
  manifest_.program_version = ProgramVersion();
  manifest_.program_git = GitRevision();
  manifest_.config_json = PrintOptions(options_, OptionsFormat::kJson);
  manifest_.seed = options_.seed;
  manifest_.dataset_id = "stream-" + Sha256OfText(manifest_.config_json);
  for (const Scenario& scenario : scenarios_)
    manifest_.sequences.push_back(DescribeSequence(inventory_, scenario, options_));
}

void GeneratedStream::Run(std::string_view split, const std::function<void(Sample)>& take) const {
  std::vector<const Scenario*> wanted;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    if (manifest_.sequences[i].split == split) wanted.push_back(&scenarios_[i]);
  }
  std::vector<std::optional<Sample>> made(wanted.size());
  MakeInOrder(
      wanted.size(), 2 * static_cast<std::size_t>(ThreadCount()),
      [&](std::size_t i) {
        InContext(fmt::format("sequence {:06}", wanted[i]->index),
                  [&] { made[i] = MakeSample(inventory_, *wanted[i], options_); });
      },
      [&](std::size_t i) {
        Sample sample = std::move(*made[i]);
        made[i].reset();
        take(std::move(sample));
      });
}

}  // namespace mirst
