#include <fmt/format.h>

#include <mutex>
#include <optional>

#include "core/error.h"
#include "core/hash.h"
#include "datasets/procedural_scene.h"
#include "datasets/procedural_sensor.h"
#include "datasets/sequence_source.h"

namespace mirst {

void Visit(OptionsVisitor& visitor, ProceduralOptions& options) {
  const Range side{64, 2048}, noise{0, 10000};
  visitor.Integer("width", options.width, side, "px");
  visitor.Integer("height", options.height, side, "px");
  visitor.Integer("frame_count", options.frame_count, {2, 100000}, "frames of a source");
  visitor.Integer("bit_depth", options.bit_depth, {8, 14},
                  "8: after automatic gain control; 14: raw counts, in 16-bit files");
  visitor.Real("frame_rate_hz", options.frame_rate_hz, {0.1, 10000}, "Hz");
  visitor.Choice("scene", options.scene, {"mixed", "sky", "sea", "skyline", "tree_line"},
                 "mixed: each source draws one");
  visitor.Real("netd_mk", options.netd_mk, noise, "temporal noise, standard deviation, mK");
  visitor.Real("fixed_pattern_mk", options.fixed_pattern_mk, noise,
               "fixed pattern of pixels, columns, rows and shading together, standard deviation, mK");
  visitor.Real("pan_px_per_frame", options.pan_px_per_frame, {0, 20},
               "largest mean pan, px a frame; each source draws its own; 0: the camera stands still");
}

void AddFaults(OptionsReader& reader, const ProceduralOptions& options) {
  if (options.bit_depth != 8 && options.bit_depth != 14) {
    reader.AddFault("bit_depth", fmt::format("{} is not one of 8, 14", options.bit_depth));
  }
}

namespace {

class ProceduralSource final : public SequenceSource {
 public:
  ProceduralSource(const ProceduralOptions& options, const RandomKey& key) : options_(options), key_(key) {
    info_.name = fmt::format("procedural-{:04}", key.sequence);
    info_.kind = SourceKind::kProcedural;
    info_.width = options.width;
    info_.height = options.height;
    info_.bit_depth = options.bit_depth == 8 ? 8 : 16;
    info_.frame_count = options.frame_count;
    info_.frame_rate_hz = options.frame_rate_hz;
    info_.sha256 = Sha256OfText(fmt::format("{} seed {} sequence {} frame {} object {}",
                                            PrintOptions(options, OptionsFormat::kJson), key.seed, key.sequence,
                                            key.frame, key.object));
  }

  std::vector<Frame> Read(int first, int count) const override {
    if (first < 0 || count < 0 || first > info_.frame_count - count) {
      throw InternalError(fmt::format("{}: frames {} ... {} asked for, the source has {}", info_.name, first,
                                      static_cast<long long>(first) + count - 1, info_.frame_count));
    }
    std::call_once(made_, [this] { Make(); });
    std::vector<Frame> frames;
    for (int index = first; index < first + count; ++index) {
      Frame frame;
      frame.pixels = sensor_->Counts(scene_->Temperature(index), index);
      frame.bit_depth = info_.bit_depth;
      frame.index = index;
      frame.time_s = index / info_.frame_rate_hz;
      frame.name = fmt::format("{:06}.png", index);
      frames.push_back(std::move(frame));
    }
    return frames;
  }

 private:
  // The world takes longer to make than a frame and fills some megabytes: only once a frame is asked for.
  void Make() const {
    scene_.emplace(options_, key_);
    const int last = options_.frame_count - 1;
    sensor_.emplace(options_, key_,
                    std::vector{scene_->Temperature(0), scene_->Temperature(last / 2), scene_->Temperature(last)});
  }

  ProceduralOptions options_;
  RandomKey key_;
  mutable std::once_flag made_;
  mutable std::optional<ProceduralScene> scene_;
  mutable std::optional<ThermalSensor> sensor_;
};

}  // namespace

std::unique_ptr<SequenceSource> OpenProceduralSource(const ProceduralOptions& options, const RandomKey& key) {
  return InContext("procedural source", [&] {
    const auto checked =
        ReadOptions<ProceduralOptions>(ConfigTree::FromText(PrintOptions(options, OptionsFormat::kYaml)));
    return std::make_unique<ProceduralSource>(checked, key);
  });
}

}  // namespace mirst
