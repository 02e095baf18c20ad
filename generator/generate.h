// Makes a data set: backgrounds and models in, labelled sequences out. The same options give the same pixels and labels
// for any number of threads. Every decision is drawn and checked before the first file is written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "datasets/sample_store.h"
#include "generator/options.h"

namespace mirst {

struct GenerateReport {
  std::string dataset_id;
  int sources = 0;
  int models = 0;
  int sequences = 0;
  std::int64_t frames = 0;
  double plan_s = 0;
  double write_s = 0;
  int targets = 0;             ///< tracks, over all sequences
  int decoys = 0;              ///< over all sequences
  double mean_placements = 0;  ///< tried for a target
  int lowered = 0;             ///< targets whose SCR was lowered
  std::size_t templates_rendered = 0;
  std::size_t templates_reused = 0;  ///< requests that needed no rendering
};

/// Writes the data set in the native layout to `folder`.
/// Throws kBadInput: no usable background or model, an SCR that no placement reaches (the message names the largest
/// possible one), the folder (SampleStoreWriter); kInterrupted leaves finished sequences and no manifest.
GenerateReport Generate(const GenerateOptions& options, const std::filesystem::path& folder, Existing existing);

}  // namespace mirst
