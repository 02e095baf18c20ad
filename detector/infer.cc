#include "detector/infer.h"

#include <fmt/format.h>
#include <torch/nn/functional/padding.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "detector/checkpoint.h"
#include "detector/device.h"
#include "detector/network_stream.h"
#include "detector/sequence_detector.h"
#include "detector/tile_plan.h"
#include "detector/torch_error.h"

namespace mirst {
namespace F = torch::nn::functional;
using torch::Tensor;
namespace {

static_assert(kDetectorWindow == kWindowFrames);

std::int64_t PaddingOf(int extent) { return (kPstfnetStride - extent % kPstfnetStride) % kPstfnetStride; }

void CheckFrame(ImageView<const float> frame) {
  if (frame.height() < kLeastFramePx || frame.width() < kLeastFramePx) {
    throw BadInput(fmt::format("the frame is {} x {} px, the least that PSTFNet takes is {} x {}", frame.width(),
                               frame.height(), kLeastFramePx, kLeastFramePx));
  }
  for (int y = 0; y < frame.height(); ++y) {
    const float* row = frame.row(y);
    const float* wrong = std::find_if(row, row + frame.width(), [](float value) { return !std::isfinite(value); });
    if (wrong != row + frame.width()) {
      throw BadInput(
          fmt::format("the pixel at column {}, row {} is {}, expected a finite number", wrong - row, y, *wrong));
    }
  }
}

Tensor NormalisedTensor(ImageView<const float> frame, Normalisation normalisation) {
  Tensor image = torch::empty({1, 1, frame.height(), frame.width()}, torch::kFloat);
  float* pixel = image.data_ptr<float>();
  const auto mean = static_cast<float>(normalisation.mean), gain = static_cast<float>(1 / normalisation.sigma);
  for (int y = 0; y < frame.height(); ++y) {
    pixel = std::transform(frame.row(y), frame.row(y) + frame.width(), pixel,
                           [&](float value) { return (value - mean) * gain; });
  }
  return F::pad(image,
                F::PadFuncOptions({0, PaddingOf(frame.width()), 0, PaddingOf(frame.height())}).mode(torch::kReflect));
}

/// map (1, 1, h, w).
Image<float> AsImage(const Tensor& map) {
  const Tensor values = map.to(torch::kCPU).to(torch::kFloat).contiguous();
  Image<float> image(static_cast<int>(map.size(2)), static_cast<int>(map.size(3)));
  std::copy_n(values.data_ptr<float>(), image.size(), image.data());
  return image;
}

}  // namespace

PstfnetStream::PstfnetStream(Pstfnet network, Normalisation normalisation, c10::Device device, InferenceEngine engine)
    : network_(std::move(network)),
      folded_(network_),
      engine_(engine),
      normalisation_(normalisation),
      device_(device) {}

void PstfnetStream::Begin() { window_.clear(); }

void PstfnetStream::Push(ImageView<const float> frame) {
  CheckFrame(frame);
  if (window_.empty()) {
    height_ = frame.height();
    width_ = frame.width();
  } else if (frame.height() != height_ || frame.width() != width_) {
    throw BadInput(fmt::format("the frame is {} x {} px, the frames before it are {} x {}", frame.width(),
                               frame.height(), width_, height_));
  }
  const Entry entry{TranslateTorchErrors([&] { return NormalisedTensor(frame, normalisation_).to(device_); }), {}, {}};
  if (window_.empty()) window_.assign(kWindowFrames - 1, entry);
  if (window_.size() == kWindowFrames) window_.pop_front();
  window_.push_back(entry);
}

Tensor PstfnetStream::WindowLogits() {
  std::vector<Tensor> images;
  for (const Entry& entry : window_) images.push_back(entry.image);
  const Tensor frames = torch::stack(images, 2);
  return engine_ == InferenceEngine::kPlain ? network_(frames) : folded_.Forward(frames);
}

DecodedFrame PstfnetStream::DecodeStreamed() {
  std::array<Levels, kWindowFrames> starts;
  for (std::size_t t = 0; t < window_.size(); ++t) {
    if (window_[t].features) continue;
    const bool repeated = t > 0 && window_[t].image.is_same(window_[t - 1].image);
    window_[t].features = repeated ? *window_[t - 1].features : folded_.Encode(window_[t].image);
  }
  for (std::size_t t = 0; t < window_.size(); ++t) {
    Entry& entry = window_[t];
    const bool inside = t > 0 && t + 1 < window_.size();
    if (inside && entry.start) {
      starts[t] = *entry.start;
      continue;
    }
    starts[t] = folded_.Start(t > 0 ? &*window_[t - 1].features : nullptr, *entry.features,
                              t + 1 < window_.size() ? &*window_[t + 1].features : nullptr);
    if (inside) entry.start = starts[t];
  }
  return folded_.Decode(*window_.back().features, starts, part_ ? &*part_ : nullptr);
}

Image<float> PstfnetStream::Logits() {
  if (window_.empty()) throw InternalError("logits were asked for before the first frame");
  const torch::NoGradGuard no_gradient;
  return TranslateTorchErrors([&] {
    Tensor logits;
    if (engine_ == InferenceEngine::kStreaming) {
      decoded_ = DecodeStreamed();
      logits = decoded_->logits;
    } else {
      logits = WindowLogits();
    }
    return AsImage(logits.narrow(2, 0, height_).narrow(3, 0, width_));
  });
}

std::vector<Image<float>> PstfnetStream::DecoderMaps() const {
  std::vector<Image<float>> maps;
  if (!decoded_) return maps;
  for (const Tensor& features : decoded_->features) {
    const std::int64_t stride = decoded_->logits.size(2) / features.size(2);
    maps.push_back(AsImage(
        features.mean(1, true).narrow(2, 0, (height_ - 1) / stride + 1).narrow(3, 0, (width_ - 1) / stride + 1)));
  }
  return maps;
}

namespace {

/// Frames as a whole or in overlapping tiles, a stream each.
class PstfnetDetector final : public SequenceDetector {
 public:
  PstfnetDetector(const LoadedPstfnet& loaded, c10::Device device, const DetectorRun& run)
      : tile_px_(run.tile_px),
        margin_px_(loaded.info.options.cbam ? kCbamRadiusPx : kPlainRadiusPx),
        stream_(loaded.network, {loaded.info.mean, loaded.info.sigma}, device, run.engine) {
    if (tile_px_ > 0) {
      PlanTiles(tile_px_, tile_px_, margin_px_, kPstfnetStride);  // refuses what it cannot use
      if (run.engine != InferenceEngine::kStreaming) throw UsageError("--tile goes with --engine streaming");
      if (loaded.info.options.size_mode == SizeMode::kNative) {
        throw UsageError("--tile goes with weights of size_mode free, found native, which takes 384 x 384 px only");
      }
    }
    info_.id = loaded.info.network;
    info_.dataset_id = loaded.info.dataset_id;
    info_.git_revision = loaded.info.git_revision;
    info_.steps = loaded.info.steps;
    info_.samples_seen = loaded.info.samples_seen;
    info_.threshold = loaded.info.threshold;
    info_.device = device.str();
  }

