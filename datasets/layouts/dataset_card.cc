// README.md and DATASHEET.md of a set, and the writing of all three files.
#include <fmt/format.h>

#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/version.h"
#include "datasets/layouts/metadata.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBlank = "*(to be filled in by the maker)*";

std::string Or(const std::string& text) { return text.empty() ? std::string(kBlank) : text; }

std::string SizeCategory(std::int64_t frames) {
  if (frames < 1000) return "n<1K";
  if (frames < 10000) return "1K<n<10K";
  return frames < 100000 ? "10K<n<100K" : "100K<n<1M";
}

/// split -> (sequences, frames)
std::map<std::string, std::pair<std::int64_t, std::int64_t>> Splits(const Described& set) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> splits;
  for (const std::size_t i : set.chosen) {
    const LayoutSequence& sequence = set.reader.sequences()[i];
    auto& [sequences, frames] = splits[sequence.split.empty() ? "none" : sequence.split];
    ++sequences;
    frames += std::ssize(sequence.frames);
  }
  return splits;
}

std::string SplitTable(const Described& set) {
  std::string table = "| split | sequences | frames |\n|---|---|---|\n";
  for (const auto& [split, counts] : Splits(set))
    table += fmt::format("| {} | {} | {} |\n", split, counts.first, counts.second);
  return table;
}

std::string Origin(const Described& set) {
  const Manifest* manifest = set.reader.manifest();
  if (manifest == nullptr)
    return fmt::format(
        "Converted by mirst {} ({}) from a set in the layout `{}`; what that set tells no more is not known here.",
        ProgramVersion(), GitRevision(), set.report.from);
  std::set<std::string> kinds;
  for (const ManifestSequence& sequence : manifest->sequences) kinds.insert(sequence.background.kind);
  return fmt::format(
      "Made by mirst {} ({}) with seed {}: rendered 3-D targets in background sequences (of the kind {}), with a "
      "controlled signal-to-clutter ratio.\nData set id: `{}`; mask convention: `{}`.",
      manifest->program_version, manifest->program_git, manifest->seed, fmt::join(kinds, ", "), manifest->dataset_id,
      manifest->mask_convention);
}

std::string Sources(const Described& set) {
  const Manifest* manifest = set.reader.manifest();
  if (manifest == nullptr) return std::string(kBlank) + "\n";
  std::map<std::string, std::string> backgrounds, models;
  for (const ManifestSequence& sequence : manifest->sequences) {
    backgrounds[sequence.background.source] = sequence.background.sha256;
    for (const ManifestModel& model : sequence.models) models[model.path] = model.sha256;
  }
  std::string list = "| input | SHA-256 |\n|---|---|\n";
  for (const auto& [name, hash] : backgrounds) list += fmt::format("| background {} | `{}` |\n", name, hash);
  for (const auto& [name, hash] : models) list += fmt::format("| model {} | `{}` |\n", name, hash);
  return list;
}

std::string Losses(const Described& set) {
  if (set.report.losses.empty()) return "Nothing that the set held was left out.\n";
  std::string list = "This layout has no place for:\n\n";
  for (const std::string& loss : set.report.losses) list += fmt::format("- {}\n", loss);
  return list;
}

}  // namespace

std::string DatasetCard(const Described& set) {
  const std::string license = set.publication.license.empty() ? "unknown" : set.publication.license;
  std::string card = fmt::format(
      "---\nlicense: {}\npretty_name: {}\ntask_categories:\n- object-detection\n- image-segmentation\ntags:\n- "
      "infrared\n"
      "- small-target-detection\n- video\nsize_categories:\n- {}\n---\n\n",
      license, set.name, SizeCategory(set.report.frames));
  card += fmt::format(
      "# {}\n\nInfrared small-target sequences: {} sequences, {} frames, {} targets in frames; layout `{}`.\n\n",
      set.name, set.report.sequences, set.report.frames, set.report.targets, set.report.to);
  card += fmt::format("{}\n\n## Splits\n\n{}\n## What is not in it\n\n{}", Origin(set), SplitTable(set), Losses(set));
  card += fmt::format(
      "\n## Inputs\n\n{}\n## Conventions\n\nx is the column, y the row, from 0; pixel centres lie on integers. "
      "`croissant.json` lists files, hashes and provenance, `DATASHEET.md` says more.\n\n"
      "Creator: {}. Licence: {}.\n",
      Sources(set), Or(set.publication.creator), Or(set.publication.license));
  return card;
}

std::string Datasheet(const Described& set) {
  const bool is_made = set.reader.manifest() != nullptr;
  const std::string blank(kBlank);
  std::string sheet = fmt::format("# Datasheet: {}\n\n## Motivation\n\nPurpose, makers and funding: {}\n\n", set.name,
                                  Or(set.publication.creator));
  sheet += fmt::format(
      "## Composition\n\n{} sequences of grey thermal frames, {} frames, {} targets in frames, each with a {}.\n\n{}\n"
      "Recommended split: as above{}. Errors and noise: {}\nPersons: {}\n\n",
      set.report.sequences, set.report.frames, set.report.targets, "mask or box", SplitTable(set),
      is_made ? "; no background source lies in two of them" : "",
      is_made ? "targets are simulated, backgrounds carry their cameras' own noise." : blank,
      is_made ? "none were recorded for this set; backgrounds may show people from afar." : blank);
  sheet += fmt::format("## Collection process\n\n{}\n\n{}\n", Origin(set), Sources(set));
  sheet += fmt::format("## Preprocessing and labelling\n\n{}\n\n{}\n",
                       is_made ? "Labels follow exactly from the rendering; nobody drew them." : blank, Losses(set));
  sheet += fmt::format(
      "## Uses\n\nTraining and evaluation of detectors. Results on simulated targets are no proof for real ones.\n\n"
      "## Distribution\n\nLicence: {}. Address: {}. Published: {}.\n\n## Maintenance\n\n{}\n",
      Or(set.publication.license), Or(set.publication.url), Or(set.publication.published), blank);
  return sheet;
}

void WriteMetadata(const fs::path& folder, const Described& set) {
  const Publication& told = set.publication;
  std::string missing;
  for (const auto& [name, value] : {std::pair("--license", &told.license), std::pair("--creator", &told.creator),
                                    std::pair("--url", &told.url), std::pair("--published", &told.published)}) {
    if (value->empty()) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", name);
  }
  if (!missing.empty()) LogWarning(fmt::format("Croissant asks for what only you know: {}", missing));
  const std::string croissant = CroissantJson(folder, set);
  WriteFileAtomically(folder / "croissant.json", croissant);
  WriteFileAtomically(folder / "README.md", DatasetCard(set));
  WriteFileAtomically(folder / "DATASHEET.md", Datasheet(set));
}

}  // namespace mirst
