// Every option of `mirst train`, with units, ranges and defaults; the defaults are the published training of PSTFNet
// where it is known. `mirst train --print-config` prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/config.h"
#include "detector/device_choice.h"
#include "detector/network/image_network_options.h"
#include "detector/network/pstfnet_options.h"
#include "detector/network_traits.h"

namespace mirst {

struct AugmentationOptions {
  double flip_probability = 0.5;  ///< left to right
  int centre_crop_px = 30;        ///< the crop loses 0 .. centre_crop_px - 1 px, then is enlarged back; 1 = off
  double rotation_probability = 0.2;
  std::pair<double, double> rotation_deg{-15, 14};  ///< whole degrees
  double negative_probability = 0;                  ///< hot and cold change places
  double largest_gain = 1;                          ///< of counts about the train split's mean; as often its inverse
  double largest_offset = 0;                        ///< in the train split's sigmas, either way
  friend bool operator==(const AugmentationOptions&, const AugmentationOptions&) = default;
};

struct TrainingDataOptions {
  int crop_px = 128;
  double centred_share = 0.75;  ///< crops placed near a target, where the frame has one
  int batch = 16;
  int workers = 1;       ///< threads that cut and augment samples
  int prefetch = 4;      ///< batches made ahead
  int cache_mib = 2048;  ///< decoded frames kept in memory, MiB
};

struct LossOptions {
  double soft_iou = 1;     ///< weight of SoftIoU
  double focal = 0;        ///< weight of the focal loss
  double focal_gamma = 2;  ///< 0 = cross entropy, divided by the target pixels
  double bce = 0;          ///< weight of the binary cross entropy
};

/// How the learning rate goes on, over the planned steps.
enum class RateSchedule {
  kMilestones,  ///< x 0.1 at each of two shares
  kPolynomial,  ///< (1 - share)^0.9
  kCosine,
  kHalving,
  kConstant,
};

struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::kAdamW;
  double learning_rate = 5e-4;
  std::pair<double, double> betas{0.9, 0.999};  ///< of Adam and AdamW
  double momentum = 0.937;                      ///< Nesterov's, of SGD
  double weight_decay = 1e-4;
  double clip_norm = 1;
  RateSchedule schedule = RateSchedule::kMilestones;
  std::pair<double, double> milestones{32.0 / 48, 44.0 / 48};
  double final_rate = 0;  ///< where the polynomial and the cosine end, and the least of halving
  double stretches = 1;   ///< falls of the cosine, each but the last followed by a rise in turn; halvings + 1
  double warmup = 0;      ///< share of the planned steps in which the rate rises with their square
};

struct ValidationOptions {
  int every_steps = 500;  ///< 0 = never: no best checkpoint
  int stride = 1;         ///< every stride-th frame is scored
  int patience = 0;       ///< validations without a new best after which the training ends; 0 = never
};

/// Of trainings by several processes (detector/process_group.h).
struct DistributedOptions {
  double timeout_s = 120;  ///< without an answer from the others
  int bucket_kib = 1024;   ///< gradients that are summed over the processes at once
};

enum class Precision {
  kFloat32,
  kBfloat16,  ///< LibTorch's mixed precision; CUDA only
};

struct TrainOptions {
  std::uint64_t seed = 0;
  std::string arch = "pstfnet";  ///< one of NetworkNames()
  PstfnetOptions network{.size_mode = SizeMode::kFree};
  ImageNetworkOptions image_network;  ///< of DNANet, ISNet and UIU-Net
  double epochs = 48;                 ///< an epoch sees as many samples as there are windows
  int steps = 0;                      ///< instead of epochs; 0 = by epochs
  /// Probability of a target that the network starts with at every pixel; none = LibTorch's initialisation (about 0.5).
  std::optional<double> initial_probability;
  std::optional<double> limit_minutes;  ///< stop early, with a checkpoint
  std::optional<double> ema_decay;  ///< of the running average of the weights that is validated and saved; none = off
  int log_every_steps = 10;
  int state_every_steps = 200;  ///< besides at validations; 0 = there only
  DeviceChoice device = DeviceChoice::kAutomatic;
  Precision precision = Precision::kFloat32;
  bool deterministic = true;  ///< kernels that give the same sums at every run, where LibTorch has them
  TrainingDataOptions data;
  AugmentationOptions augmentation;
  LossOptions loss;
  OptimiserOptions optimiser;
  ValidationOptions validation;
  DistributedOptions distributed;
};

void Visit(OptionsVisitor& visitor, TrainOptions& options);
void AddFaults(OptionsReader& reader, const TrainOptions& options);

}  // namespace mirst
