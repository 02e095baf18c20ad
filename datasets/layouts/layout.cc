#include "datasets/layouts/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

void RequirePlain(std::string_view kind, const std::string& name) {
  const bool is_plain = !name.empty() && !name.starts_with('.') &&
                        std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || (c >= 0 && c < ' '); });
  if (!is_plain) throw BadInput(fmt::format("the {} '{}' has no plain name", kind, name));
}

}  // namespace

LayoutReader::LayoutReader(std::vector<LayoutSequence> sequences) : sequences_(std::move(sequences)) {
  if (sequences_.empty()) throw BadInput("the set holds no sequence");
  std::set<std::string_view> names;
  for (const LayoutSequence& sequence : sequences_) {
    RequirePlain("sequence", sequence.name);
    if (!names.insert(sequence.name).second)
      throw BadInput(fmt::format("two sequences have the name {}", sequence.name));
    if (sequence.frames.empty()) throw BadInput(fmt::format("the sequence {} holds no frame", sequence.name));
    std::set<std::string_view> frames;
    for (const std::string& frame : sequence.frames) {
      RequirePlain("frame", frame);
      if (!frames.insert(frame).second)
        throw BadInput(fmt::format("the frame {} of sequence {} comes twice", frame, sequence.name));
    }
  }
}

LayoutFrame LayoutReader::Read(std::size_t sequence, std::size_t frame) const {
  const LayoutSequence& in = sequences_.at(sequence);
  const std::string& name = in.frames.at(frame);
  return InContext(fmt::format("sequence {}, frame {}", in.name, name), [&] {
    LayoutFrame read = ReadPixels(sequence, frame);
    LabelledFrame& labelled = read.labelled;
    labelled.annotation.frame = name + ".png";
    labelled.annotation.index = static_cast<int>(frame);
    const auto place = [&](Frame& picture) {
      picture.index = static_cast<int>(frame);
      picture.name = labelled.annotation.frame;
      picture.time_s = labelled.annotation.time_s;
    };
    place(labelled.frame);
    if (labelled.linear) place(*labelled.linear);
    if (labelled.display) place(*labelled.display);
    return read;
  });
}

const std::vector<Layout>& Layouts() {
  static const std::vector<Layout> layouts = {
      NativeLayout(),        WebDatasetLayout(), NudtMirsdtLayout(), NudtMirsdtPngLayout(), IrSatVideoLeoLayout(),
      SatVideoIrsdtLayout(), IrdstLayout(),      IrdstDtumLayout(),  IrdstRealLayout(),     BasicIrstdLayout(),
      CocoLayout(),          CocoVidLayout(),    YoloLayout(),       VocLayout(),           MotLayout(),
      DaubLayout(),          ShuMirstLayout(),   BoxesCsvLayout()};
  return layouts;
}

const Layout& FindLayout(std::string_view name) {
  std::string names;
  for (const Layout& layout : Layouts()) {
    if (layout.name == name) return layout;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", layout.name);
  }
  throw UsageError(fmt::format("the layout is '{}', allowed: {}", name, names));
}

const Layout& DetectLayout(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder", folder.string()));
  std::vector<const Layout*> fitting;
  std::string reasons;
  for (const Layout& layout : Layouts()) {
    const std::string reason = layout.why_not(folder);
    if (reason.empty()) fitting.push_back(&layout);
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", layout.name, reason);
  }
  if (fitting.size() == 1) return *fitting.front();
  if (fitting.empty()) throw BadInput(fmt::format("{} is in no known layout ({})", folder.string(), reasons));
  std::string names;
  for (const Layout* layout : fitting) names += fmt::format("{}{}", names.empty() ? "" : ", ", layout->name);
  throw BadInput(fmt::format("{} can be read in several layouts: {}; say which", folder.string(), names));
}

}  // namespace mirst
