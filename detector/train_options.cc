#include "detector/train_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "detector/network_traits.h"

namespace mirst {

void Visit(OptionsVisitor& v, TrainingDataOptions& o) {
  v.Integer("crop_px", o.crop_px, {48, 4096},
            "side of the square crops that the network trains on, px, a multiple of 16");
  v.Real("centred_share", o.centred_share, {0, 1}, "share of the crops placed near a target, the rest lies anywhere");
  v.Integer("batch", o.batch, {1, 4096}, "samples of a step");
  v.Integer("workers", o.workers, {1, 64}, "threads that read, cut and augment samples");
  v.Integer("prefetch", o.prefetch, {1, 64}, "batches made ahead");
  v.Integer("cache_mib", o.cache_mib, {0, 1048576},
            "decoded frames kept in memory, MiB a split; the rest is decoded when needed");
}

void Visit(OptionsVisitor& v, AugmentationOptions& o) {
  v.Real("flip_probability", o.flip_probability, {0, 1}, "left to right; 0: off");
  v.Integer("centre_crop_px", o.centre_crop_px, {1, 1000},
            "the crop loses less than this many px, then is enlarged back; 1: off");
  v.Real("rotation_probability", o.rotation_probability, {0, 1}, "by a whole number of degrees; 0: off");
  v.Interval("rotation_deg", o.rotation_deg, {-180, 180}, "degrees");
  v.Real("negative_probability", o.negative_probability, {0, 1}, "hot and cold change places; 0: off");
  v.Real(
      "largest_gain", o.largest_gain, {1, 100},
      "counts about the train split's mean are multiplied by a factor from 1 / largest_gain on, log-uniform; 1: off");
  v.Real("largest_offset", o.largest_offset, {0, 100}, "then shifted by up to that, either way, in its sigmas; 0: off");
}

void Visit(OptionsVisitor& v, LossOptions& o) {
  v.Real("soft_iou", o.soft_iou, {0, 1e6}, "weight of SoftIoU, the published loss");
  v.Real("focal", o.focal, {0, 1e6}, "weight of the focal loss, which also teaches where SoftIoU is flat; 0: off");
  v.Real("focal_gamma", o.focal_gamma, {0, 10}, "how far the focal loss leaves easy pixels out; 0: cross entropy");
  v.Real("bce", o.bce, {0, 1e6}, "weight of the binary cross entropy, mean over all pixels; 0: off");
}

void Visit(OptionsVisitor& v, OptimiserOptions& o) {
  v.Choice("kind", o.kind, {"adagrad", "adam", "adamw", "sgd"}, "sgd: with Nesterov's momentum");
  v.Real("learning_rate", o.learning_rate, {1e-8, 1}, "at the start");
  v.Interval("betas", o.betas, {0, 0.9999999},
             "of adam and adamw: decay of the means of gradient and squared gradient");
  v.Real("momentum", o.momentum, {0, 0.9999999}, "of sgd");
  v.Real("weight_decay", o.weight_decay, {0, 1},
         "adamw: decoupled; sgd: of convolutions and matrices; others: of all parameters");
  v.Real("clip_norm", o.clip_norm, {1e-6, 1e6}, "largest norm of the gradient");
  v.Choice("schedule", o.schedule, {"milestones", "polynomial", "cosine", "halving", "constant"},
           "how the learning rate goes on; polynomial: (1 - share of the planned steps)^0.9");
  v.Interval("milestones", o.milestones, {0, 1},
             "of that schedule: shares of the planned steps after which the learning rate falls to a tenth; 1: never");
  v.Real("final_rate", o.final_rate, {0, 1}, "where polynomial and cosine end, and the least of halving");
  v.Real("stretches", o.stretches, {0.01, 1e6},
         "of the planned steps: the cosine falls in the first, rises in the second, and so on; halving halves after "
         "each");
  v.Real("warmup", o.warmup, {0, 1},
         "share of the planned steps in which the learning rate rises with their square; polynomial, cosine and "
         "halving have the rest");
}

void Visit(OptionsVisitor& v, ValidationOptions& o) {
  v.Integer("every_steps", o.every_steps, {0, 1e9}, "steps between two validations; 0: never, and no best checkpoint");
  v.Integer("stride", o.stride, {1, 100000}, "every how manieth frame of the validation split is scored");
  v.Integer("patience", o.patience, {0, 1e9},
            "end after this many validations without a new best; 0: only after all steps");
}

void Visit(OptionsVisitor& v, DistributedOptions& o) {
  v.Real("timeout_s", o.timeout_s, {1, 86400}, "seconds without an answer after which another process counts as dead");
  v.Integer("bucket_kib", o.bucket_kib, {1, 1048576},
            "KiB of gradients that are summed over the processes at once, while the backward pass goes on");
}

void Visit(OptionsVisitor& v, TrainOptions& o) {
  auto seed = static_cast<std::int64_t>(o.seed);
  v.Integer("seed", seed, {0, 9007199254740992.0}, "of initial weights, order and augmentation");
  o.seed = static_cast<std::uint64_t>(seed);
  const std::vector<std::string> names = NetworkNames();
  int arch = static_cast<int>(std::find(names.begin(), names.end(), o.arch) - names.begin());
  v.Choice("arch", arch, names, "the network; mirst model info tells what is published about each");
  o.arch = names.at(static_cast<std::size_t>(arch));
  v.Real("epochs", o.epochs, {1e-6, 1e6},
         "an epoch sees as many samples as the train split has windows of five frames");
  v.Integer("steps", o.steps, {0, 1e9}, "optimiser steps, instead of epochs; 0: by epochs");
  v.OptionalReal(
      "initial_probability", o.initial_probability, {1e-6, 0.999999},
      "of a target, that the network starts with at every pixel; null: LibTorch's initialisation, about 0.5");
  v.OptionalReal("limit_minutes", o.limit_minutes, {0.001, 1e6},
                 "stop after this time with a checkpoint; null: no limit");
  v.OptionalReal("ema_decay", o.ema_decay, {0, 0.999999},
                 "of a running average of the weights, which is then what is validated and saved; null: off");
  v.Integer("log_every_steps", o.log_every_steps, {1, 1e9}, "steps a row of train_log.csv");
  v.Integer("state_every_steps", o.state_every_steps, {0, 1e9},
            "steps between two writings of state.safetensors, from which --resume goes on; 0: at validations only");
  v.Choice("device", o.device, {"auto", "cpu", "cuda"}, "auto: the first CUDA device, otherwise the CPU");
  v.Choice("precision", o.precision, {"float32", "bf16"}, "bf16: LibTorch's mixed precision, on CUDA devices only");
  v.Boolean("deterministic", o.deterministic,
            "kernels that add in one order where LibTorch has them; a CPU does so in any case");
  v.Group("data", o.data, "samples");
  v.Group("augmentation", o.augmentation, "one transform for all five frames of a sample");
  v.Group("loss", o.loss, "the sum of");
  v.Group("optimiser", o.optimiser, "published ones by mirst model info");
  v.Group("validation", o.validation, "on whole frames of the validation split");
  v.Group("distributed", o.distributed, "trainings by several processes");
  v.Group("network", o.network, "PSTFNet");
  v.Group("image_network", o.image_network, "DNANet, ISNet and UIU-Net");
}

void AddFaults(OptionsReader& reader, const TrainOptions& o) {
  AddFaults(reader, o.network);
  AddFaults(reader, o.image_network);
  if (const int least = TraitsOf(o.arch).least_batch; o.data.batch < least) {
    reader.AddFault("data.batch", fmt::format("found {}, {} needs {} or more", o.data.batch, o.arch, least));
  }
  if (o.data.crop_px % 16 != 0) {
    reader.AddFault("data.crop_px", fmt::format("found {}, expected a multiple of 16", o.data.crop_px));
  }
  if (o.network.size_mode == SizeMode::kNative && o.data.crop_px != 384) {
    reader.AddFault("data.crop_px",
                    fmt::format("found {}, a network of size_mode native takes 384 only", o.data.crop_px));
  }
  if (o.augmentation.centre_crop_px > o.data.crop_px / 2) {
    reader.AddFault("augmentation.centre_crop_px",
                    fmt::format("found {}, at most half of data.crop_px ({}) may be lost",
                                o.augmentation.centre_crop_px, o.data.crop_px));
  }
  if (o.loss.soft_iou == 0 && o.loss.focal == 0 && o.loss.bce == 0) {
    reader.AddFault("loss", "soft_iou, focal and bce are all 0, at least one must weigh more");
  }
  if (o.optimiser.final_rate > o.optimiser.learning_rate) {
    reader.AddFault("optimiser.final_rate", fmt::format("found {}, expected at most optimiser.learning_rate, {}",
                                                        o.optimiser.final_rate, o.optimiser.learning_rate));
  }
  if (o.precision == Precision::kBfloat16 && o.device == DeviceChoice::kCpu) {
    reader.AddFault("precision", "found bf16, a CPU trains in float32 only; use device: cuda");
  }
  if (o.validation.patience > 0 && o.validation.every_steps == 0) {
    reader.AddFault("validation.patience", "needs validations, but validation.every_steps is 0");
  }
  if (o.data.batch == 1 && o.data.crop_px < 64) {
    reader.AddFault("data.batch",
                    "1 sample of less than 64 px leaves batch normalisation a single value on the coarsest grid; use 2 "
                    "or larger crops");
  }
  for (const double degrees : {o.augmentation.rotation_deg.first, o.augmentation.rotation_deg.second}) {
    if (degrees != static_cast<double>(static_cast<int>(degrees))) {
      reader.AddFault("augmentation.rotation_deg", fmt::format("found {}, expected whole degrees", degrees));
    }
  }
}

}  // namespace mirst
