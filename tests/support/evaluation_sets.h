// Data sets on disk whose scores are known in closed form: square targets of 2 x 2 px on the checkerboard of
// checkerboard_samples.h. Top-Hat (5 x 5) gives 20 on the bright squares of the board and level - 90 on the target.
#pragma once

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sample_store.h"
#include "tests/support/checkerboard_samples.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst::test {

/// Three sequences of two frames: "a" (val), "b" (test, target of level 120: mean SCR 2), "c" (test, level 200: SCR
/// 10).
inline void WriteEvaluationSet(const std::filesystem::path& folder) {
  SampleStoreWriter writer(folder, Existing::kRefuse, 0);
  Manifest manifest;
  for (const auto& [name, split, level] : std::vector<std::tuple<std::string, std::string, int>>{
           {"a", "val", 200}, {"b", "test", 120}, {"c", "test", 200}}) {
    const Sample sample = CheckerSample(name, {{{{40, 40, 2, 2}, level}}, {{{44, 50, 2, 2}, level}}});
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, split));
  }
  writer.Finish(manifest);
}

/// The masks of the split as predictions, moved by (x, y) px.
inline void WritePredictions(const std::filesystem::path& set, const std::vector<std::string>& sequences, int x, int y,
                             const std::filesystem::path& folder) {
  for (const std::string& sequence : sequences) {
    CreateFolder(folder / sequence);
    for (const std::filesystem::path& path : ListFiles(set / "mask" / sequence)) {
      const Mask mask = ReadMask(path);
      Mask moved(mask.height(), mask.width());
      for (int row = 0; row < mask.height(); ++row) {
        for (int column = 0; column < mask.width(); ++column) {
          if (mask(row, column) > 127) moved(row + y, column + x) = 255;
        }
      }
      WriteFileAtomically(folder / sequence / path.filename(), EncodePng(moved));
    }
  }
}

}  // namespace mirst::test
