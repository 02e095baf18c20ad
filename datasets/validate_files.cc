// The half of validation.h that looks at names and bytes: manifest, hashes, split lists, numbering.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/parallel.h"
#include "datasets/validation_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// The files of the set's own folders and lists, relative to it.
std::set<std::string> FilesOnDisk(const SetFiles& set) {
  std::set<std::string> files;
  const auto add = [&](const fs::path& path) { files.insert(InSet(set.folder, path)); };
  std::vector<std::string_view> folders(kImageKinds.begin(), kImageKinds.end());
  folders.emplace_back("annotations");
  for (const std::string_view name : folders) {
    const fs::path folder = set.folder / name;
    if (!fs::is_directory(folder)) continue;
    for (const fs::path& path : ListFiles(folder)) add(path);
    for (const fs::path& sequence : ListFolders(folder)) {
      for (const fs::path& path : ListFiles(sequence)) add(path);
    }
  }
  for (const std::string_view split : kSplitNames) {
    if (const fs::path list = set.folder / (std::string(split) + ".txt"); fs::exists(list)) add(list);
  }
  return files;
}

std::string HashOrEmpty(const fs::path& path) {
  try {
    return Sha256OfFile(path);
  } catch (const Error&) {
    return {};
  }
}

/// The file that has `hash` in the manifest and lies in the folder of `path`, if there is one.
std::optional<std::string> OwnerOf(const std::multimap<std::string, std::string>& by_hash, const std::string& hash,
                                   const std::string& path) {
  const auto [first, last] = by_hash.equal_range(hash);
  std::optional<std::string> owner;
  for (auto it = first; it != last; ++it) {
    if (!owner || fs::path(it->second).parent_path() == fs::path(path).parent_path()) owner = it->second;
  }
  return owner;
}

std::vector<Finding> CheckFiles(const SetFiles& set, const Manifest& manifest) {
  const std::set<std::string> on_disk = FilesOnDisk(set);
  std::multimap<std::string, std::string> by_hash;
  for (const auto& [path, hash] : manifest.files) by_hash.emplace(hash, path);
  std::set<std::string> all = on_disk;
  for (const auto& [path, hash] : manifest.files) all.insert(path);
  const std::vector<std::string> paths(all.begin(), all.end());
  std::vector<std::optional<Finding>> findings(paths.size());
  ParallelFor(paths.size(), [&](std::size_t i) {
    const std::string& path = paths[i];
    const auto listed = manifest.files.find(path);
    if (!on_disk.contains(path)) {
      findings[i] = {Severity::kFault, "manifest", path, "the manifest lists it, the file is missing"};
      return;
    }
    const std::string hash = HashOrEmpty(set.folder / path);
    if (listed != manifest.files.end() && listed->second == hash) return;
    const std::optional<std::string> owner = OwnerOf(by_hash, hash, path);
    if (listed == manifest.files.end()) {
      findings[i] = {
          Severity::kFault, "manifest", path,
          owner && !on_disk.contains(*owner)
              ? fmt::format("the manifest does not list it; it holds the bytes of the missing {} (renamed)", *owner)
              : "the manifest does not list it"};
    } else {
      findings[i] = {Severity::kFault, "hash", path,
                     owner ? fmt::format("it holds the bytes of {} (swapped or copied)", *owner)
                           : "its SHA-256 differs from the manifest's: the file was changed"};
    }
  });
  std::vector<Finding> found;
  for (const std::optional<Finding>& finding : findings) {
    if (finding) found.push_back(*finding);
  }
  return found;
}

std::set<std::string> NamesIn(const fs::path& list) {
  std::set<std::string> names;
  const std::string text = ReadFile(list);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) names.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool HoldsModelsOut(const Manifest& manifest) {
  const Json split = GetOr<Json>(ParseJson(manifest.config_json), "split", Json::object());
  return GetOr<std::string>(split, "models", "shared") == "held_out";
}

/// The path of the first model of that content.
std::string NameOfModel(const Manifest& manifest, const std::string& sha256) {
  for (const ManifestSequence& entry : manifest.sequences) {
    for (const ManifestModel& model : entry.models) {
      if (model.sha256 == sha256) return model.path;
    }
  }
  return sha256;
}

