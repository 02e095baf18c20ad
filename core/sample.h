// A labelled sequence in memory: exactly what the files of one sequence hold.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/annotation.h"
#include "core/frame.h"
#include "core/random.h"

namespace mirst {

/// One frame and its labels; every image has the frame's shape.
struct LabelledFrame {
  Frame frame;
  Mask mask;                                     ///< 0 or 255, all targets
  Image<std::uint16_t> coverage;                 ///< 65535 = fully covered (PSF-blurred); may be empty where unknown
  std::optional<Mask> ignore;                    ///< 255 = counts nowhere; absent where nothing is ignored
  std::optional<Image<std::uint16_t>> instance;  ///< track ids; present where a frame holds more than one target
  std::optional<Image<float>> background;        ///< the frame without targets, where kept
  std::optional<Frame> linear;                   ///< before the gain control, where `frame` is behind it and it is kept
  std::optional<Frame> display;                  ///< behind the gain control, where `frame` is linear
  FrameAnnotation annotation;

  /// Mask of the target `id` alone.
  Mask PixelsOf(int id) const { return mirst::PixelsOf(mask, instance ? &*instance : nullptr, id); }
};

struct Sample {
  std::string name;  ///< of the sequence
  RandomKey key;     ///< from which it was drawn
  std::vector<LabelledFrame> frames;
};

}  // namespace mirst
