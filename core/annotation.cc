#include "core/annotation.h"

#include <array>
#include <cmath>

#include "core/json.h"

namespace mirst {
namespace {

Json Numbers(const std::map<std::string, double>& values, std::string_view name) {
  Json object = Json::object();
  for (const auto& [id, value] : values) object[id] = Finite(value, fmt::format("{}.{}", name, id));
  return object;
}

Json ToJson(const Annotation& a) {
  Json flags = Json::array();
  for (const Flag& flag : a.flags) {
    flags.push_back(
        {{"name", flag.name}, {flag.name == "quantised" ? "bound" : "value", Finite(flag.value, flag.name)}});
  }
  Json json = {{"id", a.id},
               {"class", a.class_name},
               {"box_xywh", {a.box.x, a.box.y, a.box.width, a.box.height}},
               {"centroid_xy", {Finite(a.centroid_xy.x, "centroid_xy"), Finite(a.centroid_xy.y, "centroid_xy")}},
               {"velocity_px_per_frame",
                {Finite(a.velocity_px_per_frame.x, "velocity_px_per_frame"),
                 Finite(a.velocity_px_per_frame.y, "velocity_px_per_frame")}},
               {"area_px", a.area_px},
               {"visibility", Finite(a.visibility, "visibility")},
               {"polarity", a.polarity},
               {"scr_id", a.scr_id},
               {"scr_requested", Finite(a.scr_requested, "scr_requested")},
               {"scr", Numbers(a.scr, "scr")},
               {"scr_float", Numbers(a.scr_float, "scr_float")},
               {"scr_empty", Finite(a.scr_empty, "scr_empty")},
               {"scr_delta", Finite(a.scr_delta, "scr_delta")},
               {"sigma_b", Finite(a.sigma_b, "sigma_b")},
               {"flags", flags},
               {"pose_rpy_deg",
                {Finite(a.attitude.roll_deg, "pose_rpy_deg"), Finite(a.attitude.pitch_deg, "pose_rpy_deg"),
                 Finite(a.attitude.yaw_deg, "pose_rpy_deg")}},
               {"range_m", Finite(a.range_m, "range_m")},
               {"model", a.model},
               {"gain", Finite(a.gain, "gain")}};
  if (a.dprime) json["dprime"] = Finite(*a.dprime, "dprime");
  if (a.radiometry) {
    json["radiometry"] = {{"target_radiance", Finite(a.radiometry->target_radiance, "target_radiance")},
                          {"background_radiance", Finite(a.radiometry->background_radiance, "background_radiance")},
                          {"transmission", Finite(a.radiometry->transmission, "transmission")},
                          {"contrast", Finite(a.radiometry->contrast, "contrast")},
                          {"coverage_px", Finite(a.radiometry->coverage_px, "coverage_px")}};
  }
  return json;
}

Json ToJson(const Decoy& decoy) {
  return {{"id", decoy.id},
          {"kind", decoy.kind},
          {"box_xywh", {decoy.box.x, decoy.box.y, decoy.box.width, decoy.box.height}},
          {"centre_xy", {Finite(decoy.centre_xy.x, "centre_xy"), Finite(decoy.centre_xy.y, "centre_xy")}},
          {"amplitude", Finite(decoy.amplitude, "amplitude")}};
}

Decoy ParseDecoy(const Json& json) {
  const auto box = Get<std::array<int, 4>>(json, "box_xywh");
  const auto centre = Get<std::array<double, 2>>(json, "centre_xy");
  return {Get<int>(json, "id"),
          Get<std::string>(json, "kind"),
          {box[0], box[1], box[2], box[3]},
          {centre[0], centre[1]},
          Get<double>(json, "amplitude")};
}

Annotation ParseAnnotation(const Json& json) {
  Annotation a;
  a.id = Get<int>(json, "id");
  a.class_name = GetOr<std::string>(json, "class", "");
  const auto box = Get<std::array<int, 4>>(json, "box_xywh");
  a.box = {box[0], box[1], box[2], box[3]};
  const auto centroid = Get<std::array<double, 2>>(json, "centroid_xy");
  a.centroid_xy = {centroid[0], centroid[1]};
  const auto velocity = GetOr<std::array<double, 2>>(json, "velocity_px_per_frame", {0, 0});
  a.velocity_px_per_frame = {velocity[0], velocity[1]};
  a.area_px = Get<int>(json, "area_px");
  a.visibility = GetOr<double>(json, "visibility", 1);
  a.polarity = GetOr<int>(json, "polarity", 1);
  a.scr_id = GetOr<std::string>(json, "scr_id", "");
  a.scr_requested = GetOr<double>(json, "scr_requested", 0);
  a.scr = GetOr<std::map<std::string, double>>(json, "scr", {});
  a.scr_float = GetOr<std::map<std::string, double>>(json, "scr_float", {});
  a.scr_empty = GetOr<double>(json, "scr_empty", 0);
  a.scr_delta = GetOr<double>(json, "scr_delta", 0);
  a.sigma_b = GetOr<double>(json, "sigma_b", 0);
  if (json.contains("dprime")) a.dprime = Get<double>(json, "dprime");
  for (const Json& flag : GetOr<Json::array_t>(json, "flags", {})) {
    const auto name = Get<std::string>(flag, "name");
    a.flags.push_back({name, GetOr<double>(flag, name == "quantised" ? "bound" : "value", 0)});
  }
  const auto pose = GetOr<std::array<double, 3>>(json, "pose_rpy_deg", {0, 0, 0});
  a.attitude = {pose[0], pose[1], pose[2]};
  a.range_m = GetOr<double>(json, "range_m", 0);
  a.model = GetOr<std::string>(json, "model", "");
  a.gain = GetOr<double>(json, "gain", 0);
  if (json.contains("radiometry")) {
    const Json& r = json["radiometry"];
    a.radiometry = {Get<double>(r, "target_radiance"), Get<double>(r, "background_radiance"),
                    Get<double>(r, "transmission"), Get<double>(r, "contrast"), Get<double>(r, "coverage_px")};
  }
  return a;
}

}  // namespace

double LabelNumber(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 9 - std::floor(std::log10(std::abs(value))));
  return std::floor(value * scale + 0.5) / scale;
}