  const SequenceDetectorInfo& info() const override { return info_; }

  void Begin() override { tiles_.clear(); }

  Image<float> Next(ImageView<const float> frame) override {
    if (tiles_.empty()) Lay(frame.height(), frame.width());
    if (tiles_.size() == 1) {
      tiles_.front().stream.Push(frame);
      return tiles_.front().stream.Logits();
    }
    if (frame.height() != height_ || frame.width() != width_) {
      throw BadInput(fmt::format("the frame is {} x {} px, the frames before it are {} x {}", frame.width(),
                                 frame.height(), width_, height_));
    }
    Image<float> logits(height_, width_);
    for (Tile& tile : tiles_) {
      Image<float> part(tile.rows.size, tile.columns.size);
      for (int y = 0; y < part.height(); ++y) {
        std::copy_n(frame.row(tile.rows.first + y) + tile.columns.first, part.width(), part.row(y));
      }
      tile.stream.Push(part);
      const Image<float> found = tile.stream.Logits();
      for (int y = tile.rows.keep_first; y < tile.rows.keep_last; ++y) {
        std::copy(found.row(y - tile.rows.first) + tile.columns.keep_first - tile.columns.first,
                  found.row(y - tile.rows.first) + tile.columns.keep_last - tile.columns.first,
                  logits.row(y) + tile.columns.keep_first);
      }
    }
    return logits;
  }

  std::vector<StageMap> Stages() const override {
    std::vector<StageMap> stages;
    if (tiles_.size() != 1) return stages;
    for (Image<float>& map : tiles_.front().stream.DecoderMaps()) {
      stages.push_back({fmt::format("D{}", 2 - stages.size()), std::move(map)});
    }
    return stages;
  }

 private:
  struct Tile {
    TileSpan rows, columns;
    PstfnetStream stream;
  };

  void Lay(int height, int width) {
    height_ = height;
    width_ = width;
    const auto spans = [&](int extent) {
      return tile_px_ > 0 ? PlanTiles(extent, tile_px_, margin_px_, kPstfnetStride)
                          : std::vector<TileSpan>{{0, extent, 0, extent}};
    };
    const std::vector<TileSpan> columns = spans(width);
    for (const TileSpan& rows : spans(height)) {
      for (const TileSpan& span : columns) tiles_.push_back({rows, span, stream_});
    }
    if (tiles_.size() == 1) return;
    for (Tile& tile : tiles_) {
      tile.stream.SetPart({tile.rows.first, tile.columns.first, height + PaddingOf(height), width + PaddingOf(width)});
    }
  }

  int tile_px_, margin_px_;
  PstfnetStream stream_;  // never used itself: each sequence begins with copies, which share its weights
  std::vector<Tile> tiles_;
  int height_ = 0, width_ = 0;
  SequenceDetectorInfo info_;
};

}  // namespace

std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights, const DetectorRun& run) {
  const c10::Device resolved = ResolveDevice(run.device);
  UseTorchThreads(run.threads);
  if (ReadCheckpointInfo(weights).network != "pstfnet") return LoadNetworkDetector(weights, resolved);
  LoadedPstfnet loaded = LoadPstfnet(weights);
  TranslateTorchErrors([&] { loaded.network->to(resolved); });
  return std::make_unique<PstfnetDetector>(loaded, resolved, run);
}

std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights, DeviceChoice device,
                                                       int threads) {
  return LoadSequenceDetector(weights, {.device = device, .threads = threads});
}

}  // namespace mirst
