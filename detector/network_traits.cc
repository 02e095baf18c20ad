#include "detector/network_traits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace mirst {
namespace {

/// The common protocol of BasicIRSTD for single-frame networks.
std::vector<InputStatistics> CommonStatistics() {
  return {{"NUAA-SIRST", 101.0639, 34.6196},
          {"NUDT-SIRST", 107.8091, 33.0227},
          {"IRSTD-1K", 87.4662, 39.7195},
          {"IRDST-real", 101.5405, 56.4986}};
}

std::vector<InputStatistics> RdianStatistics() {
  std::vector<InputStatistics> all = {
      {"released weights: (counts / 255 + 0.1246) / 1.0923", -0.1246 * 255, 1.0923 * 255}};
  for (const InputStatistics& common : CommonStatistics()) all.push_back(common);
  return all;
}

std::vector<InputStatistics> DtumStatistics() {
  return {{"NUDT-MIRSDT", 105.4025, 26.6452},
          {"SatVideoIRSTD (test)", 105.31, 26.08},
          {"SatVideoIRSTD (train)", 111.47, 22.43},
          {"IRDST", 106.8523, 56.9243}};
}

constexpr const char* kDtumSource =
    "Li et al., Direction-coded temporal U-shape module for multiframe infrared small target detection, IEEE TNNLS "
    "2023";

std::vector<NetworkTraits> MakeTraits() {
  std::vector<NetworkTraits> all;
  all.push_back({.arch = "pstfnet",
                 .source = "Zeng et al., Progressive spatio-temporal feature fusion network, J. Infrared Millim. Waves "
                           "43(6), 2024",
                 .input_shape = "(batch, 1 or 3, 5, height, width)",
                 .output = "logits (batch, 1, height, width)",
                 .window = 5,
                 .stride = 16,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdamW, 5e-4, 1e-4, "x 0.1 after 2/3 and 11/12 of the epochs", 48, 16, 384,
                              InitialWeights::kDefault, "soft IoU"},
                 .statistics = {}});
  all.push_back({.arch = "rdian",
                 .source = "Sun et al., Receptive-field and direction induced attention network, IEEE TGRS 61, 2023",
                 .input_shape = "(batch, 1, height, width)",
                 .output = "logits (batch, 1, height, width)",
                 .window = 1,
                 .stride = 1,
                 .channels_last = true,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdagrad, 5e-3, 1e-4, "polynomial of power 0.9 to 1e-6", 300, 8, 480,
                              InitialWeights::kNormal, "soft IoU"},
                 .statistics = RdianStatistics()});
  all.push_back({.arch = "dnanet",
                 .source = "Li et al., Dense nested attention network, IEEE TIP 32, 2023",
                 .input_shape = "(batch, channels, height, width)",
                 .output = "logits (batch, 4, height, width), the last channel is the prediction",
                 .window = 1,
                 .stride = 16,
                 .takes_channels = true,
                 .channels_last = true,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdagrad, 0.05, 0, "cosine to 1e-5", 1500, 16, 256,
                              InitialWeights::kXavier, "mean over four outputs of soft IoU over the batch"},
                 .statistics = CommonStatistics()});
  all.push_back(
      {.arch = "isnet",
       .source = "Zhang et al., ISNet: Shape matters for infrared small target detection, CVPR 2022",
       .input_shape = "(batch, channels, height, width)",
       .output = "logits and edge logits (batch, 2, height, width)",
       .window = 1,
       .stride = 16,
       .takes_channels = true,
       .channels_last = true,
       .hash_gain = 0.7,
       .training = {OptimiserKind::kAdagrad, 0.05, 1e-4, "cosine of period 60 epochs", 3000, 12, 480,
                    InitialWeights::kNormal, "soft IoU + 10 cross entropy of the edge + soft IoU of the edge"},
       .statistics = CommonStatistics()});
  all.push_back({.arch = "uiunet",
                 .source = "Wu et al., UIU-Net: U-Net in U-Net, IEEE TIP 32, 2023",
                 .input_shape = "(batch, channels, height, width)",
                 .output = "logits (batch, 7, height, width), the first channel is the prediction",
                 .window = 1,
                 .stride = 1,
                 .least_batch = 2,
                 .takes_channels = true,
                 .channels_last = true,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdam, 1e-3, 0, "constant", 500, 3, 288, InitialWeights::kDefault,
                              "sum over seven outputs of cross entropy"},
                 .statistics = CommonStatistics()});
  all.push_back({.arch = "sstnet",
                 .source =
                     "Chen et al., SSTNet: Sliced spatio-temporal network with cross-slice ConvLSTM, IEEE TGRS 62, "
                     "2024",
                 .input_shape = "(batch, 1 or 3, 5, height, width)",
                 .output = "head (batch, 6, height / 8, width / 8): x, y, w, h, object and class logit",
                 .window = 5,
                 .stride = 32,
                 .channels_last = true,
                 .hash_gain = 1.05,
                 .training = {OptimiserKind::kSgd, 6.25e-4, 5e-4, "3 epochs of warm-up, then cosine", 100, 4, 512,
                              InitialWeights::kNormal, "YOLOX (SimOTA) + motion"},
                 .statistics = {}});
  all.push_back({.arch = "resunet_dtum",
                 .source = kDtumSource,
                 .input_shape = "(batch, 1 or 3, 5, height, width)",
                 .output = "logits (batch, 1, height, width)",
                 .window = 5,
                 .stride = 8,
                 .channels_last = true,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdam, 1e-3, 0, "x 0.5 every 3 epochs", 20, 1, 512,
                              InitialWeights::kDefault, "soft IoU over the batch"},
                 .statistics = DtumStatistics()});
  all.push_back({.arch = "dnanet_dtum",
                 .source = kDtumSource,
                 .input_shape = "(batch, 1 or 3, 5, height, width)",
                 .output = "logits (batch, 1, height, width)",
                 .window = 5,
                 .stride = 8,
                 .channels_last = true,
                 .hash_gain = 0.8,
                 .training = {OptimiserKind::kAdam, 1e-3, 0, "x 0.5 every 3 epochs", 20, 1, 512,
                              InitialWeights::kDefault, "soft IoU without smoothing"},
                 .statistics = DtumStatistics()});
  return all;
}

}  // namespace