const Flag* Annotation::FindFlag(std::string_view name) const {
  for (const Flag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string ToJsonLine(const FrameAnnotation& annotation) {
  Json targets = Json::array();
  for (const Annotation& target : annotation.targets) targets.push_back(ToJson(target));
  Json decoys = Json::array();
  for (const Decoy& decoy : annotation.decoys) decoys.push_back(ToJson(decoy));
  Json line = {{"frame", annotation.frame},
               {"index", annotation.index},
               {"time_s", Finite(annotation.time_s, "time_s")},
               {"targets", targets},
               {"decoys", decoys}};
  if (const auto& key = annotation.random_key)
    line["random_key"] = {{"seed", key->seed}, {"sequence", key->sequence}, {"frame", key->frame}};
  return Dump(line);
}

FrameAnnotation ParseFrameAnnotation(std::string_view line) {
  const Json json = ParseJson(line);
  FrameAnnotation annotation;
  annotation.frame = Get<std::string>(json, "frame");
  annotation.index = Get<int>(json, "index");
  annotation.time_s = GetOr<double>(json, "time_s", 0);
  for (const Json& target : Get<Json::array_t>(json, "targets")) annotation.targets.push_back(ParseAnnotation(target));
  for (const Json& decoy : GetOr<Json::array_t>(json, "decoys", {})) annotation.decoys.push_back(ParseDecoy(decoy));
  if (json.contains("random_key")) {
    const Json& key = json["random_key"];
    annotation.random_key = RandomKey{.seed = Get<std::uint64_t>(key, "seed"),
                                      .sequence = Get<std::uint32_t>(key, "sequence"),
                                      .frame = Get<std::uint32_t>(key, "frame"),
                                      .purpose = Purpose::kScenario};
  }
  return annotation;
}

}  // namespace mirst
