// Several processes: where they are, and that their gradients are those of one process with the whole batch.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <map>

#include "core/file.h"
#include "detector/checkpoint.h"
#include "detector/gradient_sum.h"
#include "detector/loss.h"
#include "detector/network/pstfnet.h"
#include "detector/process_group.h"
#include "detector/safetensors.h"
#include "detector/synced_batch_norm.h"
#include "tests/support/dataset_fixtures.h"
#include "tests/support/free_port.h"

namespace mirst {
namespace {

using test::ErrorText;
using test::FreePort;
using torch::Tensor;

ProcessPlace PlaceIn(const std::map<std::string, std::string>& variables) {
  return PlaceFromEnvironment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(ProcessPlace, IsThatOfTorchrunMpirunAndSrun) {
  EXPECT_EQ(PlaceIn({}), ProcessPlace{});
  EXPECT_EQ(
      PlaceIn({{"RANK", "3"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "7"}}),
      (ProcessPlace{3, 4, 1, "a", 7}));
  EXPECT_EQ(PlaceIn({{"OMPI_COMM_WORLD_RANK", "1"},
                     {"OMPI_COMM_WORLD_SIZE", "2"},
                     {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                     {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}),
            (ProcessPlace{1, 2, 1, "127.0.0.1", 29500}));
  EXPECT_EQ(PlaceIn({{"SLURM_PROCID", "5"},
                     {"SLURM_STEP_NUM_TASKS", "8"},
                     {"SLURM_LOCALID", "1"},
                     {"SLURM_STEP_TASKS_PER_NODE", "2(x4)"},
                     {"SLURM_STEP_NODELIST", "gpu[07-08,11],big3"},
                     {"SLURM_JOB_ID", "4711"},
                     {"SLURM_STEP_ID", "2"}}),
            (ProcessPlace{5, 8, 1, "gpu07", 27112}));
  EXPECT_EQ(PlaceIn({{"RANK", "0"}, {"WORLD_SIZE", "1"}}), ProcessPlace{});
  // The script of an sbatch job with four tasks is one process.
  EXPECT_EQ(PlaceIn({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}), ProcessPlace{});
}

TEST(ProcessPlace, WhatDoesNotAgreeIsNamed) {
  const auto fault = [](const std::map<std::string, std::string>& variables) {
    return ErrorText(ErrorCode::kUsage, [&] { PlaceIn(variables); });
  };
  EXPECT_EQ(fault({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}),
            "the environment's RANK is 2 and WORLD_SIZE is 2; the rank must be less");
  EXPECT_EQ(fault({{"RANK", "x"}, {"WORLD_SIZE", "2"}}),
            "the environment's RANK is 'x', expected a whole number from 0");
  EXPECT_EQ(fault({{"WORLD_SIZE", "2"}}), "the environment has WORLD_SIZE but no RANK");
  EXPECT_NE(fault({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}).find("set MASTER_ADDR"), std::string::npos);
  EXPECT_NE(fault({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}})
                .find("expected 1 to 65535"),
            std::string::npos);
}

/// Runs task(place) in `size` processes at once; all must succeed.
void InProcesses(int size, const std::function<void(const ProcessPlace&)>& task) {
  const int port = FreePort();
  std::vector<pid_t> children;
  for (int rank = 0; rank < size; ++rank) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        task({rank, size, rank, "127.0.0.1", port});
      } catch (const std::exception& error) {
        fmt::print(stderr, "process {}: {}\n", rank, error.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

constexpr int kSize = 64;

struct Samples {
  Tensor frames, masks, ignore;
};

Samples MakeSamples(std::int64_t count) {
  torch::manual_seed(8);
  const auto doubles = torch::TensorOptions(torch::kDouble);
  Samples samples;
  samples.frames = torch::randn({count, 1, 5, kSize, kSize}, doubles);
  samples.masks = (torch::rand({count, 1, kSize, kSize}) > 0.9).to(doubles);
  samples.ignore = (torch::rand({count, 1, kSize, kSize}) > 0.95).to(doubles);
  samples.masks[0] *= samples.frames[0][0][4] > 1;  // the samples hold different numbers of target pixels
  return samples;
}

Pstfnet MakeNetwork() {
  torch::manual_seed(9);
  Pstfnet network(PstfnetOptions{.size_mode = SizeMode::kFree});
  network->to(torch::kDouble);
  network->train();
  return network;
}

Tensor LossOf(Pstfnet& network, const Samples& samples) {
  return TrainingLoss(network(samples.frames), samples.masks, samples.ignore,
                      {.soft_iou = 1, .focal = 0.3, .focal_gamma = 2, .bce = 0.5});
}

std::map<std::string, Tensor> Gradients(const torch::nn::Module& module) {
  std::map<std::string, Tensor> gradients;
  for (const auto& parameter : module.named_parameters()) gradients[parameter.key()] = parameter.value().grad();
  for (const auto& buffer : module.named_buffers()) gradients["buffer " + buffer.key()] = buffer.value();
  return gradients;
}

TEST(Processes, TwoGiveTheGradientsOfOneWithTheWholeBatch) {
  torch::set_num_threads(1);
  const TemporaryFolder folder;
  InProcesses(2, [&](const ProcessPlace& place) {
    torch::set_num_threads(1);
    ProcessGroup group(place, torch::kCPU, std::chrono::minutes(2));
    const SyncedBatchNorm batch_norm;
    Pstfnet network = MakeNetwork();
    GradientSum sum(*network, group, 1 << 20);
    const Samples all = MakeSamples(2);
    const std::int64_t rank = place.rank;
    const Samples own{all.frames.narrow(0, rank, 1), all.masks.narrow(0, rank, 1), all.ignore.narrow(0, rank, 1)};
    const Tensor loss = LossOf(network, own);
    loss.backward();
    sum.Finish();
    std::map<std::string, Tensor> values = Gradients(*network);
    values["loss"] = SumOverProcesses(loss) / 2;
    values["early buckets"] = torch::tensor({static_cast<std::int64_t>(sum.early_buckets())});
    WriteSafetensors(folder.path() / fmt::format("{}.safetensors", rank), {values, {}});
  });
  const TensorFile first = ReadSafetensors(folder.path() / "0.safetensors"),
                   second = ReadSafetensors(folder.path() / "1.safetensors");
  Pstfnet network = MakeNetwork();
  const Tensor loss = LossOf(network, MakeSamples(2));
  loss.backward();
  EXPECT_NEAR(first.tensors.at("loss").item<double>(), loss.item<double>(), 1e-12);
  EXPECT_GT(first.tensors.at("early buckets").item<std::int64_t>(), 2);  // sent off while the backward pass went on

  double total = 0;
  for (const Tensor& parameter : network->parameters()) total += parameter.grad().square().sum().item<double>();
  total = std::sqrt(total);
  int compared = 0;
  for (const auto& [name, expected] : Gradients(*network)) {
    EXPECT_TRUE(torch::equal(first.tensors.at(name), second.tensors.at(name))) << name;
    const double norm = expected.to(torch::kDouble).norm().item<double>();
    // Biases in front of a normalisation have no gradient but rounding errors, 1e-16 of the others.
    if (norm < 1e-12 * total) continue;
    ++compared;
    EXPECT_LT((first.tensors.at(name) - expected).to(torch::kDouble).norm().item<double>(), 1e-6 * norm) << name;
  }
  EXPECT_GT(compared, 600 + 500);  // parameters and buffers
}

TEST(SyncedBatchNorm, IsThatOfTheWholeBatchForwardsAndBackwards) {
  torch::set_num_threads(1);
  const TemporaryFolder folder;
  const auto doubles = torch::TensorOptions(torch::kDouble);
  const auto make = [&] {
    torch::manual_seed(3);
    // A mean far above the spread: sums of squares alone would cancel out.
    return std::vector<Tensor>{torch::randn({4, 3, 5, 2}, doubles) + 1e4, torch::randn({4, 3, 5, 2}, doubles),
                               torch::randn({3}, doubles), torch::randn({3}, doubles)};
  };
  const auto pass = [](Tensor x, const Tensor& towards, Tensor weight, Tensor bias) {
    x.requires_grad_();
    weight.requires_grad_();
    bias.requires_grad_();
    const Tensor mean = torch::zeros({3}, torch::kDouble), variance = torch::ones({3}, torch::kDouble);
    const Tensor y = torch::batch_norm(x, weight, bias, mean, variance, true, 0.1, 1e-5, false);
    (y * towards).sum().backward();
    return std::map<std::string, Tensor>{{"y", y.detach()},      {"dx", x.grad()}, {"dweight", weight.grad()},
                                         {"dbias", bias.grad()}, {"mean", mean},   {"variance", variance}};
  };
  InProcesses(2, [&](const ProcessPlace& place) {
    torch::set_num_threads(1);
    ProcessGroup group(place, torch::kCPU, std::chrono::minutes(2));
    const SyncedBatchNorm batch_norm;
    const auto values = make();
    const std::int64_t begin = 2 * place.rank;
    WriteSafetensors(
        folder.path() / fmt::format("{}.safetensors", place.rank),
        {pass(values[0].narrow(0, begin, 2).clone(), values[1].narrow(0, begin, 2), values[2], values[3]), {}});
  });
  const TensorFile first = ReadSafetensors(folder.path() / "0.safetensors"),
                   second = ReadSafetensors(folder.path() / "1.safetensors");
  const auto values = make();
  const auto expected = pass(values[0], values[1], values[2], values[3]);
  // 1e4 in doubles is exact to 2e-12, which the spread of 1 keeps; the second moment, 1e8, to 1e-8.
  const auto expect_near = [](const Tensor& found, const Tensor& wanted, const char* name) {
    EXPECT_LT((found - wanted).abs().max().item<double>(), 1e-7 * std::max(1.0, wanted.abs().max().item<double>()))
        << name;
  };
  for (const char* name : {"y", "dx"}) {
    expect_near(torch::cat({first.tensors.at(name), second.tensors.at(name)}), expected.at(name), name);
  }
  for (const char* name : {"dweight", "dbias"}) {  // each process has its samples' share
    expect_near(first.tensors.at(name) + second.tensors.at(name), expected.at(name), name);
  }
  for (const char* name : {"mean", "variance"}) expect_near(first.tensors.at(name), expected.at(name), name);
}

}  // namespace
}  // namespace mirst
