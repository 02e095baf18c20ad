#include "detector/train.h"

#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/checkpoint.h"
#include "detector/data_loader.h"
#include "detector/device.h"
#include "detector/loss.h"
#include "detector/torch_error.h"
#include "detector/train_validate.h"

namespace mirst {
namespace fs = std::filesystem;
using torch::Tensor;
namespace {

constexpr double kDecay = 0.1;    // of the learning rate at a milestone
constexpr double kThreshold = 0;  // logit of probability 0.5

constexpr std::array<std::string_view, 7> kOutputFiles = {
    "config.yaml", "train_log.csv", "val_log.csv", "best.safetensors", "best.json", "last.safetensors", "last.json"};

void CheckOutput(const fs::path& out, ExistingTraining existing) {
  std::error_code error;
  if (!fs::exists(out, error)) return;
  if (!fs::is_directory(out, error)) throw BadInput(fmt::format("{} is a file, expected a folder", out.string()));
  if (fs::is_empty(out, error)) return;
  if (!fs::exists(out / "train_log.csv", error)) {
    throw BadInput(
        fmt::format("{} holds files that are no training of mirst; name an empty or a new folder", out.string()));
  }
  if (existing == ExistingTraining::kRefuse) {
    throw BadInput(fmt::format("{} already holds a training; name another folder or allow replacing it", out.string()));
  }
}

void ClearOutput(const fs::path& out) {
  CreateFolder(out);
  for (const std::string_view file : kOutputFiles) {
    std::error_code error;
    fs::remove(out / file, error);
    if (error) throw BadInput(fmt::format("cannot remove {}: {}", (out / file).string(), error.message()));
  }
}

/// Rows appear in the file as they are added.
class CsvLog {
 public:
  CsvLog(fs::path path, std::string_view columns) : path_(std::move(path)), file_(path_) { Add(columns); }
  void Add(std::string_view row) {
    file_ << row << '\n';
    if (!file_.flush()) throw BadInput(fmt::format("cannot write {}", path_.string()));
  }

