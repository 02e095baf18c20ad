#include "detector/streamed_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace mirst {
namespace {

template <class T>
Image<T> CountsAs(const Image<float>& pixels) {
  Image<T> counts(pixels.height(), pixels.width());
  std::transform(pixels.begin(), pixels.end(), counts.begin(), [](float value) { return static_cast<T>(value); });
  return counts;
}

std::uintmax_t BytesOf(const ManifestSequence& sequence) {
  return static_cast<std::uintmax_t>(sequence.frames) * static_cast<std::uintmax_t>(sequence.width) *
         static_cast<std::uintmax_t>(sequence.height) * (sequence.bit_depth > 8 ? 3U : 2U);
}

}  // namespace

StreamedFrames::StreamedFrames(const SampleStream& stream, std::uintmax_t most_bytes_a_split)
    : manifest_(stream.manifest()) {
  for (const char* split : {"train", "val"}) {
    std::uintmax_t bytes = 0;
    for (const ManifestSequence& sequence : manifest_.sequences)
      bytes += sequence.split == split ? BytesOf(sequence) : 0;
    if (bytes > most_bytes_a_split) {
      throw BadInput(fmt::format(
          "the {} split of the stream takes {} MiB of memory, data.cache_mib allows {}; raise it, or write the "
          "data set to files",
          split, (bytes >> 20) + 1, most_bytes_a_split >> 20));
    }
  }
  for (const char* split : {"train", "val"}) {
    stream.Run(split, [&](Sample sample) {
      std::vector<KeptFrame>& kept = sequences_[sample.name];
      for (LabelledFrame& frame : sample.frames) kept.push_back(Keep(frame));
    });
  }
}

StreamedFrames::KeptFrame StreamedFrames::Keep(LabelledFrame& frame) {
  KeptFrame kept;
  if (frame.frame.bit_depth > 8) {
    kept.counts = CountsAs<std::uint16_t>(frame.frame.pixels);
  } else {
    kept.counts = CountsAs<std::uint8_t>(frame.frame.pixels);
  }
  kept.mask = std::move(frame.mask);
  if (frame.ignore) kept.ignore = std::move(*frame.ignore);
  kept.annotation = std::move(frame.annotation);
  kept.name = std::move(frame.frame.name);
  kept.time_s = frame.frame.time_s;
  return kept;
}

const std::vector<StreamedFrames::KeptFrame>& StreamedFrames::FramesOf(const ManifestSequence& sequence) const {
  const auto found = sequences_.find(sequence.name);
  if (found == sequences_.end()) {
    throw BadInput(
        fmt::format("sequence {} of the stream is in its {} split, which is not kept", sequence.name, sequence.split));
  }
  return found->second;
}

std::vector<FrameAnnotation> StreamedFrames::ReadAnnotations(const ManifestSequence& sequence) const {
  std::vector<FrameAnnotation> annotations;
  for (const KeptFrame& frame : FramesOf(sequence)) annotations.push_back(frame.annotation);
  return annotations;
}

LabelledFrame StreamedFrames::ReadLabelledFrame(const ManifestSequence& sequence,
                                                const FrameAnnotation& annotation) const {
  const KeptFrame& kept = FramesOf(sequence).at(static_cast<std::size_t>(annotation.index));
  LabelledFrame frame;
  frame.frame.pixels = std::visit(
      [](const auto& counts) {
        Image<float> pixels(counts.height(), counts.width());
        std::copy(counts.begin(), counts.end(), pixels.begin());
        return pixels;
      },
      kept.counts);
  frame.frame.bit_depth = sequence.bit_depth;
  frame.frame.index = annotation.index;
  frame.frame.time_s = kept.time_s;
  frame.frame.name = kept.name;
  frame.mask = kept.mask;
  if (!kept.ignore.empty()) frame.ignore = kept.ignore;
  frame.annotation = annotation;
  return frame;
}

}  // namespace mirst
