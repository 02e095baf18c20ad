#include "detector/network_checkpoint.h"

#include <torch/torch.h>

#include <utility>

#include "core/error.h"

namespace mirst {

void SaveNetwork(const std::filesystem::path& weights, Network& network, CheckpointInfo info) {
  info.network = network.traits().arch;
  if (info.network == "pstfnet") {
    info.options = ReadOptions<PstfnetOptions>(ConfigTree::FromText(network.OptionsJson(), "options"));
  } else {
    info.network_options = network.OptionsJson();
  }
  WriteCheckpoint(weights, network.module(), std::move(info));
}

LoadedNetwork LoadNetwork(const std::filesystem::path& weights) {
  const CheckpointInfo described = ReadCheckpointInfo(weights);
  LoadedNetwork loaded;
  try {
    const std::string options = described.network == "pstfnet" ? PrintOptions(described.options, OptionsFormat::kJson)
                                                               : described.network_options;
    loaded.network = MakeNetwork(described.network, ConfigTree::FromText(options, "options"));
  } catch (const Error& error) {
    throw BadInput(weights.string() + ": " + error.what());  // a file's fault, not the command line's
  }
  loaded.info = LoadDescribedWeights(weights, loaded.network->module());
  loaded.network->module().eval();
  return loaded;
}

}  // namespace mirst