std::vector<Finding> CheckSplits(const SetFiles& set, const Manifest& manifest) {
  std::vector<Finding> findings;
  std::map<std::string, std::set<std::string>> splits_of_source;
  for (const std::string_view split : kSplitNames) {
    const std::string list = std::string(split) + ".txt";
    if (!fs::is_regular_file(set.folder / list)) continue;  // named by CheckFiles
    const std::set<std::string> names = NamesIn(set.folder / list);
    for (const ManifestSequence& entry : manifest.sequences) {
      const bool is_listed = names.contains(entry.name);
      if (is_listed == (entry.split == split)) continue;
      findings.push_back({Severity::kFault, "split", list,
                          fmt::format("it {} the sequence {}, which the manifest puts into {}",
                                      is_listed ? "names" : "lacks", entry.name, entry.split)});
    }
    for (const std::string& name : names) {
      if (std::none_of(manifest.sequences.begin(), manifest.sequences.end(),
                       [&](const ManifestSequence& entry) { return entry.name == name; }))
        findings.push_back({Severity::kFault, "split", list, fmt::format("the manifest has no sequence '{}'", name)});
    }
  }
  for (const ManifestSequence& entry : manifest.sequences) {
    if (!entry.background.source.empty()) splits_of_source[entry.background.source].insert(entry.split);
  }
  for (const auto& [source, splits] : splits_of_source) {
    if (splits.size() > 1) {
      findings.push_back({Severity::kFault, "split", "manifest.json",
                          fmt::format("the background source {} lies in the splits {} and {}", source, *splits.begin(),
                                      *splits.rbegin())});
    }
  }
  if (!HoldsModelsOut(manifest)) return findings;
  std::map<std::string, std::set<std::string>> splits_of_model;
  for (const ManifestSequence& entry : manifest.sequences) {
    for (const ManifestModel& model : entry.models)
      splits_of_model[model.sha256.empty() ? model.path : model.sha256].insert(entry.split);
  }
  for (const auto& [model, splits] : splits_of_model) {
    if (splits.size() > 1) {
      findings.push_back({Severity::kFault, "split", "manifest.json",
                          fmt::format("the model {} lies in the splits {} and {}, the config holds models out",
                                      NameOfModel(manifest, model), *splits.begin(), *splits.rbegin())});
    }
  }
  return findings;
}

/// "a12" -> ("a", 12); nothing where no digits end the name, or more than fit.
std::optional<std::pair<std::string, long long>> NumberOf(const std::string& stem) {
  const std::size_t digits = stem.find_last_not_of("0123456789") + 1;
  if (digits == stem.size() || stem.size() - digits > 18) return std::nullopt;
  return std::pair(stem.substr(0, digits), std::stoll(stem.substr(digits)));
}

void CheckNumbers(const std::vector<std::string>& stems, const std::string& folder, std::vector<Finding>& findings) {
  std::optional<std::pair<std::string, long long>> before;
  std::string stem_before;
  for (const std::string& stem : stems) {
    const auto number = NumberOf(stem);
    if (before && number && before->first == number->first) {
      if (number->second == before->second) {
        findings.push_back(
            {Severity::kFault, "order", folder + "/" + stem, fmt::format("it has the number of {}", stem_before)});
      } else if (number->second != before->second + 1) {
        findings.push_back({Severity::kFault, "order", folder + "/" + stem,
                            fmt::format("a gap: it follows {}, {} frames are missing", stem_before,
                                        number->second - before->second - 1)});
      }
    } else if (before && number.has_value() != before.has_value()) {
      findings.push_back(
          {Severity::kWarning, "name", folder + "/" + stem, fmt::format("it is not named like {}", stem_before)});
    }
    before = number;
    stem_before = stem;
  }
}

}  // namespace

std::vector<Finding> CheckManifest(const SetFiles& set, const Manifest& manifest) {
  std::vector<Finding> findings = CheckFiles(set, manifest);
  for (Finding& finding : CheckSplits(set, manifest)) findings.push_back(std::move(finding));
  return findings;
}

std::vector<Finding> CheckNames(const SetFiles& set, const SequenceFiles& files) {
  std::vector<Finding> findings;
  for (const fs::path& twin : files.twins)
    findings.push_back({Severity::kFault, "name", InSet(set.folder, twin), "a second file of the same frame"});
  const std::vector<std::string> stems = files.Stems();
  if (stems.empty()) findings.push_back({Severity::kFault, "name", files.name, "the sequence has no frame"});
  for (const std::string& stem : stems) {
    const fs::path image = files.Find("image", stem), mask = files.Find("mask", stem);
    if (image.empty()) findings.push_back({Severity::kFault, "name", InSet(set.folder, mask), "the mask has no image"});
    if (mask.empty() && set.layout != SetLayout::kBoxes)
      findings.push_back({Severity::kFault, "name", InSet(set.folder, image), "the image has no mask"});
  }
  for (const auto& [kind, of_kind] : files.kinds) {
    if (kind == "image" || kind == "mask") continue;
    for (const auto& [stem, path] : of_kind) {
      if (files.Find("image", stem).empty())
        findings.push_back({Severity::kFault, "name", InSet(set.folder, path), "no image has its name"});
    }
  }
  if (files.is_ordered) CheckNumbers(stems, files.name, findings);
  return findings;
}

}  // namespace mirst
