// A trained network on disk: weights in NAME.safetensors, and beside them NAME.json, which says what network they
// belong to, how frames are normalised and binarised, and what the training had seen.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "detector/network/pstfnet.h"

namespace mirst {

inline constexpr int kCheckpointSchemaVersion = 1;

struct CheckpointInfo {
  std::string network = "pstfnet";
  PstfnetOptions options;              ///< where the network is pstfnet
  std::string network_options = "{}";  ///< JSON, where it is another
  std::string dataset_id;              ///< of the training data
  std::string config_json = "{}";      ///< the training's resolved options
  std::uint64_t seed = 0;
  std::int64_t steps = 0;                    ///< optimiser steps taken
  std::int64_t samples_seen = 0;             ///< windows of five frames, repetitions counted
  double mean = 0;                           ///< frames enter as (counts - mean) / sigma
  double sigma = 1;                          ///< > 0
  double threshold = 0;                      ///< a target where logit > threshold
  std::map<std::string, double> validation;  ///< score id -> value, on the validation split
  std::string program_version;               ///< written by SaveCheckpoint
  std::string git_revision;                  ///< written by SaveCheckpoint
  friend bool operator==(const CheckpointInfo&, const CheckpointInfo&) = default;
};

/// Parameters and buffers of `module` by name, sharing its memory.
std::map<std::string, torch::Tensor> StateDict(const torch::nn::Module& module);

/// Writes `weights` (NAME.safetensors) and NAME.json. `info.options` are taken from the network. Throws kBadInput where
/// a file cannot be written.
void SaveCheckpoint(const std::filesystem::path& weights, const Pstfnet& network, CheckpointInfo info);

/// The same for any network, as `info` describes it.
void WriteCheckpoint(const std::filesystem::path& weights, const torch::nn::Module& network, CheckpointInfo info);

/// Reads NAME.json. Throws kBadInput: missing, not JSON, unknown schema version or network, wrong options.
CheckpointInfo ReadCheckpointInfo(const std::filesystem::path& weights);

/// Fills `module`; names and shapes must agree exactly. Also for weights without NAME.json. Throws kBadInput naming the
/// first tensor that is missing, too much or of another shape, and leaves the module as it was.
void LoadWeights(const std::filesystem::path& weights, torch::nn::Module& module);

/// Fills a network that is as NAME.json describes it. Throws kBadInput where NAME.json belongs to other weights, and as
/// LoadWeights.
CheckpointInfo LoadDescribedWeights(const std::filesystem::path& weights, torch::nn::Module& network);

/// Fills a network that exists. Throws kBadInput where it was built with other options than the checkpoint's (bn_frames
/// may differ), or where NAME.json belongs to other weights.
CheckpointInfo LoadCheckpoint(const std::filesystem::path& weights, Pstfnet& network);

struct LoadedPstfnet {
  Pstfnet network{nullptr};  ///< on the CPU, in evaluation mode
  CheckpointInfo info;
};

/// Builds the network that the checkpoint describes and fills it.
LoadedPstfnet LoadPstfnet(const std::filesystem::path& weights);

}  // namespace mirst
