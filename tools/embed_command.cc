// `mirst embed`: one template in one picture, at the SCR asked for.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "fusion/embed_target.h"
#include "fusion/psf.h"
#include "generator/embed_track.h"
#include "renderer/template_io.h"
#include "tools/command.h"
#include "tools/cut_out.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

struct EmbedFlags : CommonFlags {
  fs::path image, target, out, mask_out;
  std::vector<double> at;
  double scr = 3;
  bool hot = false, cold = false;
  std::optional<double> psf_sigma_px, level;
  int supersampling = 1;
  SceneMethod scene = SceneMethod::kMedian;
  int scene_radius_px = 3;
  CountLimitRule count_limits = CountLimitRule::kAutomatic;
};

// Behind the optics: a rendered template still needs them, a cut-out has seen its own.
Template ReadBlurred(const EmbedFlags& flags) {
  if (LowerExtension(flags.target) == ".png") {
    const Template cut_out = ReadCutOut(flags.target, flags.level, flags.supersampling);
    return flags.psf_sigma_px ? ApplyGaussianPsf(cut_out, *flags.psf_sigma_px) : cut_out;
  }
  const Template rendered = ReadTemplate(flags.target);
  const CameraOptions camera;
  const double pitch_um = rendered.pixel_pitch_um > 0 ? rendered.pixel_pitch_um : camera.pixel_pitch_um;
  const double wavelength_um = 0.5 * (camera.band_um.first + camera.band_um.second);
  return ApplyGaussianPsf(rendered, flags.psf_sigma_px ? *flags.psf_sigma_px
                                                       : DiffractionSigmaPx(wavelength_um, camera.f_number, pitch_um));
}

void CheckFlags(const EmbedFlags& flags) {
  for (const fs::path& path : {flags.out, flags.mask_out}) {
    if (path.empty()) continue;
    if (LowerExtension(path) != ".png")
      throw UsageError(fmt::format("{}: the name of a picture to write must end in .png", path.string()));
    RequireNew(path, flags.force);
  }
  if (flags.out == flags.mask_out) throw UsageError("--out and --mask-out name the same file");
  if (flags.hot && flags.cold) throw UsageError("--hot and --cold exclude each other");
}

std::vector<Flag> FlagsOf(const EmbeddedTarget& target, double scr) {
  std::vector<Flag> flags;
  if (target.rounding_bound > 0.02 * scr) flags.push_back({"quantised", target.rounding_bound});
  if (target.clipped_share > 0) flags.push_back({"clipped", target.clipped_share});
  if (target.weak) flags.push_back({"weak", target.scr_delta});
  return flags;
}

nlohmann::ordered_json Describe(const EmbedFlags& flags, const EmbedRequest& request, const EmbeddedTarget& target) {
  const PixelBox box = BoundingBox(target.mask);
  nlohmann::ordered_json json = {{"event", "result"},
                                 {"file", flags.out.string()},
                                 {"scr_id", "box20"},
                                 {"scr_requested", request.scr},
                                 {"scr", target.written.scr},
                                 {"scr_float", target.scr_float},
                                 {"scr_empty", target.scr_empty},
                                 {"scr_delta", target.scr_delta},
                                 {"rounding_bound", target.rounding_bound},
                                 {"sigma_b", target.written.sigma_background},
                                 {"mean_background", target.written.mean_background},
                                 {"mean_target", target.written.mean_target},
                                 {"polarity", request.polarity},
                                 {"gain", target.gain},
                                 {"area_px", target.written.target_px},
                                 {"box", {box.x, box.y, box.width, box.height}},
                                 {"centroid_xy", {target.centroid_px.x, target.centroid_px.y}},
                                 {"count_limits", {request.limits.low, request.limits.high}},
                                 {"flags", nlohmann::ordered_json::object()}};
  for (const Flag& flag : FlagsOf(target, request.scr)) json["flags"][flag.name] = flag.value;
  if (!flags.mask_out.empty()) json["mask"] = flags.mask_out.string();
  return json;
}

void Print(const EmbedFlags& flags, const EmbedRequest& request, const EmbeddedTarget& target) {
  const PixelBox box = BoundingBox(target.mask);
  PrintLine(
      fmt::format("SCR (box20): asked for {:g}, before rounding {:.6g}, written {:.6g}; rounding moves it by {:.2g} "
                  "at most",
                  request.scr, target.scr_float, target.written.scr, target.rounding_bound));
  PrintLine(fmt::format("without the target {:.4g}; the target adds {:+.4g}", target.scr_empty, target.scr_delta));
  PrintLine(fmt::format("target: mean {:.2f} counts on {} px in {} x {} at column {}, row {}; centroid {:.3f}, {:.3f}",
                        target.written.mean_target, target.written.target_px, box.width, box.height, box.x, box.y,
                        target.centroid_px.x, target.centroid_px.y));
  PrintLine(fmt::format("background: mean {:.2f}, sigma {:.3f} counts on {} px; limits {:g} to {:g}",
                        target.written.mean_background, target.written.sigma_background, target.written.background_px,
                        request.limits.low, request.limits.high));
  for (const Flag& flag : FlagsOf(target, request.scr))
    PrintLine(fmt::format("flag: {} {:.4g}", flag.name, flag.value));
  PrintLine(flags.out.string());
}

