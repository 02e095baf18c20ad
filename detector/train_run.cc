#include "detector/train_run.h"

#include <fmt/format.h>
#include <torch/nn/utils/clip_grad.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/mixed_precision.h"
#include "detector/optimiser.h"
#include "detector/torch_error.h"

namespace mirst {
namespace fs = std::filesystem;
using torch::Tensor;
using Clock = std::chrono::steady_clock;
namespace {

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

std::unique_ptr<TrainableNetwork> NetworkOn(c10::Device device, const TrainOptions& options) {
  return TranslateTorchErrors([&] {
    std::unique_ptr<TrainableNetwork> network = MakeTrainableNetwork(options);
    network->module().to(device);
    return network;
  });
}

/// LibTorch's own random numbers (drop-out, say) of a step: a function of the seed, the step and the process.
void SeedLibTorch(std::uint64_t seed, std::int64_t step, int rank) {
  RandomStream random(RandomKey{.seed = seed,
                                .sequence = static_cast<std::uint32_t>(step),
                                .frame = 1,
                                .object = static_cast<std::uint16_t>(rank),
                                .purpose = Purpose::kInitialWeights});
  const std::uint64_t high = random.Next();
  torch::manual_seed(high << 32 | random.Next());
}

}  // namespace

TrainingRun::TrainingRun(const TrainOptions& options, std::shared_ptr<const LabelledFrames> data, fs::path out,
                         c10::Device device, ProcessGroup* group, const std::optional<fs::path>& state)
    : options_(options),
      out_(std::move(out)),
      device_(device),
      group_(group),
      data_(std::move(data)),
      train_(data_, TrainingSplit::kTrain, CacheBytes()),
      network_(NetworkOn(device, options)),
      optimiser_(MakeOptimiser(options.optimiser, network_->module())) {
  if (options.validation.every_steps > 0 && speaks()) {
    validation_.emplace(data_, TrainingSplit::kValidation, CacheBytes());
  }
  if (validation_ && validation_->bit_depth() != train_.bit_depth()) {
    throw BadInput(fmt::format("{}: the train split has {} bits, the val split {}", data_->folder().string(),
                               train_.bit_depth(), validation_->bit_depth()));
  }
  if (options.ema_decay) average_.emplace(network_->module(), *options.ema_decay);
  if (state) {
    progress_ = ReadTrainProgress(*state);
    LoadTrainState(*state, Tensors());
    progress_.stopped_by = StopReason::kAllSteps;
  } else {
    progress_.config_json = PrintOptions(options, OptionsFormat::kJson);
    progress_.dataset_id = data_->manifest().dataset_id;
  }
  progress_.threads = ThreadCount();
  progress_.processes = group_ != nullptr ? group_->size() : 1;
  first_step_ = progress_.steps;
  earlier_seconds_ = progress_.seconds;
  LoaderPart part{.first_sample = progress_.samples_seen};
  if (group_ != nullptr) {
    part.rank = group_->rank();
    part.size = group_->size();
    gradients_.emplace(network_->module(), *group_, std::int64_t{1024} * options.distributed.bucket_kib);
    batch_norm_.emplace();
  }
  loader_.emplace(train_, options, part);
  const double by_epochs = std::ceil(options.epochs * static_cast<double>(loader_->windows()) / options.data.batch);
  planned_steps_ = options.steps > 0 ? options.steps : static_cast<std::int64_t>(std::max(by_epochs, 1.0));
  if (speaks()) OpenFiles(state.has_value());
}

void TrainingRun::OpenFiles(bool resumed) {
  if (resumed) {
    train_log_.emplace(out_ / "train_log.csv", progress_.train_log_bytes);
    validation_log_.emplace(out_ / "val_log.csv", progress_.validation_log_bytes);
    LogInfo(fmt::format("going on after step {} of {}", progress_.steps, planned_steps_));
    return;
  }
  ClearTrainingFolder(out_);
  WriteFileAtomically(out_ / "config.yaml", PrintOptions(options_, OptionsFormat::kYaml));
  train_log_.emplace(out_ / "train_log.csv", "step,samples,epoch,loss,learning_rate,seconds,loader_wait_share");
  validation_log_.emplace(out_ / "val_log.csv", "step,samples,iou_seq,niou,pd,fa_1e-6,best,seconds");
  const std::string processes = group_ == nullptr ? "" : fmt::format(" in each of {} processes", group_->size());
  LogInfo(fmt::format("{} windows of five frames, {} steps of {} samples, {} on {} thread{}{}", loader_->windows(),
                      planned_steps_, options_.data.batch, device_.str(), ThreadCount(), ThreadCount() == 1 ? "" : "s",
                      processes));
}

TrainReport TrainingRun::Run() {
  start_ = Clock::now();
  if (progress_.finished) {
    if (speaks()) LogInfo("the training is complete, nothing is left to do");
    return Report();
  }
  try {
    TakeSteps();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted && speaks()) {
      SaveLast();
      SaveState();
    }
    throw;
  }
  if (speaks()) {
    SaveLast();
    SaveState();
  }
  return Report();
}

