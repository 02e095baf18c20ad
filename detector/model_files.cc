#include "detector/model_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <chrono>
#include <cstring>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "datasets/npy.h"
#include "detector/checkpoint.h"
#include "detector/cost.h"
#include "detector/device.h"
#include "detector/hash_weights.h"
#include "detector/network/pstfnet.h"
#include "detector/safetensors.h"
#include "detector/torch_error.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr double kPstfnetHashGain = 0.8;
constexpr std::int64_t kFreeModeExample = 128;  // height and width for which the cost of a size-free network is told

Pstfnet MakeNetwork(const std::string& arch, const ConfigTree& options) {
  if (arch != "pstfnet") {
    throw UsageError(fmt::format("--arch: found '{}', allowed: {}", arch, fmt::join(NetworkNames(), ", ")));
  }
  return Pstfnet(ReadOptions<PstfnetOptions>(options));
}

std::vector<std::int64_t> ExampleShape(const Pstfnet& network) {
  const bool native = network->options().size_mode == SizeMode::kNative;
  const std::int64_t extent = native ? kPstfnetNativeSize : kFreeModeExample;
  return {1, 3, kWindowFrames, extent, extent};
}

std::vector<ModelLayer> LayersOf(const torch::nn::Module& network) {
  std::vector<ModelLayer> layers;
  for (const auto& item : network.named_modules("", /*include_self=*/false)) {
    ModelLayer layer{item.key(), item.value()->name(), {}, 0};
    for (const Tensor& parameter : item.value()->parameters(/*recurse=*/false)) {
      layer.shapes.push_back(parameter.sizes().vec());
      layer.parameters += parameter.numel();
    }
    if (layer.shapes.empty()) continue;
    layer.kind = layer.kind.substr(layer.kind.rfind(':') + 1);  // without namespace
    if (layer.kind.ends_with("Impl")) layer.kind.resize(layer.kind.size() - 4);
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// Runs the network stage by stage. Training mode computes it as defined, all frames at every step; evaluation mode
/// leaves out what the last frame does not need.
std::vector<ModelStage> CostsOf(Pstfnet& network, const std::vector<std::int64_t>& shape) {
  const torch::NoGradGuard no_gradient;
  const Tensor frames = torch::zeros(shape);
  Levels features, aggregated, fused;
  const std::vector<std::pair<const char*, std::function<void()>>> stages = {
      {"encoder", [&] { features = network->Encode(frames); }},
      {"PTAM", [&] { aggregated = network->Aggregate(features); }},
      {"MSFM", [&] { fused = network->Fuse(aggregated); }},
      {"decoder", [&] { network->Decode(fused); }},
  };
  const std::vector<Tensor> weights = network->parameters();
  std::vector<ModelStage> costs;
  network->train();
  for (const auto& [name, run] : stages) {
    const MacCount count = CountMacs(weights, run);
    costs.push_back({name, count.layers, count.products, 0});
  }
  network->eval();
  for (std::size_t i = 0; i < stages.size(); ++i) costs[i].inference_macs = CountMacs(weights, stages[i].second).layers;
  return costs;
}

Tensor ReadTensor(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path);
  const NpyArray array = InContext(path.string(), [&] { return ParseNpy(bytes); });
  Tensor tensor = torch::empty(array.shape, array.type == NpyType::kFloat32 ? torch::kFloat : torch::kDouble);
  if (!array.values.empty()) std::memcpy(tensor.data_ptr(), array.values.data(), array.values.size());
  return tensor;
}

void WriteTensor(const std::filesystem::path& path, const Tensor& tensor) {
  const Tensor values = tensor.contiguous();
  WriteFileAtomically(path,
                      NpyBytes(values.scalar_type() == torch::kFloat ? NpyType::kFloat32 : NpyType::kFloat64,
                               values.sizes().vec(), {static_cast<const char*>(values.data_ptr()), values.nbytes()}));
}

}  // namespace

std::vector<std::string> NetworkNames() { return {"pstfnet"}; }

ModelInfo DescribeModel(const std::string& arch, const ConfigTree& options) {
  UseTorchThreads(1);
  return TranslateTorchErrors([&] {
    Pstfnet network = MakeNetwork(arch, options);
    ModelInfo info{arch, PrintOptions(network->options(), OptionsFormat::kJson), ExampleShape(network), 0, 0, {}, {}};
    for (const Tensor& parameter : network->parameters()) info.parameters += parameter.numel();
    for (const Tensor& buffer : network->buffers()) info.buffers += buffer.numel();
    info.layers = LayersOf(*network);
    info.stages = CostsOf(network, info.input_shape);
    return info;
  });
}

void InitialiseModel(const std::string& arch, const ConfigTree& options, WeightFormula formula, std::uint64_t seed,
                     const std::filesystem::path& output) {
  TranslateTorchErrors([&] {
    torch::manual_seed(seed);
    Pstfnet network = MakeNetwork(arch, options);
    if (formula == WeightFormula::kHash) {
      const std::vector<std::string> numbering = StateOrder(*Pstfnet());
      FillByHash(*network, numbering, static_cast<std::uint32_t>(seed), kPstfnetHashGain);
    }
    const char* name = formula == WeightFormula::kHash ? "hash" : "default";
    WriteSafetensors(output,
                     {StateDict(*network), {{"arch", arch}, {"formula", name}, {"seed", std::to_string(seed)}}});
  });
}

ModelRun RunModel(const std::string& arch, const ConfigTree& options, const std::filesystem::path& weights,
                  const std::filesystem::path& input, const std::filesystem::path& output) {
  UseTorchThreads(0);
  return TranslateTorchErrors([&] {
    const torch::NoGradGuard no_gradient;
    Pstfnet network = MakeNetwork(arch, options);
    LoadWeights(weights, *network);
    Tensor frames = ReadTensor(input);
    if (frames.dim() == 4) frames = frames.unsqueeze(0);
    network->to(frames.scalar_type());
    network->eval();
    const auto start = std::chrono::steady_clock::now();
    const Tensor logits = InContext(input.string(), [&] { return ForwardPadded(network, frames); });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    WriteTensor(output, logits);
    return ModelRun{frames.sizes().vec(), logits.sizes().vec(), elapsed.count()};
  });
}

}  // namespace mirst
