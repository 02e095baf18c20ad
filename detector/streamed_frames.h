// Train and val splits of a data set that has no files: taken from a SampleStream once and kept in memory, as small as
// they get. What is not kept could not be looked at again. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/image.h"
#include "datasets/labelled_frames.h"
#include "datasets/sample_stream.h"

namespace mirst {

class StreamedFrames final : public LabelledFrames {
 public:
  /// Makes both splits now. Throws kBadInput, before anything is made, where one of them needs more than
  /// `most_bytes_a_split` (2 bytes a pixel at 8 bits, 3 at 16).
  StreamedFrames(const SampleStream& stream, std::uintmax_t most_bytes_a_split);

  const Manifest& manifest() const override { return manifest_; }
  const std::filesystem::path& folder() const override { return folder_; }
  std::vector<FrameAnnotation> ReadAnnotations(const ManifestSequence& sequence) const override;
  LabelledFrame ReadLabelledFrame(const ManifestSequence& sequence, const FrameAnnotation& annotation) const override;

 private:
  struct KeptFrame {
    std::variant<Image<std::uint8_t>, Image<std::uint16_t>> counts;
    Mask mask, ignore;  // ignore: empty where nothing is ignored
    FrameAnnotation annotation;
    std::string name;
    double time_s = 0;
  };
  static KeptFrame Keep(LabelledFrame& frame);
  const std::vector<KeptFrame>& FramesOf(const ManifestSequence& sequence) const;

  Manifest manifest_;
  std::filesystem::path folder_ = "the stream";  // for messages
  std::map<std::string, std::vector<KeptFrame>> sequences_;
};

}  // namespace mirst
