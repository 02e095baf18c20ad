#include "generator/regenerate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/version.h"
#include "datasets/frame_io.h"
#include "datasets/sample_store.h"
#include "generator/describe_sequence.h"
#include "generator/generate.h"
#include "generator/make_sample.h"
#include "generator/plan_to_quota.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

struct Picture {
  Image<std::uint16_t> counts;
  int bit_depth = 8;
};

// All images of a frame by the names of their folders.
std::map<std::string, Picture> PicturesOf(const LabelledFrame& labelled) {
  std::map<std::string, Picture> pictures;
  const auto add_mask = [&](const char* name, const Mask& mask) {
    Picture picture{Image<std::uint16_t>(mask.height(), mask.width()), 8};
    std::copy(mask.begin(), mask.end(), picture.counts.begin());
    pictures[name] = std::move(picture);
  };
  const auto add_frame = [&](const char* name, const Frame& frame) {
    pictures[name] = {CountsOf(frame), frame.bit_depth};
  };
  add_frame("image", labelled.frame);
  add_mask("mask", labelled.mask);
  if (labelled.ignore) add_mask("ignore", *labelled.ignore);
  if (labelled.instance) pictures["instance"] = {*labelled.instance, 16};
  if (!labelled.coverage.empty()) pictures["coverage"] = {labelled.coverage, 16};
  if (labelled.linear) add_frame("linear", *labelled.linear);
  if (labelled.display) add_frame("display", *labelled.display);
  if (labelled.background) {
    Frame background = labelled.frame;
    background.pixels = *labelled.background;
    add_frame("background", background);
  }
  return pictures;
}

std::optional<std::string> Compare(const std::string& name, const Picture& written, const Picture& made) {
  if (written.bit_depth != made.bit_depth)
    return fmt::format("{}: {} bits written, {} made now", name, written.bit_depth, made.bit_depth);
  const Image<std::uint16_t>&a = written.counts, &b = made.counts;
  if (a.height() != b.height() || a.width() != b.width()) {
    return fmt::format("{}: {} x {} px written, {} x {} made now", name, a.width(), a.height(), b.width(), b.height());
  }
  std::int64_t count = 0;
  std::string first;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      if (a(y, x) == b(y, x)) continue;
      if (count++ == 0) first = fmt::format("the first at x {}, y {}: {} written, {} made now", x, y, a(y, x), b(y, x));
    }
  }
  if (count == 0) return std::nullopt;
  return fmt::format("{}: {} of {} pixels differ, {}", name, count, a.size(), first);
}

// The first key below which two labels differ.
std::string FirstKey(const Json& a, const Json& b, const std::string& path) {
  if (a.is_structured() && b.type() == a.type() && a.size() == b.size()) {
    for (const auto& [key, value] : a.items()) {
      const std::string below = path.empty() ? key : path + "." + key;
      if (a.is_object() && !b.contains(key)) return fmt::format("{} is missing now", below);
      const Json& other = a.is_object() ? b[key] : b[std::stoul(key)];
      if (value != other) return FirstKey(value, other, below);
    }
  }
  return fmt::format("{} is {} as written, {} made now", path, a.dump().substr(0, 60), b.dump().substr(0, 60));
}

void Compare(const LabelledFrame& written, const LabelledFrame& made, std::vector<std::string>& differences) {
  const std::map<std::string, Picture> there = PicturesOf(written), here = PicturesOf(made);
  for (const auto& [name, picture] : there) {
    const auto other = here.find(name);
    if (other == here.end()) {
      differences.push_back(fmt::format("{}: written, not made now", name));
    } else if (const auto difference = Compare(name, picture, other->second)) {
      differences.push_back(*difference);
    }
  }
  for (const auto& [name, picture] : here) {
    if (!there.contains(name)) differences.push_back(fmt::format("{}: made now, not written", name));
  }
  const std::string a = ToJsonLine(written.annotation), b = ToJsonLine(made.annotation);
  if (a != b) differences.push_back("annotation: " + FirstKey(ParseJson(a), ParseJson(b), ""));
}

