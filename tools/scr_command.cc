// `mirst scr`: the SCR of every target of one image, by every definition.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "datasets/frame_io.h"
#include "metrics/components.h"
#include "metrics/dprime.h"
#include "metrics/scr.h"
#include "tools/command.h"

namespace mirst {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDescription =
    "Measure the signal-to-clutter ratio of the targets of one image\n"
    "By every definition of docs/metrics.md, on the counts of the file. A target is an 8-connected component of the\n"
    "mask, or an id of --instances; no target counts as another one's background. With the same image without targets\n"
    "(--background) also: what the empty mask measures, what the target adds, with its sign, and its detectability d'.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst scr out/smoke/image/000000/000003.png out/smoke/mask/000000/000003.png\n"
    "  mirst scr frame.png mask.png --id guard2_8 --background empty.png --json";

constexpr int kSignalReachPx = 8;  // how far around its box a target is taken to change the background

struct ScrFlags : CommonFlags {
  std::filesystem::path image, mask, instances, background;
  std::string id = "all";
  bool cold = false;
};

struct Target {
  int id;
  Mask mask;
};

template <class T>
void RequireSize(const Image<T>& found, const std::filesystem::path& path, const Frame& frame, const ScrFlags& flags) {
  if (found.box() == frame.pixels.box()) return;
  throw BadInput(fmt::format("{} is {} x {} px, the image {} is {} x {} px: their sizes must be equal", path.string(),
                             found.width(), found.height(), flags.image.string(), frame.pixels.width(),
                             frame.pixels.height()));
}

std::vector<Target> FindTargets(const ScrFlags& flags, const Mask& mask, const Frame& frame) {
  Image<std::int32_t> ids = LabelComponents(mask).Labels();
  if (!flags.instances.empty()) {
    const Image<std::uint16_t> instances = ReadImage(flags.instances);
    RequireSize(instances, flags.instances, frame, flags);
    for (std::size_t i = 0; i < ids.size(); ++i) ids.data()[i] = mask.data()[i] > 127 ? instances.data()[i] : 0;
  }
  std::set<std::int32_t> names(ids.begin(), ids.end());
  names.erase(0);
  if (names.empty())
    throw BadInput(fmt::format("{} marks no target: no pixel above 127{}", flags.mask.string(),
                               flags.instances.empty() ? "" : " has an instance id"));
  std::vector<Target> targets;
  for (const std::int32_t name : names) {
    targets.push_back({name, Mask(mask.height(), mask.width(), 0)});
    for (std::size_t i = 0; i < ids.size(); ++i) targets.back().mask.data()[i] = ids.data()[i] == name ? 255 : 0;
  }
  return targets;
}

double MeasureDetectability(const Frame& frame, const Frame& background, const Target& target, const Mask& all) {
  const PixelBox box = BoundingBox(target.mask), image = frame.pixels.box();
  const PixelBox support = Intersect(Grow(box, kSignalReachPx), image);
  Image<double> signal(support.height, support.width);
  for (int y = 0; y < support.height; ++y) {
    for (int x = 0; x < support.width; ++x) {
      const int row = support.y + y, column = support.x + x;
      if (all(row, column) > 127 && target.mask(row, column) == 0) continue;
      signal(y, x) =
          static_cast<double>(frame.pixels(row, column)) - static_cast<double>(background.pixels(row, column));
    }
  }
  const PixelBox window = Intersect(Grow(box, Box20Rule::kMarginPx), image);
  return Detectability(FitClutter(background.pixels, window), signal, support, image.height, image.width);
}

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json Measured(const Frame& frame, const std::optional<Frame>& background, const Target& target, const Mask& all,
              const ScrFlags& flags) {
  const TargetInImage seen(frame.pixels, target.mask, all);
  const PixelBox& box = seen.box;
  const std::vector<std::string> ids = flags.id == "all" ? std::vector<std::string>(ScrIds().begin(), ScrIds().end())
                                                         : std::vector<std::string>{flags.id};
  Json json = {
      {"id", target.id}, {"box_xywh", {box.x, box.y, box.width, box.height}}, {"area_px", CountPixels(target.mask)}};
  for (const std::string& id : ids) {
    const ScrRule rule = ScrRule::Named(id, Box20Rule::ForBitDepth(frame.bit_depth), flags.cold ? -1 : 1);
    const ScrMeasurement m = MeasureScr(seen, rule);
    Json parts = {{"scr", Number(m.scr)},
                  {"target_value", m.target_value},
                  {"mean_background", m.mean_background},
                  {"sigma_background", m.sigma_background},
                  {"background_px", m.background_px}};
    if (background) {
      parts["scr_empty"] = Number(MeasureScr({background->pixels, target.mask, all}, rule).scr);
      parts["scr_delta"] =
          Number(ScrDelta(frame.pixels, background->pixels, target.mask, m.sigma_background, rule.sigma_offset));
    }
    json["scr"][id] = parts;
  }
  if (background) json["dprime"] = MeasureDetectability(frame, *background, target, all);
  return json;
}

void PrintTable(const Json& targets) {
  const auto number = [](const Json& value) {
    return value.is_null() ? "-" : fmt::format("{:.5g}", value.get<double>());
  };
  for (const Json& target : targets) {
    const Json& box = target["box_xywh"];
    PrintLine(fmt::format("target {}: {} px at {},{} ({} x {}){}", target["id"].get<int>(),
                          target["area_px"].get<int>(), box[0].get<int>(), box[1].get<int>(), box[2].get<int>(),
                          box[3].get<int>(),
                          target.contains("dprime") ? fmt::format(", d' {:.5g}", target["dprime"].get<double>()) : ""));
    const bool paired = target.contains("dprime");
    PrintLine(fmt::format("  {:<12}{:>10}{:>12}{:>12}{:>10}{:>9}{}", "id", "SCR", "target", "background", "sigma",
                          "pixels", paired ? "     empty     delta" : ""));
    for (const auto& [id, m] : target["scr"].items()) {
      PrintLine(fmt::format("  {:<12}{:>10}{:>12}{:>12}{:>10}{:>9}{}", id, number(m["scr"]), number(m["target_value"]),
                            number(m["mean_background"]), number(m["sigma_background"]), m["background_px"].get<int>(),
                            paired ? fmt::format("{:>10}{:>10}", number(m["scr_empty"]), number(m["scr_delta"])) : ""));
    }
  }
}

void RunScr(const ScrFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  if (flags.id != "all" && !IsScrId(flags.id))
    throw UsageError(fmt::format("--id: found '{}', allowed: all, {}", flags.id, kScrIdsAllowed));
  const Frame frame = ReadFrame(flags.image);
  const Mask mask = ReadMask(flags.mask);
  RequireSize(mask, flags.mask, frame, flags);
  std::optional<Frame> background;
  if (!flags.background.empty()) {
    background = ReadFrame(flags.background);
    RequireSize(background->pixels, flags.background, frame, flags);
    if (background->bit_depth != frame.bit_depth)
      throw BadInput(fmt::format("{} has {} bits, the image {} has {}: their depths must be equal",
                                 flags.background.string(), background->bit_depth, flags.image.string(),
                                 frame.bit_depth));
  }
  Json targets = Json::array();
  for (const Target& target : FindTargets(flags, mask, frame))
    targets.push_back(Measured(frame, background, target, mask, flags));
  if (!flags.json) return PrintTable(targets);
  const Json result = {{"event", "result"},
                       {"image", flags.image.string()},
                       {"mask", flags.mask.string()},
                       {"bit_depth", frame.bit_depth},
                       {"targets", targets}};
  PrintLine(result.dump());
}

}  // namespace

void AddScrCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("scr", kDescription);
  const auto flags = std::make_shared<ScrFlags>();
  command->add_option("IMAGE", flags->image, "Grey image, 8 or 16 bit")->required();
  command->add_option("MASK", flags->mask, "Its targets: 8-bit image, pixels above 127")->required();
  command->add_option("--id", flags->id, fmt::format("One definition instead of all: {}", kScrIdsAllowed))
      ->type_name("NAME");
  command->add_option("--instances", flags->instances, "Image of target ids (0: none) that parts the mask")
      ->type_name("FILE");
  command->add_option("--background", flags->background, "The same image without targets")->type_name("FILE");
  command->add_flag("--cold", flags->cold, "The peak is the darkest pixel, not the brightest");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunScr(*flags); });
}

}  // namespace mirst
