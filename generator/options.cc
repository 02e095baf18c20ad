#include "generator/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "generator/motion_models.h"
#include "metrics/scr.h"
#include "renderer/atmosphere.h"

namespace mirst {

void Visit(OptionsVisitor& v, BackgroundOptions& o) {
  v.TextList("paths", o.paths,
             "sequence folders, folders of sequence folders, or video files; none: procedural stand-in");
  v.TextList("names", o.names, "only sources of such names, * any run, ? any character, e.g. [hdd-*, sea]; none: all");
  v.Text("library", o.library,
         "catalogue of `mirst inspect --library`, in place of paths: its fit sources, their suspects ignored");
  v.Integer("procedural_sources", o.procedural_sources, {1, 10000},
            "how many procedural stand-ins, where no paths are given");
  v.Choice(
      "real_targets", o.real_targets, {"avoid", "excise", "ignore"},
      "real targets that boxes.csv or the library names; avoid: stay away, in the ignore mask; excise: taken out by "
      "neighbouring frames' pixels, where those show what is behind, else avoid; ignore: in the ignore mask alone");
  v.Group("procedural", o.procedural, "the stand-in");
}

void Visit(OptionsVisitor& v, ModelOptions& o) {
  v.TextList("paths", o.paths, "model files, folders, or builtin:NAME; none: the built-in ones that fly");
  v.Text("materials", o.materials, "YAML material map that goes before the built-in rules; empty: none");
}

void Visit(OptionsVisitor& v, CameraOptions& o) {
  v.Real("focal_length_mm", o.focal_length_mm, {1, 10000}, "mm");
  v.Real("pixel_pitch_um", o.pixel_pitch_um, {1, 200}, "um");
  v.Interval("band_um", o.band_um, {1, 30}, "spectral band, um");
  v.Real("f_number", o.f_number, {0.5, 32}, "of the lens");
  v.Choice("psf", o.psf, {"gaussian", "airy"},
           "shape of the point spread function; airy: the lens itself over the band, with rings, defocus and jitter");
  v.OptionalReal("psf_sigma_px", o.psf_sigma_px, {0, 10},
                 "sigma of the Gaussian PSF, px; null: 0.450 lambda F / pitch at the band's centre");
  v.Real("defocus_um", o.defocus_um, {-10000, 10000}, "the detector's distance from the focus, um; psf: airy");
  v.Real("jitter_px", o.jitter_px, {0, 20}, "standard deviation of the line of sight along each axis, px; psf: airy");
  v.Real("halo_share", o.halo_share, {0, 0.9},
         "share of the light that lens, detector and electronics scatter over a wider Gaussian");
  v.Real("halo_sigma_px", o.halo_sigma_px, {0.1, 20}, "sigma of that Gaussian, px");
  v.Real("fill_factor", o.fill_factor, {0.01, 1},
         "active share of a pixel's area, a centred square; a pixel's value is the mean over it");
  v.Real("integration_share", o.integration_share, {0, 1},
         "integration time as a share of the frame time (motion smear)");
  v.Choice("count_limits", o.count_limits, {"auto", "format"},
           "counts a target may reach; auto: 16..235 where the background keeps to it, 14 bits likewise; format: all "
           "that the file holds");
  v.OptionalReal(
      "saturation_counts", o.saturation_counts, {1, 65535},
      "where the camera's display ends: no target is brighter, unless the background is; null: at the limits");
}

void Visit(OptionsVisitor& v, SceneOptions& o) {
  v.Real("air_temperature_k", o.air_temperature_k, {180, 340}, "K");
  v.Real("background_temperature_k", o.background_temperature_k, {3, 400}, "apparent temperature behind the target, K");
  v.Text("atmosphere", o.atmosphere,
         "between target and camera: none, a profile (us76, ...), or a table's file (.csv, .yaml)");
  v.Real("altitude_m", o.altitude_m, {0, 20000}, "height of the profile's path, m");
  v.OptionalReal("visibility_km", o.visibility_km, {0.05, 500}, "of the profile's aerosol, km; null: rural, 23 km");
  v.Choice("haze_law", o.haze_law, {"kruse", "kim"}, "how the aerosol's extinction falls with wavelength");
  v.OptionalReal("sky_temperature_k", o.sky_temperature_k, {3, 400},
                 "of the sky that surfaces reflect, K; null: the air's");
  v.OptionalReal("ground_temperature_k", o.ground_temperature_k, {3, 400},
                 "of the ground that surfaces reflect, K; null: the air's");
  v.OptionalReal("sun_elevation_deg", o.sun_elevation_deg, {-90, 90},
                 "above the horizon, degrees; null: no sun. It is reflected in the band and heats skins");
  v.Real("sun_azimuth_deg", o.sun_azimuth_deg, {-360, 360},
         "from the line of sight to the right, degrees; 0: behind the target, 180: behind the camera");
  v.Real("sun_transmission", o.sun_transmission, {0, 1}, "of the air above, in the band");
  v.Real("sun_irradiance_w_m2", o.sun_irradiance_w_m2, {0, 2000}, "of all wavelengths, across the rays, W/m2");
  v.Real("camera_elevation_deg", o.camera_elevation_deg, {-90, 90}, "of the optical axis above the horizon, degrees");
}

void Visit(OptionsVisitor& v, TargetOptions& o) {
  v.Interval("count", o.count, {1, 8}, "targets of a sequence; stratified over the sequences");
  v.Choice("grouping", o.grouping, {"independent", "crossing", "formation", "swarm"},
           "paths of the second and further targets: on their own; through a place of the first one's path at the same "
           "time; beside an earlier target at its velocity; loosely about the first one (three or more)");
  v.Interval("spacing_px", o.spacing_px, {0, 200},
             "distance of the centres where paths cross, or in formation all along, px");
  VisitLaw(v, "area_px", o.area_px, SampledQuantity::kAreaPx, {1, 4000},
           "area of the half_max mask, px: [low, high] (log-uniform) or a law (docs/generate.md); stratified over the "
           "sequences");
  v.Real("hot_share", o.hot_share, {0, 1}, "share of the sequences with a target brighter than its background");
  v.Real("tilt_deg", o.tilt_deg, {0, 90}, "largest roll and pitch in the first frame, degrees; yaw is any");
  v.Integer("supersampling", o.supersampling, {1, 64}, "template cells per pixel");
  v.OptionalReal("mach", o.mach, {0, 10}, "of the target, heats its skins; null: its class's usual speed");
}

void Visit(OptionsVisitor& v, TrackOptions& o) {
  VisitLaw(v, "speed_px_per_frame", o.speed_px_per_frame, SampledQuantity::kSpeedPxPerFrame, {0, 50},
           "px/frame: [low, high] (uniform) or a law; stratified; lowered where a path would leave the frame");
  v.Text("model", o.model,
         "of the motion, or several with weights: straight, accelerated, turn, singer, hover, waypoints, flight "
         "(docs/trajectories.md)");
  v.Interval("speed_m_per_s", o.speed_m_per_s, {0, 10000},
             "m/s across the line of sight, through range, camera and frame rate; [0, 0]: speed_px_per_frame holds");
  v.Real("acceleration_px_per_frame2", o.acceleration_px_per_frame2, {0, 5},
         "largest acceleration, px/frame^2; singer: its standard deviation");
  v.Real("turn_rate_deg_per_frame", o.turn_rate_deg_per_frame, {0, 90},
         "largest rate of each attitude angle, degrees/frame");
  v.Real("range_ratio", o.range_ratio, {0.2, 5},
         "last range over first range; the target keeps its size in metres and grows or shrinks in the image");
  v.Interval("heading_rate_deg_per_frame", o.heading_rate_deg_per_frame, {0, 90},
             "turn: how fast the heading turns, either way, degrees/frame");
  v.Real("correlation_frames", o.correlation_frames, {0.1, 1e6},
         "singer, hover: over which acceleration and jitter are correlated, frames");
  v.Real("jitter_px", o.jitter_px, {0, 100}, "hover: standard deviation of the place on each axis, px");
  v.Integer("waypoints", o.waypoints, {2, 1000}, "waypoints: places of the curve, with the first and the last");
  v.Real("entry_share", o.entry_share, {0, 1},
         "share of the targets that come into the picture; faster or slower where their speed does not do it");
  v.Real("exit_share", o.exit_share, {0, 1}, "share of the targets that leave the picture");
  v.Text(
      "file", o.file,
      "CSV file of paths for all sequences, or a folder of <sequence>.csv: frame,x,y[,range_m][,roll,pitch,yaw][,id]; "
      "empty: drawn");
  v.Choice("registration", o.registration, {"none", "phase", "ecc", "features", "auto"},
           "paths move with the scene, as found by phase correlation (shift), ECC (affine), features (homography), or "
           "the first of them that fits; none: with the camera");
  v.Choice("on_unregistered", o.on_unregistered, {"camera_fixed", "refuse"},
           "where the scene's motion cannot be found: paths move with the camera, or the source is not used");
}

void Visit(OptionsVisitor& v, ScrOptions& o) {
  v.Choice(
      "mode", o.mode, {"sequence_mean", "per_frame", "radiometric", "contrast"},
      "sequence_mean: constant amplitude, the sequence's mean SCR is controlled; per_frame: the SCR of each frame "
      "(diagnostic); radiometric: the SCR of the first frame, then what range and atmosphere make of it; contrast: "
      "contrast_counts, whatever SCR that makes, and targets may saturate");
  v.Text("id", o.id, "definition of the SCR that is controlled: box20, bboxD, guardG_O, global or peak");
  VisitLaw(v, "range", o.range, SampledQuantity::kScr, {0.05, 100},
           "SCR asked for: [low, high] (uniform) or a law; stratified over the sequences");
  v.Real("low_share", o.low_share, {0, 1}, "share of the sequences below SCR 3, where a plain range holds 3");
  VisitLaw(
      v, "contrast_counts", o.contrast_counts, SampledQuantity::kContrastCounts, {0.1, 65535},
      "mode contrast: mean of the target over what lies behind it, before blur and saturation, counts: [low, high] "
      "(log-uniform) or a law; stratified over the sequences");
  v.Choice("on_infeasible", o.on_infeasible, {"refuse", "lower"},
           "what to do where no placement reaches the SCR: stop before anything is written, or lower it and flag it");
  v.Integer("placements", o.placements, {1, 10000}, "placements tried for a sequence");
}

void Visit(OptionsVisitor& v, FusionOptions& o) {
  v.Choice("reference_level", o.reference_level, {"absolute", "local"},
           "b0: one level a sequence, or the window's mean in each frame");
  v.Choice("scene", o.scene, {"median", "nonlocal", "temporal"},
           "S: from the neighbourhood, from places that look the same, or from the registered neighbouring frames");
  v.Integer("scene_radius_px", o.scene_radius_px, {1, 50}, "radius of the median that estimates the scene, px");
}

void Visit(OptionsVisitor& v, OcclusionOptions& o) {
  v.Choice("foreground", o.foreground, {"none", "estimated"},
           "what stands in front of the target; estimated: all below the line where texture begins (trees, buildings, "
           "shore)");
  v.Real(
      "texture_limit", o.texture_limit, {2, 100},
      "estimated foreground: texture counts above this many times that of the frame's quiet fifth; more leaves clouds "
      "out, less takes soft trees in");
  v.Real("cloud_opacity", o.cloud_opacity, {0, 1},
         "share of the target's light that the brightest cloud takes, in proportion less where the sky is darker; 0: "
         "clouds lie behind the target");
  v.Text("layers", o.layers,
         "folder of given transmissions, <source>/<frame>.png or <source>.png, 8 bit: 0 hides, 255 lets through; "
         "empty: none");
  v.Interval("seen_share", o.seen_share, {0, 1},
             "share of its frames in which a target is seen; other paths are not taken");
  v.Real("hidden_below", o.hidden_below, {0, 0.5},
         "share of its coverage below which a target is hidden: nothing painted, empty mask, visibility 0");
}

void Visit(OptionsVisitor& v, DecoyOptions& o) {
  v.Integer("dead_pixels", o.dead_pixels, {0, 1000}, "pixels stuck at the lowest or the highest count");
  v.Integer("blinking_pixels", o.blinking_pixels, {0, 1000}, "pixels that jump between two levels");
  v.Integer("glints", o.glints, {0, 100}, "points that flash for one to four frames, again and again");
  v.Integer("cloud_edges", o.cloud_edges, {0, 100}, "bright streaks that drift slowly");
  v.Integer("birds", o.birds, {0, 100}, "blobs that fly, with beating wings");
  v.Interval("amplitude_sigma", o.amplitude_sigma, {0.5, 100},
             "peak over the surroundings, in standard deviations of the 20 px around (dead pixels: at the limits)");
  v.Integer("margin_px", o.margin_px, {0, 200}, "least distance between the supports of decoys and targets, px");
}

void Visit(OptionsVisitor& v, SplitOptions& o) {
  v.Real("val_share", o.val_share, {0, 1}, "share of the background sources for validation");
  v.Real("test_share", o.test_share, {0, 1}, "share of the background sources for test; the rest trains");
  v.Choice("models", o.models, {"shared", "held_out"}, "held_out: no model lies in two splits either");
}

void Visit(OptionsVisitor& v, GenerateOptions& o) {
  auto seed = static_cast<std::int64_t>(o.seed);
  v.Integer("seed", seed, {0, 9007199254740992.0}, "of all random decisions");
  o.seed = static_cast<std::uint64_t>(seed);
  v.Integer("sequences", o.sequences, {1, 1000000}, "number of sequences");
  v.Interval("frames", o.frames, {2, 100000}, "frames of a sequence");
  v.Integer("avoid_margin_px", o.avoid_margin_px, {0, 1000},
            "least distance from the real targets that boxes.csv names, px");
  v.Boolean("pairs", o.pairs, "write background/ too: each frame without its targets, with everything else");
  v.Group("backgrounds", o.backgrounds, "where the scenes come from");
  v.Group("models", o.models, "what flies, sails or drives through them");
  v.Group("camera", o.camera, "optics and sensor");
  v.Group("scene", o.scene, "temperatures around the target");
  v.Group("target", o.target, "number, size and polarity");
  v.Group("track", o.track, "motion");
  v.Group("scr", o.scr, "signal-to-clutter ratio");
  v.Group("fusion", o.fusion, "I = B + a (b0 - S) + g m");
  v.Group("occlusion", o.occlusion, "what hides targets or dims them");
  v.Group("decoys", o.decoys, "what looks like a target and is none, by its number in a sequence");
  v.Group("sensor", o.sensor, "noises, conversion and gain control, for linear sources");
  v.Group("codec", o.codec, "lossy video");
  v.Group("split", o.split, "train, val, test by background source");
  v.Group("quota", o.quota, "how many targets of each size and SCR, as measured");
}

SamplingLaw GenerateOptions::AreaLaw() const { return target.area_px.As(SamplingLaw::Kind::kLogUniform); }
SamplingLaw GenerateOptions::SpeedLaw() const { return track.speed_px_per_frame.As(SamplingLaw::Kind::kUniform); }

SamplingLaw GenerateOptions::ScrLaw() const {
  constexpr double kLow = 3;
  const SamplingLaw& law = scr.range;
  if (law.kind() == SamplingLaw::Kind::kInterval && law.low() < kLow && law.high() > kLow)
    return SamplingLaw::Histogram({law.low(), kLow, law.high()}, {scr.low_share, 1 - scr.low_share});
  return law.As(SamplingLaw::Kind::kUniform);
}

SamplingLaw GenerateOptions::ContrastLaw() const { return scr.contrast_counts.As(SamplingLaw::Kind::kLogUniform); }

double GenerateOptions::LargestAreaPx() const {
  return quota.enabled() ? std::max(target.area_px.high(), quota.area_edges_px.back()) : target.area_px.high();
}

void AddFaults(OptionsReader& reader, const GenerateOptions& o) {
  AddFaults(reader, o.backgrounds.procedural);
  AddFaults(reader, o.sensor);
  AddFaults(reader, o.quota);
  if (!o.backgrounds.library.empty() && !o.backgrounds.paths.empty())
    reader.AddFault("backgrounds", "found paths and a library, allowed: one of them");
  if (o.split.val_share + o.split.test_share >= 1) {
    reader.AddFault("split", fmt::format("val_share {} and test_share {} leave nothing to train on", o.split.val_share,
                                         o.split.test_share));
  }
  if (o.camera.psf == PsfShape::kGaussian && (o.camera.defocus_um != 0 || o.camera.jitter_px != 0)) {
    reader.AddFault("camera.psf", "gaussian has neither defocus_um nor jitter_px; found one of them, expected airy");
  }
  if (o.camera.halo_share > 0 && o.camera.psf_sigma_px == 0.0)
    reader.AddFault("camera.halo_share", "found a halo beside psf_sigma_px: 0, allowed: beside a PSF");
  if (o.camera.psf == PsfShape::kAiry && o.camera.psf_sigma_px) {
    reader.AddFault("camera.psf_sigma_px", "belongs to psf: gaussian; found psf: airy");
  }
  if (!IsScrId(o.scr.id) || o.scr.id == "db") {
    reader.AddFault("scr.id", fmt::format("found '{}', allowed: box20, bboxD, guardG_O, global or peak, e.g. bbox10, "
                                          "guard3_10 (db is box20 on another scale)",
                                          o.scr.id));
  }
  if (o.scr.mode == ScrMode::kContrast && o.quota.enabled())
    reader.AddFault("quota", "counts SCRs, which scr.mode: contrast leaves as they come; found both, allowed: one");
  if (o.camera.band_um.first == o.camera.band_um.second) reader.AddFault("camera.band_um", "the band is empty");
  const auto require_whole = [&](std::string_view path, std::pair<double, double> interval) {
    for (const double value : {interval.first, interval.second}) {
      if (value != static_cast<double>(static_cast<std::int64_t>(value)))
        reader.AddFault(path, fmt::format("found {}, expected whole numbers", value));
    }
  };
  require_whole("frames", o.frames);
  require_whole("target.count", o.target.count);
  try {
    ParseMotionMix(o.track.model);
  } catch (const Error& error) {
    reader.AddFault("track.model", error.message());
  }
  if (o.target.grouping == Grouping::kSwarm && o.target.count.first < 3)
    reader.AddFault("target.count", fmt::format("found {} as the fewest, a swarm has 3 or more", o.target.count.first));
  if (o.track.speed_m_per_s.first == 0 && o.track.speed_m_per_s.second > 0)
    reader.AddFault("track.speed_m_per_s", "found 0 as the least, allowed: above 0, or [0, 0] for none");
  if (o.occlusion.seen_share.second == 0)
    reader.AddFault("occlusion.seen_share", "found 0 as the largest share: no target would ever be seen");
}

}  // namespace mirst
