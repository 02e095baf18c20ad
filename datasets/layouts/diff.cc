#include "datasets/layouts/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/layouts/layout.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

struct Place {
  std::size_t sequence = 0, frame = 0;
};
using Pairs = std::vector<std::pair<Place, Place>>;

struct FrameDifference {
  double pixel = 0;
  std::string where_pixel, where_label;  ///< in the frame; empty: equal
  bool masks = false, boxes = false, ids = false, classes = false, ignored = false, labels = false;
};

int SplitRank(const LayoutSequence& sequence) {
  const auto found = std::find(kSplitNames.begin(), kSplitNames.end(), sequence.split);
  return static_cast<int>(found - kSplitNames.begin());
}

bool IsOrdered(const LayoutReader& reader) {
  return std::all_of(reader.sequences().begin(), reader.sequences().end(),
                     [](const LayoutSequence& sequence) { return sequence.is_ordered; });
}

/// All frames by split, then by the names of their sequences, or of the pictures where there is no sequence.
std::vector<Place> Flat(const LayoutReader& reader) {
  std::vector<Place> places;
  for (std::size_t i = 0; i < reader.sequences().size(); ++i) {
    for (std::size_t f = 0; f < reader.sequences()[i].frames.size(); ++f) places.push_back({i, f});
  }
  const auto name = [&](const Place& place) -> const std::string& {
    const LayoutSequence& sequence = reader.sequences()[place.sequence];
    return sequence.is_ordered ? sequence.name : sequence.frames[place.frame];
  };
  std::stable_sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    const int rank_a = SplitRank(reader.sequences()[a.sequence]), rank_b = SplitRank(reader.sequences()[b.sequence]);
    return rank_a != rank_b ? rank_a < rank_b : NaturalLess(name(a), name(b));
  });
  return places;
}

Pairs PairPictures(const LayoutReader& a, const LayoutReader& b, DiffReport& report) {
  const std::vector<Place> in_a = Flat(a), in_b = Flat(b);
  report.notes.emplace_back("sequences are not compared: one of the sets holds single pictures");
  if (in_a.size() != in_b.size())
    report.structure.push_back(fmt::format("{} frames against {}", in_a.size(), in_b.size()));
  Pairs pairs;
  for (std::size_t i = 0; i < std::min(in_a.size(), in_b.size()); ++i) pairs.emplace_back(in_a[i], in_b[i]);
  return pairs;
}

/// b's place of each sequence of a.
std::vector<std::pair<std::size_t, std::size_t>> PairNames(const LayoutReader& a, const LayoutReader& b,
                                                           DiffReport& report) {
  std::map<std::string, std::size_t> in_b;
  for (std::size_t i = 0; i < b.sequences().size(); ++i) in_b.emplace(b.sequences()[i].name, i);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::set<std::string> missing;
  for (std::size_t i = 0; i < a.sequences().size(); ++i) {
    const auto found = in_b.find(a.sequences()[i].name);
    if (found == in_b.end()) {
      missing.insert(a.sequences()[i].name);
    } else {
      pairs.emplace_back(i, found->second);
      in_b.erase(found);
    }
  }
  if (missing.empty() && in_b.empty()) return pairs;
  if (pairs.empty() && a.sequences().size() == b.sequences().size()) {
    report.notes.emplace_back("the sequences have other names and are paired in their order");
    for (std::size_t i = 0; i < a.sequences().size(); ++i) pairs.emplace_back(i, i);
    return pairs;
  }
  for (const std::string& name : missing)
    report.structure.push_back(fmt::format("the sequence {} is in the first set only", name));
  for (const auto& [name, place] : in_b)
    report.structure.push_back(fmt::format("the sequence {} is in the second set only", name));
  return pairs;
}

Pairs PairSequences(const LayoutReader& a, const LayoutReader& b, bool compare_splits, DiffReport& report) {
  Pairs pairs;
  for (const auto& [i, j] : PairNames(a, b, report)) {
    const LayoutSequence &in_a = a.sequences()[i], &in_b = b.sequences()[j];
    if (in_a.frames.size() != in_b.frames.size())
      report.structure.push_back(
          fmt::format("the sequence {} has {} frames against {}", in_a.name, in_a.frames.size(), in_b.frames.size()));
    if (compare_splits && in_a.split != in_b.split && !in_a.split.empty() && !in_b.split.empty())
      report.structure.push_back(
          fmt::format("the sequence {} lies in {} against {}", in_a.name, in_a.split, in_b.split));
    for (std::size_t f = 0; f < std::min(in_a.frames.size(), in_b.frames.size()); ++f)
      pairs.push_back({{i, f}, {j, f}});
  }
  return pairs;
}

