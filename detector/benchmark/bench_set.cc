#include "detector/benchmark/bench_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/manifest.h"
#include "core/parallel.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLinkedSet = ".mirst-benchmark-splits";  // marks a folder that WriteWithSplits made

Manifest ReadManifest(const fs::path& folder) {
  return InContext((folder / "manifest.json").string(),
                   [&] { return ParseManifest(ReadFile(folder / "manifest.json")); });
}

std::vector<std::string> SourcesOf(const Manifest& manifest) {
  std::set<std::string> sources;
  for (const ManifestSequence& sequence : manifest.sequences) sources.insert(sequence.background.source);
  return {sources.begin(), sources.end()};
}

void CheckFiles(const Manifest& manifest, const fs::path& folder) {
  const std::vector<std::pair<std::string, std::string>> files(manifest.files.begin(), manifest.files.end());
  ParallelFor(files.size(), [&](std::size_t i) {
    const auto& [path, sha256] = files[i];
    if (Sha256OfFile(folder / path) != sha256) {
      throw BadInput(
          fmt::format("{} is not the file that the data set was written with (SHA-256 {:.12} in its manifest)",
                      (folder / path).string(), sha256));
    }
  });
}

}  // namespace

PreparedSet OpenBenchmarkSet(const BenchmarkSet& set, const fs::path& folder) {
  const Manifest manifest = ReadManifest(folder);
  CheckFiles(manifest, folder);
  PreparedSet prepared;
  prepared.name = set.name;
  prepared.folder = folder;
  prepared.boxes = set.boxes;
  prepared.single_frame = set.single_frame;
  prepared.without = set.without;
  prepared.sources = SourcesOf(manifest);
  std::map<std::string, std::int64_t> frames, pixels;
  std::string splits;
  for (const ManifestSequence& sequence : manifest.sequences) {
    frames[sequence.split] += sequence.frames;
    frames[""] += sequence.frames;
    const std::int64_t px = std::int64_t{sequence.frames} * sequence.width * sequence.height;
    pixels[sequence.split] += px;
    pixels[""] += px;
    splits += fmt::format("{} {}\n", sequence.name, sequence.split);
  }
  prepared.identity = {manifest.dataset_id, Sha256OfText(splits)};
  prepared.split = frames.contains("test") ? "test" : "";
  prepared.scored_frames = frames[prepared.split];
  prepared.scored_px = pixels[prepared.split];
  prepared.has_validation = !prepared.split.empty() && frames.contains("val");
  if (prepared.has_validation) prepared.validation_px = pixels["val"];
  return prepared;
}

void WriteWithSplits(const fs::path& set, const std::map<std::string, std::string>& split_of, const fs::path& out) {
  Manifest manifest = ReadManifest(set);
  std::set<std::string> names;
  std::map<std::string, std::string> lists;
  for (const std::string_view split : kSplitNames) lists[std::string(split)];
  for (ManifestSequence& sequence : manifest.sequences) {
    const auto split = split_of.find(sequence.name);
    sequence.split = split == split_of.end() ? "train" : split->second;
    lists[sequence.split] += sequence.name + "\n";
    names.insert(sequence.name);
  }
  for (const auto& [name, split] : split_of) {
    if (!names.contains(name)) throw BadInput(fmt::format("{} has no sequence {}", set.string(), name));
  }
  if (fs::exists(out)) {
    if (!fs::exists(out / kLinkedSet)) throw BadInput(fmt::format("{} holds other files", out.string()));
    fs::remove_all(out);
  }
  CreateFolder(out);
  WriteFileAtomically(out / kLinkedSet, fs::absolute(set).string() + "\n");
  for (const fs::path& folder : ListFolders(set))
    fs::create_directory_symlink(fs::canonical(folder), out / folder.filename());
  std::erase_if(manifest.files, [](const auto& file) { return file.first.find('/') == std::string::npos; });
  for (const auto& [split, text] : lists) {
    WriteFileAtomically(out / (split + ".txt"), text);
    manifest.files[split + ".txt"] = Sha256OfText(text);
  }
  WriteFileAtomically(out / "manifest.json", ToJson(manifest));
}

std::map<std::string, std::string> FoldSplits(const fs::path& set, const std::string& source) {
  const Manifest manifest = ReadManifest(set);
  const std::vector<std::string> sources = SourcesOf(manifest);
  if (sources.size() < 3) {
    throw BadInput(fmt::format("{} has {} background sources; leaving one out needs three: test, val and train",
                               set.string(), sources.size()));
  }
  const auto test = std::find(sources.begin(), sources.end(), source);
  const std::string& val = test + 1 == sources.end() ? sources.front() : *(test + 1);
  std::map<std::string, std::string> split_of;
  for (const ManifestSequence& sequence : manifest.sequences) {
    if (sequence.background.source == source) split_of[sequence.name] = "test";
    if (sequence.background.source == val) split_of[sequence.name] = "val";
  }
  return split_of;
}

}  // namespace mirst
