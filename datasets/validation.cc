#include "datasets/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/sample_store.h"
#include "datasets/validation_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::optional<Manifest> ReadManifest(const SetFiles& set, std::vector<Finding>& findings) {
  if (set.layout != SetLayout::kNative) return std::nullopt;
  if (fs::exists(set.folder / ".mirst-unfinished"))
    findings.push_back({Severity::kFault, "manifest", ".mirst-unfinished", "the set was not finished"});
  try {
    return ParseManifest(ReadFile(set.folder / "manifest.json"));
  } catch (const Error& error) {
    findings.push_back({Severity::kFault, "manifest", "manifest.json", error.message()});
    return std::nullopt;
  }
}

/// The sequences on disk and those that the manifest alone knows.
std::vector<SequenceFiles> SequencesOf(const SetFiles& set, const std::optional<Manifest>& manifest) {
  std::vector<SequenceFiles> sequences = set.sequences;
  if (!manifest) return sequences;
  for (const ManifestSequence& entry : manifest->sequences) {
    if (std::none_of(sequences.begin(), sequences.end(), [&](const auto& s) { return s.name == entry.name; }))
      sequences.push_back({entry.name, true, {}, {}, {}});
  }
  return sequences;
}

const ManifestSequence* EntryOf(const std::optional<Manifest>& manifest, const std::string& name) {
  if (!manifest) return nullptr;
  const auto found = std::find_if(manifest->sequences.begin(), manifest->sequences.end(),
                                  [&](const ManifestSequence& entry) { return entry.name == name; });
  return found == manifest->sequences.end() ? nullptr : &*found;
}

std::string SplitOf(const SetFiles& set, const std::optional<Manifest>& manifest, const std::string& name) {
  if (const ManifestSequence* entry = EntryOf(manifest, name)) return entry->split;
  const auto found = set.split_of_name.find(name);
  return found == set.split_of_name.end() ? "" : found->second;
}

/// Equal and nearly equal frames: across splits a leak; across sequences of a set without splits worth a word.
void CheckDuplicates(const std::vector<SequenceFiles>& sequences, const std::vector<std::string>& splits,
                     const std::vector<SequenceCheck>& checks, std::vector<Finding>& findings) {
  std::vector<std::vector<Fingerprint>> fingerprints;
  for (const SequenceCheck& check : checks) fingerprints.push_back(check.fingerprints);
  const auto compares = [&](std::size_t a, std::size_t b) { return splits[a] != splits[b] || splits[a].empty(); };
  for (const DuplicateFrames& found : FindDuplicates(fingerprints, compares)) {
    const bool is_leak = splits[found.sequence_a] != splits[found.sequence_b];
    const auto place = [&](std::size_t sequence) {
      return is_leak ? fmt::format("{} ({})", sequences[sequence].name, splits[sequence]) : sequences[sequence].name;
    };
    findings.push_back(
        {is_leak && found.is_exact ? Severity::kFault : Severity::kWarning, "duplicate",
         checks[found.sequence_b].files[found.frame_b],
         fmt::format("{} {}{}; {} of {} frames of {} have their like in {}",
                     found.is_exact ? "has the pixels of" : "is nearly", checks[found.sequence_a].files[found.frame_a],
                     found.is_exact ? "" : fmt::format(" (cosine {:.3f})", found.cosine), found.frames,
                     fingerprints[found.sequence_b].size(), place(found.sequence_b), place(found.sequence_a))});
  }
}

void CheckDatasetId(const Manifest& manifest, const std::vector<SequenceCheck>& checks,
                    std::vector<Finding>& findings) {
  std::map<std::string, std::string> hashes;
  for (const SequenceCheck& check : checks) hashes.insert(check.content_hashes.begin(), check.content_hashes.end());
  const std::string id = DatasetId(hashes);
  if (id == manifest.dataset_id) return;
  findings.push_back({Severity::kFault, "hash", "manifest.json",
                      fmt::format("dataset_id is {:.12}..., the files give {:.12}...", manifest.dataset_id, id)});
}

}  // namespace

std::string InSet(const fs::path& folder, const fs::path& path) { return path.lexically_relative(folder).string(); }

std::int64_t ValidationReport::faults() const {
  return std::count_if(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.severity == Severity::kFault; });
}
std::int64_t ValidationReport::warnings() const { return std::ssize(findings) - faults(); }

ValidationReport ValidateDataSet(const fs::path& folder) {
  const SetFiles set = ListSet(folder);
  ValidationReport report{folder.string(), set.layout, 0, 0, 0, {}};
  const std::optional<Manifest> manifest = ReadManifest(set, report.findings);
  const std::vector<SequenceFiles> sequences = SequencesOf(set, manifest);
  if (sequences.empty()) report.findings.push_back({Severity::kFault, "name", ".", "the set holds no sequence"});
  if (manifest) std::ranges::move(CheckManifest(set, *manifest), std::back_inserter(report.findings));

  report.sequences = std::ssize(sequences);
  for (const SequenceFiles& files : sequences) report.frames += std::ssize(files.Stems());
  std::vector<SequenceCheck> checks(sequences.size());
  {
    Progress progress("validating", report.frames, "frames");
    ParallelFor(sequences.size(), [&](std::size_t i) {
      checks[i] = CheckSequence(set, sequences[i], EntryOf(manifest, sequences[i].name));
      progress.Advance(std::ssize(sequences[i].Stems()));
    });
  }
  std::vector<std::string> splits;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    splits.push_back(SplitOf(set, manifest, sequences[i].name));
    if (manifest && EntryOf(manifest, sequences[i].name) == nullptr)
      report.findings.push_back({Severity::kFault, "manifest", sequences[i].name, "the manifest has no such sequence"});
    report.images_decoded += checks[i].images_decoded;
    std::move(checks[i].findings.begin(), checks[i].findings.end(), std::back_inserter(report.findings));
  }
  CheckDuplicates(sequences, splits, checks, report.findings);
  if (manifest && report.faults() == 0) CheckDatasetId(*manifest, checks, report.findings);
  return report;
}

std::string ValidationJson(const ValidationReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"severity", finding.severity == Severity::kFault ? "fault" : "warning"},
                        {"check", finding.check},
                        {"file", finding.file},
                        {"reason", finding.reason}});
  }
  return Dump({{"schema_version", 1},
               {"folder", report.folder},
               {"layout", NameOf(report.layout)},
               {"sequences", report.sequences},
               {"frames", report.frames},
               {"images_decoded", report.images_decoded},
               {"faults", report.faults()},
               {"warnings", report.warnings()},
               {"findings", findings}},
              1);
}

}  // namespace mirst
