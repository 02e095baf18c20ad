#include "generator/make_sample.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "generator/compose_sample.h"
#include "generator/finish_sample.h"
#include "generator/target_view.h"

namespace mirst {
namespace {

// Where each number comes from, beside what was measured.
void AddProvenance(const TargetCamera& camera, std::vector<TargetViews>& views, Sample& sample) {
  for (LabelledFrame& labelled : sample.frames) {
    FrameAnnotation& annotation = labelled.annotation;
    annotation.random_key = sample.key.WithFrame(static_cast<std::uint32_t>(annotation.index));
    for (std::size_t i = 0; i < views.size(); ++i)
      annotation.targets[i].radiometry = camera.Radiometry(views[i].At(annotation.index));
  }
}

}  // namespace

Sample MakeSample(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
  SumFrames(backdrop);  // every SCR is measured on what is written
  std::vector<const TargetModel*> models;
  std::vector<TargetViews> views;
  for (const TargetScenario& target : scenario.targets) {
    models.push_back(&inventory.models[static_cast<std::size_t>(target.request.model)]);
    views.emplace_back(*models.back(), target, *inventory.camera);
  }
  const auto embed = [&](const std::vector<double>& scr) {
    Scenario wanted = scenario;
    bool planned = true;
    for (std::size_t i = 0; i < scr.size(); ++i) {
      planned = planned && scr[i] == scenario.targets[i].scr;
      wanted.targets[i].scr = scr[i];
    }
    std::vector<EmbeddedTrack> tracks;
    const PlacementFault fault = EmbedTracks(wanted, views, backdrop, options, 1, tracks);
    const auto is_missed = [](const EmbeddedTrack& track) { return track.gains.empty(); };
    const bool missed = std::any_of(tracks.begin(), tracks.end(), is_missed);
    if (fault == PlacementFault::kNone && missed && !planned)
      throw BadInput(
          fmt::format("the linear SCR {:.3g} that the gain control needs cannot be reached", fmt::join(scr, ", ")));
    if (fault != PlacementFault::kNone || missed) throw InternalError("a planned placement cannot be carried out");
    return ComposeSample(wanted, tracks, backdrop, options, models);
  };
  std::vector<double> scr;
  for (const TargetScenario& target : scenario.targets) scr.push_back(target.scr);
  Sample sample = NeedsFinish(options) ? FinishSample(backdrop, options, scr, embed) : embed(scr);
  AddProvenance(*inventory.camera, views, sample);
  return sample;
}

}  // namespace mirst