void RunEmbed(const EmbedFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  CheckFlags(flags);
  Frame frame = ReadFrame(flags.image);
  EmbedRequest request;
  request.centre_px = {flags.at[0], flags.at[1]};
  request.scr = flags.scr;
  request.polarity = flags.cold ? -1 : 1;
  request.limits = FindCountLimits({frame}, flags.count_limits);
  request.rule = Box20Rule::ForBitDepth(frame.bit_depth);
  request.scene = flags.scene;
  request.scene_radius_px = flags.scene_radius_px;
  const EmbeddedTarget target = EmbedTarget(frame, ReadBlurred(flags), request);
  frame.pixels = target.image;
  for (const fs::path& path : {flags.out, flags.mask_out}) {
    if (path.has_parent_path()) CreateFolder(path.parent_path());
  }
  if (!flags.mask_out.empty()) WriteFileAtomically(flags.mask_out, EncodePng(target.mask));
  WriteFileAtomically(flags.out, EncodePng(CountsOf(frame), frame.bit_depth));
  if (flags.json) {
    PrintLine(Describe(flags, request, target).dump());
  } else {
    Print(flags, request, target);
  }
}

}  // namespace

void AddEmbedCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "embed",
      "Embed one target in one picture\n"
      "A template (of mirst render, or a PNG with alpha) is laid at a sub-pixel place into a thermal picture of 8 or "
      "16\n"
      "bit; its contrast is solved for the SCR asked for, and the SCR is measured again on the written counts.");
  const auto flags = std::make_shared<EmbedFlags>();
  command->add_option("IMAGE", flags->image, "The background, a grey picture")->required();
  command->add_option("--template", flags->target, "OpenEXR template, or PNG cut-out with alpha")
      ->type_name("FILE")
      ->required();
  command->add_option("--at", flags->at, "Where the target's origin goes, pixels; centres lie on whole numbers")
      ->type_name("X,Y")
      ->delimiter(',')
      ->expected(2)
      ->required();
  command->add_option("--out", flags->out, "The picture with the target, a PNG file")->type_name("FILE")->required();
  command->add_option("--mask-out", flags->mask_out, "Its half_max mask, a PNG file")->type_name("FILE");
  command->add_option("--scr", flags->scr, "Signal-to-clutter ratio (box20), 0.05 to 100 (default 3)")
      ->type_name("S")
      ->check(CLI::Range(0.05, 100.0).description(""));
  command->add_flag("--hot", flags->hot, "Brighter than its surroundings (default)");
  command->add_flag("--cold", flags->cold, "Darker than its surroundings");
  command
      ->add_option("--psf-sigma-px", flags->psf_sigma_px,
                   "Gaussian blur of the optics, 0 to 20 (default: for OpenEXR that of mirst generate's camera, F/1.4\n"
                   "at 11 um, at the template's pixel pitch; none for a cut-out)")
      ->type_name("X")
      ->check(CLI::Range(0.0, 20.0).description(""));
  command
      ->add_option("--level", flags->level,
                   "Counts that surrounded a cut-out (default: its lowest grey where alpha is not 0)")
      ->type_name("X");
  command->add_option("--supersampling", flags->supersampling, "Cells of a cut-out per pixel, 1 to 64 (default 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  const auto named = [](auto choices) { return CLI::CheckedTransformer(std::move(choices)).description(""); };
  command->add_option("--scene", flags->scene, "Estimate of the scene under the target: median (default) or nonlocal")
      ->type_name("NAME")
      ->transform(named(std::vector<std::pair<std::string, SceneMethod>>{{"median", SceneMethod::kMedian},
                                                                         {"nonlocal", SceneMethod::kNonLocal}}));
  command->add_option("--scene-radius-px", flags->scene_radius_px, "Radius of the median, 1 to 50 (default 3)")
      ->type_name("N")
      ->check(CLI::Range(1, 50).description(""));
  command
      ->add_option("--count-limits", flags->count_limits,
                   "auto (default): 16 to 235, or 14 bits, where the picture keeps to them; format: all of its depth")
      ->type_name("NAME")
      ->transform(named(std::vector<std::pair<std::string, CountLimitRule>>{{"auto", CountLimitRule::kAutomatic},
                                                                            {"format", CountLimitRule::kFormat}}));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Example:\n"
      "  mirst embed sky.png --template out/quadrotor/quadrotor-r0-p20-y45.exr --at 120.25,80.5 --scr 3 --out "
      "sky-3.png\n"
      "The template: mirst render --model builtin:quadrotor --out out/quadrotor --attitude 0,20,45 --range-m 150");
  command->callback([flags] { RunEmbed(*flags); });
}

}  // namespace mirst
