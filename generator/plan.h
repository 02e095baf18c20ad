// Finds places for the targets of each sequence: background, paths, attitudes and ranges at which the SCR asked for can
// be reached and the targets are what they claim. Nothing is written here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datasets/sequence_source.h"
#include "generator/embed_track.h"
#include "generator/options.h"
#include "generator/scenario.h"
#include "generator/target_view.h"
#include "renderer/render_template.h"

namespace mirst {

/// What a data set is made from.
struct Inventory {
  std::vector<std::unique_ptr<SequenceSource>> sources;
  std::vector<std::string> splits;  ///< of each source
  std::vector<TargetModel> models;
  std::vector<std::string> model_splits;  ///< of each model where they are held out, else none
  /// The same views are asked for while a pose is sought, on each path tried with it, and when frames are written.
  std::unique_ptr<TargetCamera> camera;
};

/// Opens backgrounds and models and assigns the splits. Sources too short or too small are left out with a warning.
/// Throws kBadInput when none is left.
Inventory OpenInventory(const GenerateOptions& options);

/// Reads the stretch of background that a scenario names, finds the layers before the targets, paints the decoys; knows
/// the frames' sums where targets are placed by them (scr.id: global).
Backdrop ReadBackdrop(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options);

/// Places one target after the other, each seen together with those before it. The first one: tries placements until
/// one is acceptable; half of them on the sequence's own source, the rest on others of its split. The others: on the
/// stretch that it has chosen. Without an acceptable one: the least bad that reaches the SCR. Throws kBadInput when
/// none does and lowering is off.
Scenario PlanSequence(const Inventory& inventory, const SequenceRequest& request, const GenerateOptions& options);

}  // namespace mirst