void TrainingRun::TakeSteps() {
  std::optional<Progress> bar;
  if (speaks()) bar.emplace("train", planned_steps_ - progress_.steps, "steps");
  if (progress_.validation_due) Validate();
  while (!progress_.finished && progress_.stopped_by == StopReason::kAllSteps && progress_.steps < planned_steps_) {
    if (group_ == nullptr) ThrowIfInterrupted();  // several processes agree on it at the end of a step
    const auto step_start = Clock::now();
    const double learning_rate = SetLearningRate();
    Batch batch = loader_->Next();
    const double waited_s = Seconds(Clock::now() - step_start);
    const bool time_is_up = options_.limit_minutes && SecondsOfRun() >= 60 * *options_.limit_minutes;
    const StepResult result = TranslateTorchErrors([&] { return Step(batch, time_is_up); });
    progress_.last_loss = result.loss;
    ++progress_.steps;
    progress_.samples_seen += options_.data.batch;
    if (!std::isfinite(result.loss)) {
      throw BadInput(fmt::format("the loss of step {} is {}; a lower optimiser.learning_rate (now {}) may help",
                                 progress_.steps, result.loss, learning_rate));
    }
    const double step_s = Seconds(Clock::now() - step_start);
    in_steps_s_ += step_s;
    waiting_s_ += waited_s;
    row_in_steps_s_ += step_s;
    row_waiting_s_ += waited_s;
    progress_.loss_sum += result.loss;
    ++progress_.logged_steps;
    progress_.seconds = earlier_seconds_ + SecondsOfRun();
    if (result.time_is_up && progress_.steps < planned_steps_) progress_.stopped_by = StopReason::kTimeLimit;
    const bool is_end = progress_.steps == planned_steps_ || progress_.stopped_by == StopReason::kTimeLimit;
    if (is_end || progress_.steps % options_.log_every_steps == 0) LogStep(learning_rate);
    if (bar) bar->Advance();
    const int validation_steps = options_.validation.every_steps;
    progress_.validation_due = validation_steps > 0 && (is_end || progress_.steps % validation_steps == 0);
    if (result.interrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
    if (progress_.validation_due) {
      SaveState();
      Validate();
      progress_.seconds = earlier_seconds_ + SecondsOfRun();
    }
    progress_.finished |= progress_.steps == planned_steps_;
    const bool state_due = options_.state_every_steps > 0 && progress_.steps % options_.state_every_steps == 0;
    if (state_due && !is_end) SaveState();
  }
  if (speaks() && progress_.stopped_by == StopReason::kTimeLimit) {
    LogInfo(fmt::format("stopped after {} of {} steps: limit_minutes is {}", progress_.steps, planned_steps_,
                        *options_.limit_minutes));
  }
}

TrainingRun::StepResult TrainingRun::Step(Batch& batch, bool time_is_up) {
  const std::int64_t samples = batch.samples, size = batch.size_px, window = network_->window();
  const auto tensor_of = [&](std::vector<float>& values, std::vector<std::int64_t> shape) {
    return values.empty() ? Tensor() : torch::from_blob(values.data(), shape, torch::kFloat).to(device_);
  };
  const Tensor frames =
      tensor_of(batch.frames, {samples, 1, kDetectorWindow, size, size}).narrow(2, kDetectorWindow - window, window);
  const Tensor masks = tensor_of(batch.masks, {samples, 1, size, size});
  const Tensor ignore = tensor_of(batch.ignore, {samples, 1, size, size});
  SeedLibTorch(options_.seed, progress_.steps, group_ != nullptr ? group_->rank() : 0);
  network_->module().train();
  optimiser_->zero_grad();
  Tensor loss;
  {
    const MixedPrecision mixed(options_.precision);
    loss = network_->Loss(frames, masks, ignore);
  }
  loss.backward();
  if (gradients_) gradients_->Finish();
  const bool interrupted = group_ != nullptr && Interrupted();
  Tensor agreed =
      torch::tensor({loss.item<double>(), time_is_up && speaks() ? 1.0 : 0.0, interrupted ? 1.0 : 0.0}, torch::kDouble)
          .to(device_);
  if (group_ != nullptr) group_->Sum(agreed);
  agreed = agreed.to(torch::kCPU);
  torch::nn::utils::clip_grad_norm_(network_->module().parameters(), options_.optimiser.clip_norm);
  optimiser_->step();
  if (average_) average_->Update(network_->module(), progress_.steps + 1);
  const double* values = agreed.data_ptr<double>();
  return {values[0] / ProcessCount(), values[1] > 0, values[2] > 0};
}

double TrainingRun::SetLearningRate() {
  const double rate = LearningRateAt(options_.optimiser, progress_.steps, planned_steps_);
  for (auto& group : optimiser_->param_groups()) group.options().set_lr(rate);
  return rate;
}

void TrainingRun::LogStep(double learning_rate) {
  if (train_log_) {
    const auto windows = static_cast<double>(loader_->windows());
    train_log_->Add(fmt::format("{},{},{:.4f},{:.6f},{:.6g},{:.3f},{:.4f}", progress_.steps, progress_.samples_seen,
                                static_cast<double>(progress_.samples_seen) / windows,
                                progress_.loss_sum / static_cast<double>(progress_.logged_steps), learning_rate,
                                progress_.seconds, row_waiting_s_ / row_in_steps_s_));
  }
  progress_.loss_sum = row_in_steps_s_ = row_waiting_s_ = 0;
  progress_.logged_steps = 0;
}

double TrainingRun::SecondsOfRun() const { return Seconds(Clock::now() - start_); }

TrainReport TrainingRun::Report() const {
  TrainReport report;
  report.steps = progress_.steps;
  report.first_step = first_step_;
  report.samples_seen = progress_.samples_seen;
  report.planned_steps = planned_steps_;
  report.stopped_by = progress_.stopped_by;
  report.last_loss = progress_.last_loss;
  report.seconds = progress_.seconds;
  if (in_steps_s_ > 0) {
    report.steps_per_second = static_cast<double>(progress_.steps - first_step_) / in_steps_s_;
    report.loader_wait_share = waiting_s_ / in_steps_s_;
  }
  report.device = device_.str();
  report.processes = progress_.processes;
  report.speaks = speaks();
  report.best = progress_.best;
  report.last = progress_.last;
  return report;
}

}  // namespace mirst