 private:
  fs::path path_;
  std::ofstream file_;
};

std::string TextOf(std::optional<double> value, double unit = 1) {
  return value ? fmt::format("{:.6g}", *value / unit) : "";
}

/// LibTorch's initialisations draw from its global generator; nothing else here does.
Pstfnet InitialNetwork(const TrainOptions& options) {
  RandomStream random(RandomKey{.seed = options.seed, .purpose = Purpose::kInitialWeights});
  const std::uint64_t high = random.Next();
  torch::manual_seed(high << 32 | random.Next());
  Pstfnet network(options.network);
  if (options.initial_probability) network->SetInitialProbability(*options.initial_probability);
  return network;
}

torch::optim::AdamWOptions AdamW(const OptimiserOptions& o) {
  return torch::optim::AdamWOptions(o.learning_rate)
      .betas(std::make_tuple(o.betas.first, o.betas.second))
      .weight_decay(o.weight_decay);
}

double Seconds(std::chrono::steady_clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class Training {
 public:
  Training(const TrainOptions& options, const fs::path& data, fs::path out)
      : options_(options),
        out_(std::move(out)),
        device_(ResolveDevice(options.device)),
        reader_(std::make_shared<const SampleStoreReader>(data)),
        train_(reader_, TrainingSplit::kTrain, CacheBytes()),
        loader_(train_, options),
        network_(InitialNetwork(options)),
        optimiser_(MovedParameters(), AdamW(options.optimiser)) {
    if (options.validation.every_steps > 0) validation_.emplace(reader_, TrainingSplit::kValidation, CacheBytes());
    if (validation_ && validation_->bit_depth() != train_.bit_depth()) {
      throw BadInput(fmt::format("{}: the train split has {} bits, the val split {}", data.string(), train_.bit_depth(),
                                 validation_->bit_depth()));
    }
    const double by_epochs = std::ceil(options.epochs * static_cast<double>(loader_.windows()) / options.data.batch);
    planned_steps_ = options.steps > 0 ? options.steps : static_cast<std::int64_t>(std::max(by_epochs, 1.0));
  }

  TrainReport Run() {
    ClearOutput(out_);
    WriteFileAtomically(out_ / "config.yaml", PrintOptions(options_, OptionsFormat::kYaml));
    train_log_.emplace(out_ / "train_log.csv", "step,samples,epoch,loss,learning_rate,seconds");
    validation_log_.emplace(out_ / "val_log.csv", "step,samples,iou_seq,niou,pd,fa_1e-6,best,seconds");
    LogInfo(fmt::format("{} windows of five frames, {} steps of {} samples, {} on {} thread{}", loader_.windows(),
                        planned_steps_, options_.data.batch, device_.str(), ThreadCount(),
                        ThreadCount() == 1 ? "" : "s"));
    try {
      TakeSteps();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) SaveLast();
      throw;
    }
    SaveLast();
    return report_;
  }

 private:
  std::uintmax_t CacheBytes() const { return static_cast<std::uintmax_t>(options_.data.cache_mib) << 20; }

  std::vector<Tensor> MovedParameters() {
    TranslateTorchErrors([&] { network_->to(device_); });
    return network_->parameters();
  }

  void TakeSteps() {
    const auto start = std::chrono::steady_clock::now();
    double in_steps_s = 0, loss_sum = 0;
    int logged_steps = 0;
    report_.planned_steps = planned_steps_;
    report_.device = device_.str();
    Progress progress("train", planned_steps_, "steps");
    while (report_.steps < planned_steps_ && !report_.stopped_early) {
      ThrowIfInterrupted();
      const auto step_start = std::chrono::steady_clock::now();
      const double learning_rate = SetLearningRate();
      Batch batch = loader_.Next();
      report_.last_loss = TranslateTorchErrors([&] { return Step(batch); });
      ++report_.steps;
      report_.samples_seen += batch.samples;
      if (!std::isfinite(report_.last_loss)) {
        throw BadInput(fmt::format("the loss of step {} is {}; a lower optimiser.learning_rate (now {}) may help",
                                   report_.steps, report_.last_loss, learning_rate));
      }
      loss_sum += report_.last_loss;
      ++logged_steps;
      in_steps_s += Seconds(std::chrono::steady_clock::now() - step_start);
      report_.seconds = Seconds(std::chrono::steady_clock::now() - start);
      report_.steps_per_second = static_cast<double>(report_.steps) / in_steps_s;
      report_.stopped_early =
          report_.steps < planned_steps_ && options_.limit_minutes && report_.seconds >= 60 * *options_.limit_minutes;
      const bool is_end = report_.steps == planned_steps_ || report_.stopped_early;
      if (is_end || report_.steps % options_.log_every_steps == 0) {
        train_log_->Add(fmt::format("{},{},{:.4f},{:.6f},{:.6g},{:.3f}", report_.steps, report_.samples_seen,
                                    static_cast<double>(report_.samples_seen) / static_cast<double>(loader_.windows()),
                                    loss_sum / logged_steps, learning_rate, report_.seconds));
        loss_sum = logged_steps = 0;
      }
      progress.Advance();
      if (validation_ && (is_end || report_.steps % options_.validation.every_steps == 0)) {
        Validate();
        report_.seconds = Seconds(std::chrono::steady_clock::now() - start);
      }
    }
    if (report_.stopped_early) {
      LogInfo(fmt::format("stopped after {} of {} steps: limit_minutes is {}", report_.steps, planned_steps_,
                          *options_.limit_minutes));
    }
  }

  /// One step on the batch; returns its loss before the step.
  double Step(Batch& batch) {
    const std::int64_t samples = batch.samples, size = batch.size_px;
    const auto tensor_of = [&](std::vector<float>& values, std::vector<std::int64_t> shape) {
      return values.empty() ? Tensor() : torch::from_blob(values.data(), shape, torch::kFloat).to(device_);
    };
    const Tensor frames = tensor_of(batch.frames, {samples, 1, kWindowFrames, size, size});
    const Tensor masks = tensor_of(batch.masks, {samples, 1, size, size});
    const Tensor ignore = tensor_of(batch.ignore, {samples, 1, size, size});
    network_->train();
    optimiser_.zero_grad();
    const Tensor loss = TrainingLoss(network_(frames), masks, ignore, options_.loss);
    loss.backward();
    torch::nn::utils::clip_grad_norm_(network_->parameters(), options_.optimiser.clip_norm);
    optimiser_.step();
    return loss.item<double>();
  }

  double SetLearningRate() {
    const auto [first, second] = options_.optimiser.milestones;
    double rate = options_.optimiser.learning_rate;
    for (const double share : {first, second}) {
      if (static_cast<double>(report_.steps) >= share * static_cast<double>(planned_steps_)) rate *= kDecay;
    }
    for (auto& group : optimiser_.param_groups()) group.options().set_lr(rate);
    return rate;
  }

  void Validate() {
    const auto start = std::chrono::steady_clock::now();
    const DetectionReport scores = ScoreSplit(network_, {train_.mean(), train_.sigma()}, kThreshold, *validation_,
                                              options_.validation.stride, device_);
    const SubsetScore& all = scores.subsets.back();
    const ValidationScore score{report_.steps, all.iou_seq.value(), all.niou.value(), all.pd_seq.value(),
                                all.fa_seq.value()};
    const auto rank = [](const ValidationScore& s) { return std::pair(s.iou_seq.value_or(-1), s.pd.value_or(-1)); };
    const bool is_best = !report_.best || rank(score) > rank(*report_.best);
    report_.last = score;
    if (is_best) {
      report_.best = score;
      Save("best.safetensors", score);
    }
    SaveLast();
    validation_log_->Add(fmt::format(
        "{},{},{},{},{},{},{},{:.3f}", report_.steps, report_.samples_seen, TextOf(score.iou_seq), TextOf(score.niou),
        TextOf(score.pd), TextOf(score.fa, 1e-6), is_best ? 1 : 0, Seconds(std::chrono::steady_clock::now() - start)));
    LogInfo(fmt::format("step {}: loss {:.3f}; validation IoU {:.2f} %, Pd {:.2f} %, Fa {} x1e-6{}", report_.steps,
                        report_.last_loss, 100 * score.iou_seq.value_or(0), 100 * score.pd.value_or(0), all.FaText(),
                        is_best ? ", the best" : ""));
  }

  void SaveLast() {
    const bool is_scored = report_.last && report_.last->step == report_.steps;
    Save("last.safetensors", is_scored ? *report_.last : ValidationScore{});
  }

  void Save(const char* name, const ValidationScore& score) {
    CheckpointInfo info;
    info.dataset_id = reader_->manifest().dataset_id;
    info.config_json = PrintOptions(options_, OptionsFormat::kJson);
    info.seed = options_.seed;
    info.steps = report_.steps;
    info.samples_seen = report_.samples_seen;
    info.mean = train_.mean();
    info.sigma = train_.sigma();
    info.threshold = kThreshold;
    const std::pair<const char*, std::optional<double>> values[] = {
        {"iou_seq", score.iou_seq}, {"niou", score.niou}, {"pd", score.pd}, {"fa", score.fa}};
    for (const auto& [id, value] : values) {
      if (value) info.validation[id] = *value;
    }
    SaveCheckpoint(out_ / name, network_, info);
  }

  TrainOptions options_;
  fs::path out_;
  c10::Device device_;
  std::shared_ptr<const SampleStoreReader> reader_;
  SplitFrames train_;
  BatchLoader loader_;
  std::optional<SplitFrames> validation_;
  Pstfnet network_;
  torch::optim::AdamW optimiser_;
  std::optional<CsvLog> train_log_, validation_log_;
  std::int64_t planned_steps_ = 0;
  TrainReport report_;
};

}  // namespace

TrainReport Train(const TrainOptions& options, const fs::path& data, const fs::path& out, ExistingTraining existing) {
  CheckOutput(out, existing);
  UseTorchThreads(ThreadCount());
  return Training(options, data, out).Run();
}

}  // namespace mirst
