// The generator as a SampleStream: planned at once, as Generate does it, and made sequence by sequence when asked.
#pragma once

#include <vector>

#include "datasets/sample_stream.h"
#include "generator/options.h"
#include "generator/plan.h"

namespace mirst {

class GeneratedStream final : public SampleStream {
 public:
  /// Opens backgrounds and models and plans every sequence. Throws as Generate does before it writes.
  explicit GeneratedStream(const GenerateOptions& options);

  const Manifest& manifest() const override { return manifest_; }
  /// At most two sequences a thread are in memory. Throws as MakeSample.
  void Run(std::string_view split, const std::function<void(Sample)>& take) const override;

 private:
  GenerateOptions options_;
  Inventory inventory_;
  std::vector<Scenario> scenarios_;
  Manifest manifest_;
};

}  // namespace mirst