// ---- two frames

std::string ComparePixels(const Image<float>& a, const Image<float>& b, double tolerance, double& largest) {
  if (a.box() != b.box()) {
    largest = 65536;  // worse than any difference of counts
    return fmt::format("{} x {} px against {} x {}", a.width(), a.height(), b.width(), b.height());
  }
  std::string where;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      const double difference = std::abs(static_cast<double>(a(y, x)) - static_cast<double>(b(y, x)));
      if (difference <= std::max(tolerance, largest)) continue;
      largest = difference;
      where = fmt::format("x {}, y {}: {} counts against {}", x, y, a(y, x), b(y, x));
    }
  }
  return where;
}

std::string FirstDifference(const Mask& a, const Mask& b, std::string_view what) {
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      if ((a(y, x) > 127) != (b(y, x) > 127))
        return fmt::format("x {}, y {}: {} {} against {}", x, y, what, a(y, x), b(y, x));
    }
  }
  return "";
}

/// The seen targets by place, so that their order in a file does not matter.
std::vector<const Annotation*> Seen(const FrameAnnotation& frame) {
  std::vector<const Annotation*> targets;
  for (const Annotation& target : frame.targets) {
    if (target.seen()) targets.push_back(&target);
  }
  std::stable_sort(targets.begin(), targets.end(), [](const Annotation* a, const Annotation* b) {
    const auto key = [](const Annotation* t) { return std::tuple(t->box.y, t->box.x, t->box.height, t->box.width); };
    return key(a) < key(b);
  });
  return targets;
}

std::string NameOr(const std::string& name) { return name.empty() ? "target" : name; }

void CompareTargets(const FrameAnnotation& a, const FrameAnnotation& b, const LayoutHolds& both,
                    FrameDifference& difference) {
  const std::vector<const Annotation*> in_a = Seen(a), in_b = Seen(b);
  const auto tell = [&](bool& flag, std::string where) {
    flag = true;
    if (difference.where_label.empty()) difference.where_label = std::move(where);
  };
  if (in_a.size() != in_b.size())
    return tell(difference.boxes, fmt::format("{} targets against {}", in_a.size(), in_b.size()));
  for (std::size_t i = 0; i < in_a.size(); ++i) {
    const PixelBox &box_a = in_a[i]->box, &box_b = in_b[i]->box;
    if (box_a != box_b) {
      tell(difference.boxes, fmt::format("box [{}, {}, {}, {}] against [{}, {}, {}, {}]", box_a.x, box_a.y, box_a.width,
                                         box_a.height, box_b.x, box_b.y, box_b.width, box_b.height));
    }
    if (both.ids && in_a[i]->id != in_b[i]->id)
      tell(difference.ids, fmt::format("id {} against {}", in_a[i]->id, in_b[i]->id));
    if (both.classes && NameOr(in_a[i]->class_name) != NameOr(in_b[i]->class_name))
      tell(difference.classes, fmt::format("class '{}' against '{}'", in_a[i]->class_name, in_b[i]->class_name));
  }
}

FrameDifference Compare(const LabelledFrame& a, const LabelledFrame& b, const LayoutHolds& both, double tolerance) {
  FrameDifference difference;
  difference.where_pixel = ComparePixels(a.frame.pixels, b.frame.pixels, tolerance, difference.pixel);
  if (a.frame.pixels.box() != b.frame.pixels.box()) return difference;
  if (both.masks) {
    difference.where_label = FirstDifference(a.mask, b.mask, "mask");
    difference.masks = !difference.where_label.empty();
  }
  if (both.boxes) CompareTargets(a.annotation, b.annotation, both, difference);
  if (both.ignore) {
    const Mask none(a.mask.height(), a.mask.width());
    const std::string where = FirstDifference(a.ignore.value_or(none), b.ignore.value_or(none), "ignore");
    difference.ignored = !where.empty();
    if (difference.where_label.empty()) difference.where_label = where;
  }
  if (both.labels) {
    difference.labels = a.annotation != b.annotation || a.coverage != b.coverage || a.background != b.background ||
                        a.linear != b.linear || a.display != b.display;
    if (difference.labels && difference.where_label.empty()) difference.where_label = "labels beyond the boxes";
  }
  return difference;
}

