// Labelled sequences that are made while they are asked for, without files: the generator implements it, training takes
// from it. The samples are the very ones that the files of the same data set would hold.
#pragma once

#include <functional>
#include <string_view>

#include "core/manifest.h"
#include "core/sample.h"

namespace mirst {

class SampleStream {
 public:
  virtual ~SampleStream() = default;

  /// As the data set's own, but `files` is empty and `dataset_id` is "stream-" and the SHA-256 of the options: the real
  /// id is known only when everything has been made.
  virtual const Manifest& manifest() const = 0;

  /// Makes the sequences of `split` ("train", "val", "test") and hands them to `take`, one at a time, in the order of
  /// the manifest; a few more are made meanwhile. The same for any number of threads. Passes on what `take` throws.
  virtual void Run(std::string_view split, const std::function<void(Sample)>& take) const = 0;
};

}  // namespace mirst
