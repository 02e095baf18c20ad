#include "datasets/background_library.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/version.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kSchemaVersion = 1;

Json Entry(const Inspection& inspection, const fs::path& folder, SuspectsAre suspects_are) {
  const SourceInfo& info = inspection.source;
  Json suspects = Json::array();
  for (const Suspect& suspect : inspection.suspects) {
    Json boxes = Json::array();
    for (const SuspectBox& seen : suspect.boxes)
      boxes.push_back({seen.frame, seen.box.x, seen.box.y, seen.box.width, seen.box.height});
    suspects.push_back(boxes);
  }
  const bool reviewed = suspects_are == SuspectsAre::kTargets || inspection.suspects.empty();
  return {{"name", info.name},
          {"path", fs::absolute(info.path)
                       .lexically_normal()
                       .lexically_proximate(fs::absolute(folder).lexically_normal())
                       .generic_string()},
          {"sha256", info.sha256},
          {"width", info.width},
          {"height", info.height},
          {"bit_depth", info.bit_depth},
          {"frames", info.frame_count},
          {"fitness", ToString(inspection.fitness)},
          {"reviewed", reviewed},
          {"faults", inspection.faults},
          {"notes", inspection.notes},
          {"suspects_frame_x_y_w_h", suspects}};
}

/// Boxes of one suspect with the gaps between them filled by what encloses both ends.
std::vector<KnownTarget> Targets(const Json& boxes, const SourceInfo& info) {
  std::vector<KnownTarget> targets;
  for (const Json& box : boxes) {
    if (!Holds<std::array<int, 5>>::In(box))
      throw BadInput(fmt::format("a suspect's box is {}, expected [frame, x, y, width, height]", box.dump()));
    const auto [frame, x, y, width, height] = box.get<std::array<int, 5>>();
    const PixelBox place = Intersect({x, y, width, height}, {0, 0, info.width, info.height});
    const int last = targets.empty() ? frame - 1 : targets.back().frame;
    if (place.empty() || frame < 0 || frame >= info.frame_count || frame <= last)
      throw BadInput(
          fmt::format("a suspect's box is {}, expected frames in order and a box inside the source", box.dump()));
    const PixelBox between = targets.empty() ? place : Enclose(targets.back().box, place);
    for (int missing = last + 1; missing < frame; ++missing) targets.push_back({missing, "suspect", between});
    targets.push_back({frame, "suspect", place});
  }
  return targets;
}

std::unique_ptr<SequenceSource> OpenEntry(const Json& entry, const fs::path& folder) {
  auto sources = OpenSources({folder / Get<std::string>(entry, "path")});
  if (sources.size() != 1) throw BadInput(fmt::format("the path holds {} sources, expected one", sources.size()));
  SequenceSource& source = *sources.front();
  if (source.info().sha256 != Get<std::string>(entry, "sha256"))
    throw BadInput("its frames have changed since it was inspected: inspect it again");
  source.Rename(Get<std::string>(entry, "name"));
  for (const Json& boxes : Get<Json>(entry, "suspects_frame_x_y_w_h"))
    source.AddKnownTargets(Targets(boxes, source.info()));
  return std::move(sources.front());
}

/// Whether the source may be used; says so where it only waits for a person.
bool IsUsable(const Json& entry) {
  const std::string fitness = Get<std::string>(entry, "fitness");
  if (fitness == ToString(Fitness::kFit)) return true;
  if (fitness == ToString(Fitness::kUnfit)) return false;
  if (fitness != ToString(Fitness::kReview))
    throw BadInput(fmt::format("the fitness is '{}', allowed: fit, review, unfit", fitness));
  if (Get<bool>(entry, "reviewed")) return true;
  LogWarning(
      fmt::format("background left out: {} waits for a review of its {} suspects (\"reviewed\": true in the "
                  "catalogue when done, or inspect it with --accept-suspects)",
                  Get<std::string>(entry, "name"), Get<Json>(entry, "suspects_frame_x_y_w_h").size()));
  return false;
}

}  // namespace

std::string LibraryJson(std::span<const Inspection> inspections, const fs::path& folder, SuspectsAre suspects) {
  Json sources = Json::array();
  for (const Inspection& inspection : inspections) sources.push_back(Entry(inspection, folder, suspects));
  return Dump({{"schema_version", kSchemaVersion}, {"program", ProgramVersion()}, {"sources", sources}}, 1);
}

std::vector<std::unique_ptr<SequenceSource>> OpenLibrary(const fs::path& file) {
  return InContext(file.string(), [&] {
    const Json library = ParseJson(ReadFile(file));
    if (const int version = Get<int>(library, "schema_version"); version != kSchemaVersion)
      throw BadInput(
          fmt::format("the catalogue has the schema version {}, this program reads {}", version, kSchemaVersion));
    std::vector<std::unique_ptr<SequenceSource>> sources;
    for (const Json& entry : Get<Json>(library, "sources")) {
      InContext(fmt::format("source {}", Get<std::string>(entry, "name")), [&] {
        if (IsUsable(entry)) sources.push_back(OpenEntry(entry, file.parent_path()));
      });
    }
    if (sources.empty()) throw BadInput("no source of the catalogue is fit (or reviewed)");
    return sources;
  });
}

}  // namespace mirst
