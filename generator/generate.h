// Makes a data set: backgrounds and models in, labelled sequences out. The same options give the same pixels and labels
// for any number of threads, shards and interruptions. Every decision is drawn and checked before the first file is
// written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "datasets/sample_store.h"
#include "generator/options.h"
#include "generator/plan.h"
#include "generator/plan_report.h"

namespace mirst {

struct GenerateReport {
  std::string dataset_id;  ///< empty: a shard, or not finished
  int sources = 0;
  int models = 0;
  int sequences = 0;        ///< made now
  int found_sequences = 0;  ///< that an earlier run had made
  std::int64_t frames = 0;
  double plan_s = 0;
  double write_s = 0;
  int targets = 0;             ///< tracks, over all sequences
  int decoys = 0;              ///< over all sequences
  double mean_placements = 0;  ///< tried for a target
  int lowered = 0;             ///< targets whose SCR was lowered
  std::size_t templates_rendered = 0;
  std::size_t templates_reused = 0;  ///< requests that needed no rendering
  PlanReport plan;                   ///< also in plan.json
};

/// What the options and the inputs come to: all that decides the bytes of the data set.
WriteJob DescribeJob(const Inventory& inventory, const GenerateOptions& options);

/// Writes the data set, or a shard of it, in the native layout to `folder`; plans and writes only what an earlier run
/// has not (Existing::kResume, and always for a shard). A set that is whole already is left as it is. Throws kBadInput:
/// no usable background or model, an SCR that no placement reaches (the message names the largest possible one), the
/// folder (SampleStoreWriter), which was begun with other options or inputs; kInterrupted leaves finished sequences and
/// no manifest.
GenerateReport Generate(const GenerateOptions& options, const std::filesystem::path& folder, Existing existing,
                        const Shard& shard = {});

}  // namespace mirst