const std::vector<NetworkTraits>& AllNetworks() {
  static const std::vector<NetworkTraits> kAll = MakeTraits();
  return kAll;
}

std::vector<std::string> NetworkNames() {
  std::vector<std::string> names;
  for (const NetworkTraits& traits : AllNetworks()) names.push_back(traits.arch);
  return names;
}

const NetworkTraits& TraitsOf(const std::string& arch) {
  const auto& all = AllNetworks();
  const auto found = std::find_if(all.begin(), all.end(), [&](const NetworkTraits& t) { return t.arch == arch; });
  if (found == all.end()) {
    throw UsageError(fmt::format("--arch: found '{}', allowed: {}", arch, fmt::join(NetworkNames(), ", ")));
  }
  return *found;
}

const char* NameOf(OptimiserKind optimiser) {
  switch (optimiser) {
    case OptimiserKind::kAdagrad:
      return "Adagrad";
    case OptimiserKind::kAdam:
      return "Adam";
    case OptimiserKind::kAdamW:
      return "AdamW";
    case OptimiserKind::kSgd:
      return "SGD with Nesterov momentum 0.937";
  }
  return "";
}

const char* NameOf(InitialWeights initial_weights) {
  switch (initial_weights) {
    case InitialWeights::kDefault:
      return "LibTorch's";
    case InitialWeights::kNormal:
      return "normal of sigma 0.02";
    case InitialWeights::kXavier:
      return "Xavier normal";
  }
  return "";
}

}  // namespace mirst
