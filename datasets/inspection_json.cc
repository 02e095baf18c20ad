#include <cmath>

#include "core/json.h"
#include "datasets/inspection_files.h"

namespace mirst {
namespace {

/// Four significant digits: what the measurements are good for.
Json Rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}
Json Rounded(const std::optional<double>& value) { return value ? Rounded(*value) : Json(); }

Json Rounded(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(Rounded(value));
  return list;
}

std::string ToString(PixelDefect defect) {
  return defect == PixelDefect::kStuck ? "stuck" : defect == PixelDefect::kBlinking ? "blinking" : "offset";
}

Json Levels(const Inspection& i) {
  const LevelStatistics& levels = i.levels;
  return {{"min", levels.min},
          {"max", levels.max},
          {"percentile_0.1", levels.p001},
          {"percentile_99.9", levels.p999},
          {"distinct", levels.distinct},
          {"mean", Rounded(levels.mean)},
          {"sigma", Rounded(levels.sigma)},
          {"entropy_bits", Rounded(levels.entropy_bits)},
          {"video_range", levels.video_range},
          {"ceiling", levels.ceiling},
          {"saturated_share", Rounded(levels.saturated_share)},
          {"floor_share", Rounded(levels.floor_share)}};
}

Json Repeats(const Inspection& i) {
  return {{"pairs", i.repeats.pairs},
          {"repeated_frames", i.repeats.repeated_frames},
          {"pixel_share", Rounded(i.repeats.mean_pixel_share)},
          {"block8_share", Rounded(i.repeats.mean_block8_share)},
          {"block16_share", Rounded(i.repeats.mean_block16_share)}};
}

Json Noise(const Inspection& i) {
  const Noise3dComponents& n = i.noise3d;
  return {{"temporal_sigma", Rounded(i.temporal_noise)},
          {"sigma_tvh", Rounded(n.tvh)},
          {"sigma_tv", Rounded(n.tv)},
          {"sigma_th", Rounded(n.th)},
          {"sigma_vh", Rounded(n.vh)},
          {"sigma_t", Rounded(n.t)},
          {"sigma_v", Rounded(n.v)},
          {"sigma_h", Rounded(n.h)}};
}

Json Motion(const Inspection& i) {
  const MotionStatistics& motion = i.motion;
  Json shifts = Json::array();
  for (const FrameShift& shift : motion.shifts) {
    shifts.push_back({Rounded(shift.shift_px.x), Rounded(shift.shift_px.y), Rounded(shift.correlation)});
  }
  return {{"median_shift_px", Rounded(motion.median_shift_px)},
          {"largest_shift_px", Rounded(motion.largest_shift_px)},
          {"travel_px", Rounded(motion.travel_px)},
          {"median_correlation", Rounded(motion.median_correlation)},
          {"median_residual_counts", Rounded(motion.median_residual_counts)},
          {"failed_share", Rounded(motion.failed_share)},
          {"structure_share", Rounded(motion.structure_share)},
          {"shifts_x_y_correlation", shifts}};
}

Json Suspects(const std::vector<Suspect>& suspects) {
  Json list = Json::array();
  for (const Suspect& suspect : suspects) {
    Json boxes = Json::array();
    for (const SuspectBox& seen : suspect.boxes)
      boxes.push_back({seen.frame, seen.box.x, seen.box.y, seen.box.width, seen.box.height});
    list.push_back({{"polarity", suspect.polarity},
                    {"contrast", Rounded(suspect.mean_contrast)},
                    {"scene_travel_px", Rounded(suspect.scene_travel_px)},
                    {"seen_share", Rounded(suspect.seen_share)},
                    {"score", Rounded(suspect.score)},
                    {"boxes_frame_x_y_w_h", boxes}});
  }
  return list;
}

Json Defects(const Inspection& i) {
  Json list = Json::array();
  for (const DefectivePixel& pixel : i.defective_pixels)
    list.push_back({{"x", pixel.x}, {"y", pixel.y}, {"defect", ToString(pixel.defect)}});
  return list;
}

}  // namespace

std::string InspectionJson(const Inspection& i) {
  const Json json = {{"name", i.source.name},
                     {"kind", mirst::ToString(i.source.kind)},
                     {"path", i.source.path.string()},
                     {"sha256", i.source.sha256},
                     {"fitness", mirst::ToString(i.fitness)},
                     {"faults", i.faults},
                     {"notes", i.notes},
                     {"width", i.source.width},
                     {"height", i.source.height},
                     {"bit_depth", i.source.bit_depth},
                     {"frames", i.source.frame_count},
                     {"frames_looked_at", i.frames},
                     {"frame_rate_hz", Rounded(i.frame_rate_hz)},
                     {"frame_rate_from", i.frame_rate_from},
                     {"licence", i.licence ? Json(*i.licence) : Json()},
                     {"counts", Levels(i)},
                     {"repeats", Repeats(i)},
                     {"defective_pixels", Defects(i)},
                     {"noise_counts", Noise(i)},
                     {"motion", Motion(i)},
                     {"sharpness",
                      {{"edges", i.sharpness.edges},
                       {"blur_sigma_px", Rounded(i.sharpness.blur_sigma_px)},
                       {"median_edge_sigma_px", Rounded(i.sharpness.median_sigma_px)},
                       {"psf_sigma_px", Rounded(i.sharpness.psf_sigma_px)}}},
                     {"spectrum",
                      {{"slope", Rounded(i.spectrum.slope)},
                       {"frequency_cycles_per_px", Rounded(i.spectrum.frequency)},
                       {"power", Rounded(i.spectrum.power)}}},
                     {"known_targets",
                      {{"boxes", i.known_boxes},
                       {"found", i.known_boxes_found},
                       {"recall", i.known_boxes > 0 ? Rounded(1.0 * i.known_boxes_found / i.known_boxes) : Json()}}},
                     {"suspects", Suspects(i.suspects)},
                     {"suspects_in_known_boxes", Suspects(i.known_suspects)},
                     {"spots_fixed_to_the_sensor", Suspects(i.fixed_spots)}};
  return Dump(json, 2);
}

}  // namespace mirst