LayoutHolds Both(const LayoutHolds& a, const LayoutHolds& b) {
  return {.sixteen_bit = a.sixteen_bit && b.sixteen_bit,
          .masks = a.masks && b.masks,
          .boxes = a.boxes && b.boxes,
          .ids = a.ids && b.ids,
          .classes = a.classes && b.classes,
          .ignore = a.ignore && b.ignore,
          .labels = a.labels && b.labels,
          .sequences = a.sequences && b.sequences,
          .names = a.names && b.names,
          .splits = a.splits && b.splits};
}

void NoteWhatIsLeftOut(const LayoutHolds& both, DiffReport& report) {
  std::string left_out;
  const auto add = [&](bool is_held, const char* what) {
    if (!is_held) left_out += fmt::format("{}{}", left_out.empty() ? "" : ", ", what);
  };
  add(both.masks, "masks");
  add(both.boxes, "boxes");
  add(both.ids, "ids");
  add(both.classes, "classes");
  add(both.ignore, "ignore masks");
  add(both.labels, "SCR and other labels");
  add(both.splits, "splits");
  if (!left_out.empty()) report.notes.push_back(fmt::format("not compared, as not both layouts hold it: {}", left_out));
}

/// Adds up the frames' findings in their order and keeps the worst place: pixels before labels.
void Collect(const std::vector<FrameDifference>& found, const Pairs& pairs, const LayoutReader& a, DiffReport& report) {
  const auto name = [&](std::size_t i) {
    const LayoutSequence& sequence = a.sequences()[pairs[i].first.sequence];
    return fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[pairs[i].first.frame]);
  };
  std::string worst_label;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const FrameDifference& frame = found[i];
    report.pixels += frame.where_pixel.empty() ? 0 : 1;
    report.masks += frame.masks;
    report.boxes += frame.boxes;
    report.ids += frame.ids;
    report.classes += frame.classes;
    report.ignored += frame.ignored;
    report.labels += frame.labels;
    if (!frame.where_pixel.empty() && frame.pixel > report.largest) {
      report.largest = frame.pixel;
      report.worst = fmt::format("{}, {}", name(i), frame.where_pixel);
    }
    if (worst_label.empty() && !frame.where_label.empty())
      worst_label = fmt::format("{}, {}", name(i), frame.where_label);
  }
  if (report.worst.empty()) report.worst = worst_label;
}

}  // namespace

DiffReport DiffSets(const fs::path& path_a, const fs::path& path_b, const DiffOptions& options) {
  const Layout& layout_a = options.from_a.empty() ? DetectLayout(path_a) : FindLayout(options.from_a);
  const Layout& layout_b = options.from_b.empty() ? DetectLayout(path_b) : FindLayout(options.from_b);
  const auto a = InContext(path_a.string(), [&] { return layout_a.open(path_a); });
  const auto b = InContext(path_b.string(), [&] { return layout_b.open(path_b); });
  DiffReport report;
  report.layout_a = layout_a.name;
  report.layout_b = layout_b.name;
  const LayoutHolds both = Both(layout_a.holds, layout_b.holds);
  NoteWhatIsLeftOut(both, report);
  const bool is_ordered = IsOrdered(*a) && IsOrdered(*b);
  const Pairs pairs = is_ordered ? PairSequences(*a, *b, both.splits, report) : PairPictures(*a, *b, report);
  report.frames = std::ssize(pairs);
  Progress progress("diff", report.frames, "frames");
  std::vector<FrameDifference> found(pairs.size());
  ParallelFor(pairs.size(), [&](std::size_t i) {
    const auto& [in_a, in_b] = pairs[i];
    LayoutFrame frame_a = InContext(path_a.string(), [&] { return a->Read(in_a.sequence, in_a.frame); });
    const LayoutFrame frame_b = InContext(path_b.string(), [&] { return b->Read(in_b.sequence, in_b.frame); });
    frame_a.labelled.annotation.frame = frame_b.labelled.annotation.frame;  // names are no labels
    found[i] = Compare(frame_a.labelled, frame_b.labelled, both, options.tolerance);
    progress.Advance();
  });
  Collect(found, pairs, *a, report);
  return report;
}

}  // namespace mirst
