// What is published about the networks that mirst holds, as data: sources, input statistics, training schedules. No
// LibTorch.
#pragma once

#include <string>
#include <vector>

namespace mirst {

enum class OptimiserKind { kAdagrad, kAdam, kAdamW, kSgd };

enum class InitialWeights {
  kDefault,  ///< LibTorch's own
  kNormal,   ///< convolutions N(0, 0.02), normalisations N(1, 0.02), their biases 0
  kXavier,   ///< convolutions Xavier normal
};

struct PublishedTraining {
  OptimiserKind optimiser = OptimiserKind::kAdam;
  double learning_rate = 1e-3;
  double weight_decay = 0;
  std::string rate;  ///< how the learning rate goes on, in words
  int epochs = 0;
  int batch = 0;
  int crop_px = 0;  ///< height and width of the images in training
  InitialWeights initial_weights = InitialWeights::kDefault;
  std::string loss;  ///< in words
};

/// Frames of this data set enter as (counts - mean) / sigma, counts of 8 bits.
struct InputStatistics {
  std::string data_set;
  double mean = 0, sigma = 1;
};

struct NetworkTraits {
  std::string arch;             ///< as --arch names it
  std::string source;           ///< paper and program
  std::string input_shape;      ///< of `mirst model run`, batch first
  std::string output;           ///< of `mirst model run`
  int window = 1;               ///< frames, of which the last is the current one
  int stride = 1;               ///< height and width must be multiples of it
  int least_batch = 1;          ///< samples that a batch must have in training
  bool takes_channels = false;  ///< has the options of network/image_network_options.h
  bool channels_last = false;   ///< inference is faster with the channels of weights and maps side by side
  double hash_gain = 0.8;       ///< hash_weights.h
  PublishedTraining training;
  std::vector<InputStatistics> statistics;  ///< the first ones are those of the released weights, where there are any
};

/// All networks, PSTFNet first.
const std::vector<NetworkTraits>& AllNetworks();

/// The names that --arch takes.
std::vector<std::string> NetworkNames();

/// Throws kUsage for an unknown name, listing the known ones.
const NetworkTraits& TraitsOf(const std::string& arch);

const char* NameOf(OptimiserKind optimiser);
const char* NameOf(InitialWeights initial_weights);

}  // namespace mirst
