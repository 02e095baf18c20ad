#include "detector/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "detector/checkpoint.h"
#include "detector/device.h"
#include "detector/frame_tensor.h"
#include "detector/network_stream.h"
#include "detector/sequence_detector.h"
#include "detector/tile_plan.h"
#include "detector/torch_error.h"

namespace mirst {
using torch::Tensor;
namespace {

static_assert(kDetectorWindow == kWindowFrames);

}  // namespace

PstfnetStream::PstfnetStream(Pstfnet network, Normalisation normalisation, c10::Device device, InferenceEngine engine)
    : network_(std::move(network)),
      folded_(network_),
      engine_(engine),
      normalisation_(normalisation),
      device_(device) {}

void PstfnetStream::Begin() { window_.clear(); }

void PstfnetStream::Push(ImageView<const float> frame) {
  CheckFrame(frame, "PSTFNet");
  if (window_.empty()) {
    height_ = frame.height();
    width_ = frame.width();
  }
  CheckSameSize(frame, height_, width_);
  const Entry entry{
      TranslateTorchErrors([&] { return FrameTensor(frame, normalisation_, kPstfnetStride).to(device_); }), {}, {}};
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
    return ImageOf(logits, height_, width_);
  });
}

std::vector<Image<float>> PstfnetStream::DecoderMaps() const {
  std::vector<Image<float>> maps;
  if (!decoded_) return maps;
  for (const Tensor& features : decoded_->features) {
    const int stride = static_cast<int>(decoded_->logits.size(2) / features.size(2));
    maps.push_back(ImageOf(features.mean(1, true), (height_ - 1) / stride + 1, (width_ - 1) / stride + 1));
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
        stream_(loaded.network, {loaded.info.mean, loaded.info.sigma}, device, run.engine),
        info_(DetectorInfoOf(loaded.info, kDetectorWindow, device)) {
    if (tile_px_ > 0) {
      PlanTiles(tile_px_, tile_px_, margin_px_, kPstfnetStride);  // refuses what it cannot use
      if (run.engine != InferenceEngine::kStreaming) throw UsageError("--tile goes with --engine streaming");
      if (loaded.info.options.size_mode == SizeMode::kNative) {
        throw UsageError("--tile goes with weights of size_mode free, found native, which takes 384 x 384 px only");
      }
    }
  }

  const SequenceDetectorInfo& info() const override { return info_; }

  void Begin() override { tiles_.clear(); }

  Image<float> Next(ImageView<const float> frame) override {
    if (tiles_.empty()) Lay(frame.height(), frame.width());
    if (tiles_.size() == 1) {
      tiles_.front().stream.Push(frame);
      return tiles_.front().stream.Logits();
    }
    CheckSameSize(frame, height_, width_);
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
      tile.stream.SetPart({tile.rows.first, tile.columns.first, height + PaddingOf(height, kPstfnetStride),
                           width + PaddingOf(width, kPstfnetStride)});
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
  if (const std::string network = ReadCheckpointInfo(weights).network; network != "pstfnet") {
    if (run.tile_px > 0 || run.engine != InferenceEngine::kStreaming)
      throw UsageError(fmt::format("--tile and --engine go with weights of pstfnet, found {}", network));
    return LoadNetworkDetector(weights, resolved);
  }
  LoadedPstfnet loaded = LoadPstfnet(weights);
  TranslateTorchErrors([&] { loaded.network->to(resolved); });
  return std::make_unique<PstfnetDetector>(loaded, resolved, run);
}

std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights, DeviceChoice device,
                                                       int threads) {
  return LoadSequenceDetector(weights, {.device = device, .threads = threads});
}

}  // namespace mirst
