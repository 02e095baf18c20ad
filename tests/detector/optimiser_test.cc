// Optimisers and learning rates: closed forms of first steps, schedules at their ends, states put back bit for bit; and
// a training of each network by one trainer.
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include <array>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "detector/checkpoint.h"
#include "detector/network_checkpoint.h"
#include "detector/optimiser.h"
#include "detector/train.h"
#include "tests/support/quick_training.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr std::array kKinds = {OptimiserKind::kAdagrad, OptimiserKind::kAdam, OptimiserKind::kAdamW,
                               OptimiserKind::kSgd};

/// Weight (1, 2) and bias (1), in double precision, with known values and gradients.
torch::nn::Linear Line() {
  torch::nn::Linear line(2, 1);
  line->to(torch::kDouble);
  const torch::NoGradGuard no_gradient;
  line->weight.copy_(torch::tensor({{0.5, -2.0}}, torch::kDouble));
  line->bias.copy_(torch::tensor({0.25}, torch::kDouble));
  return line;
}

void SetGradients(torch::nn::Linear& line, double scale) {
  line->weight.mutable_grad() = torch::tensor({{0.5 * scale, -0.125}}, torch::kDouble);
  line->bias.mutable_grad() = torch::tensor({2.0 * scale}, torch::kDouble);
}

/// The first step's change of a parameter of value `w` and gradient `g`, from the papers' formulas.
double FirstStep(OptimiserKind kind, double w, double g, bool decays) {
  const double rate = 0.01, decay = decays ? 0.1 : 0;
  switch (kind) {
    case OptimiserKind::kAdagrad: {
      const double total = g + decay * w;
      return -rate * total / (std::abs(total) + 1e-10);
    }
    case OptimiserKind::kAdam: {
      const double total = g + decay * w;  // both means are those of one value: corrected, they are it and its square
      return -rate * total / (std::abs(total) + 1e-8);
    }
    case OptimiserKind::kAdamW:
      return -rate * decay * w - rate * g / (std::abs(g) + 1e-8);
    case OptimiserKind::kSgd: {
      const double total = g + decay * w;
      return -rate * (total + 0.9 * total);  // Nesterov: the momentum's first value is the gradient
    }
  }
  return 0;
}

TEST(Optimiser, FirstStepsAreThoseOfTheFormulas) {
  for (const OptimiserKind kind : kKinds) {
    torch::nn::Linear line = Line();
    const auto optimiser =
        MakeOptimiser({.kind = kind, .learning_rate = 0.01, .momentum = 0.9, .weight_decay = 0.1}, *line);
    SetGradients(line, 1);
    optimiser->step();
    const bool is_sgd = kind == OptimiserKind::kSgd;
    // 1e-12: rounding of a few operations on numbers of order 1.
    EXPECT_NEAR(line->weight[0][0].item<double>(), 0.5 + FirstStep(kind, 0.5, 0.5, true), 1e-12) << NameOf(kind);
    EXPECT_NEAR(line->weight[0][1].item<double>(), -2 + FirstStep(kind, -2, -0.125, true), 1e-12) << NameOf(kind);
    EXPECT_NEAR(line->bias[0].item<double>(), 0.25 + FirstStep(kind, 0.25, 2, !is_sgd), 1e-12) << NameOf(kind);
  }
}

TEST(Optimiser, AStatePutBackGoesOnBitForBit) {
  for (const OptimiserKind kind : kKinds) {
    const OptimiserOptions options{.kind = kind, .learning_rate = 0.01};
    torch::nn::Linear whole = Line(), first = Line(), second = Line();
    const auto all = MakeOptimiser(options, *whole), before = MakeOptimiser(options, *first);
    for (int step = 0; step < 6; ++step) {
      SetGradients(whole, 1.0 / (1 + step));
      all->step();
    }
    EXPECT_FALSE(torch::equal(whole->weight, Line()->weight)) << NameOf(kind);
    for (int step = 0; step < 3; ++step) {
      SetGradients(first, 1.0 / (1 + step));
      before->step();
    }
    {
      const torch::NoGradGuard no_gradient;
      second->weight.copy_(first->weight);
      second->bias.copy_(first->bias);
    }
    const auto after = MakeOptimiser(options, *second);
    RestoreOptimiserState(OptimiserState(*before, *first), *after, *second);
    for (int step = 3; step < 6; ++step) {
      SetGradients(second, 1.0 / (1 + step));
      after->step();
    }
    EXPECT_TRUE(torch::equal(whole->weight, second->weight)) << NameOf(kind);
    EXPECT_TRUE(torch::equal(whole->bias, second->bias)) << NameOf(kind);
  }
}

