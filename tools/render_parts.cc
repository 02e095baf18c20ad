#include "tools/render_parts.h"

#include "tools/command.h"

namespace mirst {

void PrintParts(const TargetModel& model, const Surroundings& surroundings) {
  PrintLine(fmt::format("  {:>9}  {:>7}  {:>10}  {:<40}  {:<31}  {}", "triangles", "K", "emissivity",
                        "place x, y, z (m)", "temperature is", "part"));
  for (const PartSummary& part : model.parts(surroundings)) {
    const auto& [low, high] = part.box;
    const std::string triangles = part.triangles == 0 ? "-" : std::to_string(part.triangles);
    const std::string place =
        fmt::format("{:.3g}..{:.3g}, {:.3g}..{:.3g}, {:.3g}..{:.3g}", low.x, high.x, low.y, high.y, low.z, high.z);
    PrintLine(fmt::format("  {:>9}  {:>7.2f}  {:>10.2f}  {:<40}  {:<31}  {}", triangles, part.temperature_k,
                          part.emissivity, place, part.temperature, part.name));
  }
}

Json DescribeParts(const TargetModel& model, const Surroundings& surroundings) {
  Json parts = Json::array();
  for (const PartSummary& part : model.parts(surroundings)) {
    const auto& [low, high] = part.box;
    parts.push_back({{"name", part.name},
                     {"triangles", part.triangles},
                     {"temperature", part.temperature},
                     {"temperature_k", part.temperature_k},
                     {"emissivity", part.emissivity},
                     {"box_m", {{low.x, high.x}, {low.y, high.y}, {low.z, high.z}}}});
  }
  return parts;
}

}  // namespace mirst
