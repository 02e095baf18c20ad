#include "datasets/background_frames.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "datasets/sequence_source.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

Json Part(const Json& config, std::string_view key) { return GetOr<Json>(config, key, Json::object()); }

// The stand-in that generate made: its number ends its name, its options and the seed stand in the config.
std::unique_ptr<SequenceSource> MakeProcedural(const ManifestSequence& sequence, const Manifest& manifest,
                                               const Json& config) {
  const std::string& name = sequence.background.source;
  const std::string_view number = std::string_view(name).substr(name.find_last_of('-') + 1);
  std::uint32_t index = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), index).ec != std::errc()) return nullptr;
  const auto options =
      ReadOptions<ProceduralOptions>(ConfigTree::FromText(Dump(Part(Part(config, "backgrounds"), "procedural"))));
  const RandomKey key{.seed = manifest.seed, .purpose = Purpose::kProceduralScene};
  return OpenProceduralSource(options, key.WithSequence(index));
}

std::unique_ptr<SequenceSource> OpenSource(const ManifestSequence& sequence, const Manifest& manifest,
                                           const Json& config) {
  const ManifestBackground& wanted = sequence.background;
  std::vector<std::unique_ptr<SequenceSource>> found;
  if (wanted.kind == ToString(SourceKind::kProcedural)) found.push_back(MakeProcedural(sequence, manifest, config));
  for (const auto& root : GetOr<std::vector<std::string>>(Part(config, "backgrounds"), "paths", {})) {
    // Below the root, the root itself, or of its name.
    for (const fs::path& path : {fs::path(root) / wanted.path, fs::path(root)}) {
      std::error_code ignored;
      if (fs::is_directory(path, ignored)) {
        if (!ListFiles(path).empty()) found.push_back(OpenFolderSource(path));
      } else if (fs::is_regular_file(path, ignored)) {
        found.push_back(OpenVideoSource(path));
      }
      if (!found.empty() && found.back()->info().sha256 == wanted.sha256) return std::move(found.back());
    }
  }
  for (auto& source : found) {
    if (source && source->info().sha256 == wanted.sha256) return std::move(source);
  }
  return nullptr;
}

}  // namespace

BackgroundFrames ReadBackgroundFrames(const SampleStoreReader& reader, const ManifestSequence& sequence,
                                      const std::vector<FrameAnnotation>& annotations) {
  BackgroundFrames result;
  const fs::path pairs = reader.folder() / "background" / sequence.name;
  std::error_code ignored;
  if (fs::is_directory(pairs, ignored)) {
    result.origin = "background/";
    for (const FrameAnnotation& annotation : annotations) {
      result.frames.push_back(ReadFrame(pairs / annotation.frame).pixels);
    }
    return result;
  }
  const Json config = ParseJson(reader.manifest().config_json);
  for (const char* stage : {"sensor", "codec"}) {
    if (!GetOr<bool>(Part(config, stage), "enabled", false)) continue;
    result.origin = fmt::format("no background/, and the {} stage makes the sources differ from the frames", stage);
    return result;
  }
  if (GetOr<std::string>(Part(config, "backgrounds"), "real_targets", "avoid") == "excise") {
    result.origin = "no background/, and real targets were taken out of the sources";
    return result;
  }
  const auto source = OpenSource(sequence, reader.manifest(), config);
  if (!source) {
    result.origin =
        fmt::format("no background/, and the source {} is not where the manifest says", sequence.background.source);
    return result;
  }
  result.origin = "source";
  for (Frame& frame : source->Read(sequence.background.first_frame, sequence.frames)) {
    result.frames.push_back(std::move(frame.pixels));
  }
  return result;
}

}  // namespace mirst
