// Checkpoints of any network of the factory: the files of checkpoint.h, read into the network that they name.
#pragma once

#include <filesystem>
#include <memory>

#include "detector/checkpoint.h"
#include "detector/network_factory.h"

namespace mirst {

/// Writes weights and NAME.json; info.network and its options are taken from the network. Throws kBadInput where a file
/// cannot be written.
void SaveNetwork(const std::filesystem::path& weights, Network& network, CheckpointInfo info);

struct LoadedNetwork {
  std::unique_ptr<Network> network;  ///< on the CPU, in evaluation mode
  CheckpointInfo info;
};

/// Builds the network that NAME.json describes and fills it. Throws kBadInput as ReadCheckpointInfo and LoadWeights,
/// and where NAME.json belongs to other weights.
LoadedNetwork LoadNetwork(const std::filesystem::path& weights);

}  // namespace mirst
