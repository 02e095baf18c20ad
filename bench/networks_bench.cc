// A forward pass of every network in evaluation mode on one and on two threads, 256 x 256 px, batch 1 (five frames
// where the network looks at five; SSTNet's frames as they are, not enlarged), and a training step with the network's
// own loss (UIU-Net's batch is 2; SSTNet's frames are enlarged to 512 px): the sizes of the reference times that
// docs/performance.md compares with. PSTFNet stands at its native 384 x 384.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "detector/hash_weights.h"
#include "detector/network_factory.h"

namespace mirst {
namespace {

std::unique_ptr<Network> Filled(const std::string& arch) {
  ConfigTree options;
  if (arch == "dnanet" || arch == "isnet" || arch == "uiunet") options.Assign("channels=3");  // as the references ran
  std::unique_ptr<Network> network = MakeNetwork(arch, options);
  FillByHash(network->module(), network->Numbering(), 1, network->traits().hash_gain);
  return network;
}

void BM_Forward(benchmark::State& state, const std::string& arch) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_gradient;
  const std::unique_ptr<Network> network = Filled(arch);
  network->module().eval();
  ArrangeForInference(*network);
  const torch::Tensor input = torch::rand(network->ExampleShape());
  network->Run(input);  // LibTorch plans its kernels on the first pass
  for ([[maybe_unused]] auto step : state) network->Run(input);
}

/// The frame after a sequence's first five, of which four are kept as features.
void BM_NextFrame(benchmark::State& state, const std::string& arch) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_gradient;
  const std::unique_ptr<Network> network = Filled(arch);
  network->module().eval();
  ArrangeForInference(*network);
  const torch::Tensor image = torch::rand({1, 1, 256, 256});
  std::vector<Network::Features> window(5, network->EncodeFrame(image));
  for ([[maybe_unused]] auto step : state) {
    window.back() = network->EncodeFrame(image);
    network->FromFeatures(window, 256, 256);
  }
}

/// Forward, loss and backward; the optimiser's step, which differs between trainings, is left out.
void BM_TrainingStep(benchmark::State& state, const std::string& arch) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const std::unique_ptr<Network> network = Filled(arch);
  const std::int64_t batch = network->traits().least_batch, size = network->ExampleShape().back();
  const torch::Tensor frames = torch::rand({batch, 1, network->traits().window, size, size});
  torch::Tensor masks = torch::zeros({batch, 1, size, size});
  masks.slice(2, 60, 64).slice(3, 100, 104).fill_(1);
  const auto step = [&] {
    network->module().zero_grad();
    network->Loss(frames, masks, {}).backward();
  };
  step();
  for ([[maybe_unused]] auto each : state) step();
}

[[maybe_unused]] const bool kRegistered = [] {
  for (const std::string& arch : NetworkNames()) {
    benchmark::RegisterBenchmark(("BM_Forward/" + arch).c_str(), [arch](benchmark::State& s) { BM_Forward(s, arch); })
        ->Arg(1)
        ->Arg(2)
        ->ArgName("threads")
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("BM_TrainingStep/" + arch).c_str(),
                                 [arch](benchmark::State& s) { BM_TrainingStep(s, arch); })
        ->Arg(2)
        ->ArgName("threads")
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  for (const char* arch : {"resunet_dtum", "dnanet_dtum"}) {
    const std::string name = arch;
    benchmark::RegisterBenchmark(("BM_NextFrame/" + name).c_str(),
                                 [name](benchmark::State& s) { BM_NextFrame(s, name); })
        ->Arg(1)
        ->Arg(2)
        ->ArgName("threads")
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
}  // namespace mirst
