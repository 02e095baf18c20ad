// The random choices of the search for placements (plan.h): where in the backgrounds, which pose, which path. Each is a
// function of its key.
#pragma once

#include <vector>

#include "generator/plan.h"

namespace mirst {

/// Indices of the sources that a sequence tries: its own (the sources in turn), then others of its split, 8 at most.
std::vector<int> SourcesInOrder(const Inventory& inventory, int sequence);

/// The first placement that is no longer tried on the source-th of `sources`: half of them are for the own source, the
/// rest for the others in equal parts; all of them where it is alone.
int LastPlacement(std::size_t source, std::size_t sources, int placements);

/// Number of frames, and the first one in the scenario's source.
void DrawStretch(const RandomKey& key, const Inventory& inventory, const GenerateOptions& options, Scenario& scenario);

/// Attitude, its rate, and the range at which the target has the area asked for. Several paths are tried with one pose.
void DrawPose(const RandomKey& key, const TargetModel& model, const GenerateOptions& options, TargetCamera& camera,
              TargetScenario& scenario);

/// The path of the scenario's last target, with attitudes and ranges where its motion decides them: the first one's on
/// its own, further ones by target.grouping; in scene coordinates where the scene's motion is known. False when the
/// target is too large for the frame, the paths before leave none, or it does not cross the border as asked.
bool DrawPathInFrame(const RandomKey& key, const Backdrop& backdrop, TargetViews& views, const GenerateOptions& options,
                     Scenario& scenario);

}  // namespace mirst