TEST(Optimiser, AStateOfAnotherNetworkIsRefused) {
  torch::nn::Linear line = Line(), wide(3, 1);
  const auto optimiser = MakeOptimiser({}, *line), other = MakeOptimiser({}, *wide);
  SetGradients(line, 1);
  optimiser->step();
  EXPECT_THROW(RestoreOptimiserState(OptimiserState(*optimiser, *line), *other, *wide), Error);
}

TEST(LearningRate, SchedulesAreTheirClosedForms) {
  constexpr std::int64_t kSteps = 1000;
  OptimiserOptions o{.learning_rate = 0.1, .final_rate = 0.001};
  const auto rate = [&](std::int64_t step) { return LearningRateAt(o, step, kSteps); };
  o.schedule = RateSchedule::kConstant;
  for (const std::int64_t step : {0, 500, 999}) EXPECT_EQ(rate(step), 0.1);
  o.schedule = RateSchedule::kMilestones;
  o.milestones = {0.5, 0.75};
  EXPECT_EQ(rate(499), 0.1);
  EXPECT_NEAR(rate(500), 0.01, 1e-15);
  EXPECT_NEAR(rate(750), 0.001, 1e-15);
  o.schedule = RateSchedule::kPolynomial;
  EXPECT_EQ(rate(0), 0.1);
  EXPECT_NEAR(rate(500), 0.001 + 0.099 * std::pow(0.5, 0.9), 1e-15);
  EXPECT_NEAR(rate(kSteps), 0.001, 1e-15);
  o.schedule = RateSchedule::kCosine;
  EXPECT_EQ(rate(0), 0.1);
  EXPECT_NEAR(rate(500), 0.0505, 1e-15);  // half-way
  EXPECT_NEAR(rate(kSteps), 0.001, 1e-15);
  o.stretches = 2;  // down and up again
  EXPECT_NEAR(rate(500), 0.001, 1e-15);
  EXPECT_NEAR(rate(kSteps), 0.1, 1e-15);
  o.schedule = RateSchedule::kHalving;
  o.stretches = 10;
  EXPECT_EQ(rate(99), 0.1);
  EXPECT_EQ(rate(100), 0.05);
  EXPECT_EQ(rate(399), 0.0125);
  EXPECT_EQ(rate(999), 0.001);  // 0.1 / 512 is less than the least
  o.schedule = RateSchedule::kCosine;
  o.stretches = 1;
  o.warmup = 0.1;
  EXPECT_NEAR(rate(49), 0.1 * 0.25, 1e-15);  // square of one half
  EXPECT_NEAR(rate(99), 0.1, 1e-15);
  EXPECT_NEAR(rate(100), 0.1, 1e-15);
  EXPECT_NEAR(rate(550), 0.0505, 1e-15);
}

TEST(Train, TrainsEachNetworkOfTheFactoryAndSavesWhatLoads) {
  const TemporaryFolder folder;
  test::WriteTrainingSet(folder.path() / "set", test::QuickSet());
  for (const char* arch : {"rdian", "dnanet", "isnet", "resunet_dtum", "dnanet_dtum"}) {
    TrainOptions options = test::QuickOptions(1);
    options.arch = arch;
    options.optimiser.kind = OptimiserKind::kAdagrad;
    const std::filesystem::path out = folder.path() / arch;
    const TrainReport report = Train(options, folder.path() / "set", out);
    EXPECT_TRUE(std::isfinite(report.last_loss)) << arch;
    const LoadedNetwork loaded = LoadNetwork(out / "last.safetensors");
    EXPECT_EQ(loaded.network->traits().arch, arch);
    EXPECT_EQ(loaded.info.steps, 1);
    // Resuming a finished training finds its state whole.
    EXPECT_EQ(Train(options, folder.path() / "set", out, ExistingTraining::kResume).first_step, 1) << arch;
  }
}

TEST(Train, RefusesABatchThatTheNetworkCannotNormalise) {
  EXPECT_THROW(
      {
        try {
          ReadOptions<TrainOptions>(ConfigTree::FromText("{arch: uiunet, data: {batch: 1}}"));
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kUsage);
          EXPECT_NE(std::string(error.what()).find("found 1, uiunet needs 2 or more"), std::string::npos)
              << error.what();
          throw;
        }
      },
      Error);
}

}  // namespace
}  // namespace mirst
