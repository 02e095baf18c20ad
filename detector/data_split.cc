#include "detector/data_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/sequence_detector.h"

namespace mirst {
namespace {

template <class T>
Image<T> CountsAs(const Image<float>& pixels) {
  Image<T> counts(pixels.height(), pixels.width());
  std::transform(pixels.begin(), pixels.end(), counts.begin(), [](float value) { return static_cast<T>(value); });
  return counts;
}

struct Sums {
  double sum = 0, squares = 0;  // whole numbers: exact below 2^53, and added in one order beyond
};

Sums SumsOf(const StoredFrame& frame) {
  return std::visit(
      [](const auto& counts) {
        std::uint64_t sum = 0, squares = 0;
        for (const std::uint64_t value : counts) {
          sum += value;
          squares += value * value;
        }
        return Sums{static_cast<double>(sum), static_cast<double>(squares)};
      },
      frame.counts);
}

std::uintmax_t BytesOf(const ManifestSequence& sequence) {
  return static_cast<std::uintmax_t>(sequence.width) * static_cast<std::uintmax_t>(sequence.height) *
         (sequence.bit_depth > 8 ? 3U : 2U);
}

void CheckSequences(const std::vector<const ManifestSequence*>& sequences, const std::string& folder,
                    std::string_view split) {
  if (sequences.empty()) throw BadInput(fmt::format("{} has no sequence in its {} split", folder, split));
  int longest = 0, short_ones = 0;
  for (const ManifestSequence* sequence : sequences) {
    if (sequence->width < kLeastFramePx || sequence->height < kLeastFramePx) {
      throw BadInput(
          fmt::format("{}: the frames of sequence {} are {} x {} px, the least that the network takes is {} x {}",
                      folder, sequence->name, sequence->width, sequence->height, kLeastFramePx, kLeastFramePx));
    }
    if (sequence->bit_depth != sequences.front()->bit_depth) {
      throw BadInput(fmt::format("{}: sequence {} has {} bits and {} has {}; one network takes one depth", folder,
                                 sequences.front()->name, sequences.front()->bit_depth, sequence->name,
                                 sequence->bit_depth));
    }
    longest = std::max(longest, sequence->frames);
    short_ones += sequence->frames < kDetectorWindow;
  }
  if (longest < kDetectorWindow) {
    throw BadInput(fmt::format("{}: the longest sequence of the {} split has {} frame{}, a sample takes {}", folder,
                               split, longest, longest == 1 ? "" : "s", kDetectorWindow));
  }
  if (short_ones > 0) {
    LogWarning(fmt::format("{} of {} sequences of the {} split have fewer than {} frames and give no sample",
                           short_ones, sequences.size(), split, kDetectorWindow));
  }
}

}  // namespace

SplitFrames::SplitFrames(std::shared_ptr<const LabelledFrames> reader, TrainingSplit split, std::uintmax_t cache_bytes)
    : reader_(std::move(reader)) {
  const std::string_view name = split == TrainingSplit::kTrain ? "train" : "val";
  std::vector<const ManifestSequence*> entries;
  for (const ManifestSequence& sequence : reader_->manifest().sequences) {
    if (sequence.split == name) entries.push_back(&sequence);
  }
  CheckSequences(entries, reader_->folder().string(), name);
  for (const ManifestSequence* entry : entries) {
    sequences_.push_back({entry, reader_->ReadAnnotations(*entry), {}});
    sequences_.back().cached.resize(sequences_.back().annotations.size());
  }
  LoadFrames(name, cache_bytes);
}

void SplitFrames::LoadFrames(std::string_view split, std::uintmax_t cache_bytes) {
  struct Place {
    std::size_t sequence;
    int frame;
    bool kept;
  };
  std::vector<Place> places;
  std::uintmax_t bytes = 0, pixels = 0;
  for (std::size_t s = 0; s < sequences_.size(); ++s) {
    const ManifestSequence& entry = *sequences_[s].entry;
    for (int frame = 0; frame < entry.frames; ++frame) {
      bytes += BytesOf(entry);
      pixels += static_cast<std::uintmax_t>(entry.width) * static_cast<std::uintmax_t>(entry.height);
      places.push_back({s, frame, bytes <= cache_bytes});
    }
  }
  std::vector<Sums> sums(places.size());
  {
    Progress progress(fmt::format("reading {}", split), static_cast<std::int64_t>(places.size()), "frames");
    ParallelFor(places.size(), [&](std::size_t i) {
      Sequence& sequence = sequences_[places[i].sequence];
      auto frame = std::make_shared<const StoredFrame>(Decode(sequence, places[i].frame));
      sums[i] = SumsOf(*frame);
      if (places[i].kept) sequence.cached[static_cast<std::size_t>(places[i].frame)] = std::move(frame);
      progress.Advance();
    });
  }
  Sums total;
  for (const Sums& frame : sums) {
    total.sum += frame.sum;
    total.squares += frame.squares;
  }
  const auto count = static_cast<double>(pixels);
  mean_ = total.sum / count;
  sigma_ = std::sqrt(std::max(total.squares / count - mean_ * mean_, 1e-12));
}

StoredFrame SplitFrames::Decode(const Sequence& sequence, int index) const {
  const FrameAnnotation& annotation = sequence.annotations[static_cast<std::size_t>(index)];
  return InContext(fmt::format("sequence {}", sequence.entry->name), [&] {
    LabelledFrame labelled = reader_->ReadLabelledFrame(*sequence.entry, annotation);
    StoredFrame frame;
    if (labelled.frame.bit_depth > 8) {
      frame.counts = CountsAs<std::uint16_t>(labelled.frame.pixels);
    } else {
      frame.counts = CountsAs<std::uint8_t>(labelled.frame.pixels);
    }
    frame.mask = std::move(labelled.mask);
    if (labelled.ignore) frame.ignore = std::move(*labelled.ignore);
    for (const Annotation& target : annotation.targets) {
      if (target.seen()) frame.targets.push_back(target.centroid_xy);
    }
    return frame;
  });
}

std::shared_ptr<const StoredFrame> SplitFrames::Read(std::size_t sequence, int index) const {
  const Sequence& wanted = sequences_.at(sequence);
  const auto& cached = wanted.cached.at(static_cast<std::size_t>(index));
  return cached ? cached : std::make_shared<const StoredFrame>(Decode(wanted, index));
}

std::vector<Window> WindowsOf(const SplitFrames& frames) {
  std::vector<Window> windows;
  for (std::size_t s = 0; s < frames.sequences(); ++s) {
    for (int last = kDetectorWindow - 1; last < frames.sequence(s).frames; ++last) windows.push_back({s, last});
  }
  return windows;
}

}  // namespace mirst
