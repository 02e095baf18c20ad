// A small native data set with what layouts may lose: three splits, several targets, ignore masks, coverage.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/layouts/layout.h"
#include "datasets/sample_store.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst::test {

/// Sequences a, b, c in train, val, test, three frames each (MakeSample). Returns the data set id.
inline std::string WriteNativeSet(const std::filesystem::path& folder, int bit_depth = 8) {
  SampleStoreWriter writer(folder, Existing::kRefuse, 0);
  Manifest manifest;
  std::uint32_t stream = 1;
  for (const auto& [name, split] : {std::pair("a", "train"), std::pair("b", "val"), std::pair("c", "test")}) {
    const Sample sample = MakeSample(name, bit_depth, stream++);
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, split));
  }
  manifest.mask_convention = "half_max";
  return writer.Finish(manifest);
}

/// Names of all layouts but `native`.
inline std::vector<std::string> ForeignLayouts() {
  std::vector<std::string> names;
  for (const Layout& layout : Layouts()) {
    if (layout.name != "native") names.emplace_back(layout.name);
  }
  return names;
}

}  // namespace mirst::test
