#include "tools/open_any_truth.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "datasets/layouts/convert.h"

namespace mirst {
namespace fs = std::filesystem;

AnyTruth OpenAnyTruth(const fs::path& folder, const std::string& layout, const std::string& split, bool prefer_test) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder", folder.string()));
  const auto holds = [&](const char* name) { return fs::exists(folder / name); };
  const bool is_ours = holds("manifest.json") || holds(".mirst-unfinished") || (layout.empty() && holds("mask"));
  if (layout == "native" || (layout.empty() && is_ours)) return {nullptr, OpenTruth(folder, split)};

  const Layout& from = layout.empty() ? DetectLayout(folder) : FindLayout(layout);
  if (const std::string reason = from.why_not(folder); !reason.empty())
    throw BadInput(fmt::format("{} is not in the layout {}: {}", folder.string(), from.name, reason));
  std::vector<LayoutSequence> sequences;
  InContext(folder.string(), [&] { sequences = from.open(folder)->sequences(); });
  const auto has = [&](std::string_view name) {
    return std::any_of(sequences.begin(), sequences.end(), [&](const auto& each) { return each.split == name; });
  };
  const std::string scored = split.empty() && prefer_test && has("test") ? "test" : split;
  ConvertOptions options;
  options.from = from.name;
  options.to = "native";
  options.split = has("val") ? "" : scored;  // val fixes thresholds; where there is none, the rest is not needed
  AnyTruth any{std::make_unique<TemporaryFolder>("mirst-evaluate"), {}};
  const fs::path native = any.copy->path() / "set";
  LogInfo(fmt::format("{} is in the layout {}; it is read through a copy in {}", folder.string(), from.name,
                      any.copy->path().string()));
  for (const std::string& note : Convert(folder, native, options).notes) LogInfo(note);
  any.truth = OpenTruth(native, scored);
  return any;
}

}  // namespace mirst
