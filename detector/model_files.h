// `mirst model`: what a network is made of, weights by formula, and one pass from file to file, so that anybody can
// compare it with another implementation. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config.h"

namespace mirst {

struct ModelLayer {
  std::string name;                               ///< of its weights' prefix
  std::string kind;                               ///< "Conv2d", "BatchNorm2d", ...
  std::vector<std::vector<std::int64_t>> shapes;  ///< of its own parameters
  std::int64_t parameters = 0;
};

/// A part of the network that runs as a whole; MACs for one sample of the input's shape.
struct ModelStage {
  std::string name;
  std::int64_t macs = 0;            ///< convolutions and linear layers, as the network is defined
  std::int64_t attention_macs = 0;  ///< other products of matrices
  std::int64_t inference_macs = 0;  ///< convolutions and linear layers that inference really computes
};

struct ModelInfo {
  std::string arch;
  std::string options_json;
  std::vector<std::int64_t> input_shape;
  std::int64_t parameters = 0;
  std::int64_t buffers = 0;  ///< values that are stored and not trained
  std::vector<ModelLayer> layers;
  std::vector<ModelStage> stages;
};

/// Throws kUsage (unknown network, wrong options).
ModelInfo DescribeModel(const std::string& arch, const ConfigTree& options);

enum class WeightFormula {
  kHash,       ///< hash_weights.h: the same in every implementation
  kDefault,    ///< LibTorch's own initialisation with this seed
  kPublished,  ///< as the network's published training begins
};

/// Writes weights (safetensors) made by formula. Throws as DescribeModel, and kBadInput where the file cannot be
/// written.
void InitialiseModel(const std::string& arch, const ConfigTree& options, WeightFormula formula, std::uint64_t seed,
                     const std::filesystem::path& output);

struct ModelRun {
  std::vector<std::int64_t> input_shape, output_shape;
  double seconds = 0;  ///< of the forward pass
};

/// Reads weights and an input (.npy, float32 or float64), runs the network once in evaluation mode in the input's
/// precision, and writes its output (.npy, of the same type). Shapes of both: NetworkTraits (network_traits.h); the
/// batch may be left out. Frames lie oldest first and enter as they are (no normalisation). Throws kUsage (network,
/// options), kBadInput (files, shapes).
ModelRun RunModel(const std::string& arch, const ConfigTree& options, const std::filesystem::path& weights,
                  const std::filesystem::path& input, const std::filesystem::path& output);

}  // namespace mirst
