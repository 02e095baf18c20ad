#include "detector/model_files.h"

#include <torch/torch.h>

#include <chrono>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "datasets/npy.h"
#include "detector/checkpoint.h"
#include "detector/cost.h"
#include "detector/device.h"
#include "detector/hash_weights.h"
#include "detector/network_factory.h"
#include "detector/safetensors.h"
#include "detector/torch_error.h"

namespace mirst {
namespace {

using torch::Tensor;

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
std::vector<ModelStage> CostsOf(Network& network, std::vector<std::int64_t> shape) {
  const torch::NoGradGuard no_gradient;
  const std::int64_t samples = network.traits().least_batch;
  shape[0] = samples;
  const auto stages = network.Stages(torch::zeros(shape));
  const std::vector<Tensor> weights = network.module().parameters();
  std::vector<ModelStage> costs;
  network.module().train();
  for (const auto& [name, run] : stages) {
    const MacCount count = CountMacs(weights, run);
    costs.push_back({name, count.layers / samples, count.products / samples, 0});
  }
  network.module().eval();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    costs[i].inference_macs = CountMacs(weights, stages[i].second).layers / samples;
  }
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

ModelInfo DescribeModel(const std::string& arch, const ConfigTree& options) {
  UseTorchThreads(1);
  return TranslateTorchErrors([&] {
    const std::unique_ptr<Network> network = MakeNetwork(arch, options);
    ModelInfo info{arch, network->OptionsJson(), network->ExampleShape(), 0, 0, {}, {}};
    for (const Tensor& parameter : network->module().parameters()) info.parameters += parameter.numel();
    for (const Tensor& buffer : network->module().buffers()) info.buffers += buffer.numel();
    info.layers = LayersOf(network->module());
    info.stages = CostsOf(*network, info.input_shape);
    return info;
  });
}

void InitialiseModel(const std::string& arch, const ConfigTree& options, WeightFormula formula, std::uint64_t seed,
                     const std::filesystem::path& output) {
  TranslateTorchErrors([&] {
    torch::manual_seed(seed);
    const std::unique_ptr<Network> network = MakeNetwork(arch, options);
    if (formula == WeightFormula::kHash) {
      FillByHash(network->module(), network->Numbering(), static_cast<std::uint32_t>(seed),
                 network->traits().hash_gain);
    } else if (formula == WeightFormula::kPublished) {
      InitialiseAsPublished(*network);
    }
    constexpr const char* kFormulaNames[] = {"hash", "default", "published"};
    const char* name = kFormulaNames[static_cast<std::size_t>(formula)];
    WriteSafetensors(
        output, {StateDict(network->module()), {{"arch", arch}, {"formula", name}, {"seed", std::to_string(seed)}}});
  });
}

ModelRun RunModel(const std::string& arch, const ConfigTree& options, const std::filesystem::path& weights,
                  const std::filesystem::path& input, const std::filesystem::path& output) {
  UseTorchThreads(0);
  return TranslateTorchErrors([&] {
    const torch::NoGradGuard no_gradient;
    const std::unique_ptr<Network> network = MakeNetwork(arch, options);
    LoadWeights(weights, network->module());
    const Tensor values = ReadTensor(input);
    network->module().to(values.scalar_type());
    network->module().eval();
    const auto start = std::chrono::steady_clock::now();
    const Tensor outputs = InContext(input.string(), [&] { return network->Run(values); });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    WriteTensor(output, outputs);
    return ModelRun{values.sizes().vec(), outputs.sizes().vec(), elapsed.count()};
  });
}

}  // namespace mirst
