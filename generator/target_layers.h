// Several targets and what hides them, front to back: each target's opacity and contrast are multiplied by what lies
// before it (layers of the scene, nearer targets). What is left of them adds up: I = B + sum of a (b0 - S) + g m, in
// any order. Where masks overlap, the pixel belongs to the nearest target.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/embed_track.h"

namespace mirst {

/// Lays all targets of the scenario into every `frame_step`-th frame: fills frames, templates, visibility, scenes and
/// unit_contrast of `tracks`, one a target. A frame in which less than occlusion.hidden_below of a target's coverage is
/// left, or in which nearer targets own its whole mask, is left out of its track. With frame_step 1 the share of frames
/// in which it is seen must lie within occlusion.seen_share.
PlacementFault LayTargets(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
                          const GenerateOptions& options, int frame_step, std::vector<EmbeddedTrack>& tracks);

/// Ids (from 1) of the targets whose masks hold the pixels of frame `frame`; 0 = none; the frame's shape.
Image<std::uint16_t> OwnersAt(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks,
                              const Backdrop& backdrop, int frame);

/// Whether any other target touches the SCR window of target `i` in its k-th frame.
bool HasNeighbour(const std::vector<EmbeddedTrack>& tracks, std::size_t i, std::size_t k);

/// What the neighbours are like where their light falls outside target `i`'s support.
enum class Neighbours { kReal, kWritten };

/// Target `i` in its k-th frame, fused into the background and the light of its neighbours, as far as their gains are
/// known; their masks are left out of its background. Outside its own support their light is clipped, and with kWritten
/// rounded to whole counts.
FusedTarget FuseAmongOthers(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks, std::size_t i,
                            std::size_t k, const Backdrop& backdrop, Neighbours neighbours);

}  // namespace mirst