const ManifestSequence& FindSequence(const Manifest& manifest, const std::string& name) {
  const auto found = std::find_if(manifest.sequences.begin(), manifest.sequences.end(),
                                  [&](const ManifestSequence& sequence) { return sequence.name == name; });
  if (found != manifest.sequences.end()) return *found;
  throw BadInput(fmt::format("the data set has no sequence '{}'", name));
}

const FrameAnnotation& FindFrame(const std::vector<FrameAnnotation>& annotations, const std::string& name) {
  const auto found = std::find_if(annotations.begin(), annotations.end(), [&](const FrameAnnotation& annotation) {
    return annotation.frame == name || fs::path(annotation.frame).stem() == name;
  });
  if (found != annotations.end()) return *found;
  throw BadInput(fmt::format("the sequence has no frame '{}'; it has {} to {}", name, annotations.front().frame,
                             annotations.back().frame));
}

// The inputs must be those of the manifest: another background would only show that it is another.
Inventory OpenSameInventory(const Manifest& manifest, const GenerateOptions& options) {
  Inventory inventory = OpenInventory(options);
  WriteJob there = DescribeJob(inventory, options);
  const WriteJob here = there;
  there.header.inputs = manifest.inputs;
  if (const std::string difference = Difference(there, here); !difference.empty())
    throw BadInput(fmt::format("the inputs are not those of the data set: {}", difference));
  if (manifest.program_version != ProgramVersion() || manifest.program_git != GitRevision()) {
    LogWarning(fmt::format("the data set was made by mirst {} (git {}), this is {} (git {})", manifest.program_version,
                           manifest.program_git, ProgramVersion(), GitRevision()));
  }
  return inventory;
}

}  // namespace

RegenerateReport RegenerateFrame(const fs::path& folder, const std::string& sequence, const std::string& frame) {
  const SampleStoreReader reader(folder);
  const Manifest& manifest = reader.manifest();
  if (manifest.mask_convention != Manifest{}.mask_convention)
    throw BadInput(fmt::format("{} holds masks of the convention {}, which 'mirst relabel' made, not the generator",
                               folder.string(), manifest.mask_convention));
  const ManifestSequence& entry = FindSequence(manifest, sequence);
  const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(entry);
  const FrameAnnotation& annotation = FindFrame(annotations, frame);

  const auto options =
      ReadOptions<GenerateOptions>(ConfigTree::FromText(manifest.config_json, "the manifest's config"));
  const Inventory inventory = OpenSameInventory(manifest, options);
  for (const SequenceRequest& request : RequestsOf(inventory, options)) {
    if (SequenceName(request.index) != sequence) continue;
    const Scenario scenario = PlanToQuota(inventory, request, options);
    RegenerateReport report;
    if (DescribeSequence(inventory, scenario, options).scenario_json != entry.scenario_json)
      report.differences.push_back("scenario: the plan made now is not the manifest's");
    const Sample sample = MakeSample(inventory, scenario, options);
    if (annotation.index >= static_cast<int>(sample.frames.size())) {
      report.differences.push_back(fmt::format("the sequence has {} frames now", sample.frames.size()));
      return report;
    }
    report.frame = sample.frames[static_cast<std::size_t>(annotation.index)];
    Compare(reader.ReadLabelledFrame(entry, annotation), report.frame, report.differences);
    return report;
  }
  throw BadInput(
      fmt::format("sequence {} is none of the {} that the manifest's options make", sequence, options.sequences));
}

void WriteFrame(const LabelledFrame& frame, const fs::path& folder) {
  CreateFolder(folder);
  for (const auto& [name, picture] : PicturesOf(frame))
    WriteFileAtomically(folder / (name + ".png"), EncodePng(picture.counts, picture.bit_depth));
  WriteFileAtomically(folder / "annotation.json", ToJsonLine(frame.annotation) + "\n");
}

}  // namespace mirst
