#include "generator/finish_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "generator/measure_target.h"
#include "generator/sensor_chain.h"
#include "generator/video_codec.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr int kTries = 8;
constexpr double kTolerance = 0.01, kMostMiss = 0.05;  // of the SCR

// The labels that depend on the counts, for a frame whose pixels have changed. The controlled SCR measured before stays
// as `<id><former>`, beside those that earlier stages have left.
void MeasureAgain(LabelledFrame& frame, const Image<float>& background, const std::string& former) {
  const Box20Rule domain = Box20Rule::ForBitDepth(frame.frame.bit_depth);
  for (Annotation& target : frame.annotation.targets) {
    if (!target.seen()) continue;
    auto kept = std::move(target.scr);
    MeasureShownTarget(frame.frame.pixels, background, frame.PixelsOf(target.id), frame.mask, domain, target);
    kept[target.scr_id + former] = kept.at(target.scr_id);
    std::erase_if(kept, [](const auto& entry) { return IsScrId(entry.first); });
    target.scr.merge(kept);
    std::erase_if(target.flags,
                  [&](const Flag& flag) { return flag.name == "lowered" && flag.value <= target.scr_requested; });
  }
}

// Of target `i`, over the frames that show it.
double MeanScr(const Sample& sample, std::size_t i) {
  double sum = 0;
  int count = 0;
  for (const LabelledFrame& frame : sample.frames) {
    const Annotation& target = frame.annotation.targets[i];
    if (target.area_px == 0) continue;
    sum += target.scr.at(target.scr_id);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

// The sample with displayed frames in image/ and the linear ones kept.
Sample Shown(Sample sample, const Backdrop& backdrop, const DisplayCurve& curve, const std::vector<double>& requested) {
  for (std::size_t k = 0; k < sample.frames.size(); ++k) {
    LabelledFrame& frame = sample.frames[k];
    frame.linear = frame.frame;
    frame.frame.pixels = Display(frame.frame.pixels, curve);
    frame.frame.bit_depth = 8;
    if (frame.background) frame.background = Display(*frame.background, curve);
    for (std::size_t i = 0; i < requested.size(); ++i) frame.annotation.targets[i].scr_requested = requested[i];
    MeasureAgain(frame, Display(backdrop.frames[k].pixels, curve), "_linear");
  }
  return sample;
}

// A curve ends where the background does: what is brighter still looks no brighter.
void JudgeMiss(Sample& sample, std::size_t i, double scr, OnInfeasible on_infeasible) {
  const double measured = MeanScr(sample, i);
  if (std::abs(measured - scr) <= kMostMiss * scr) return;
  if (on_infeasible == OnInfeasible::kRefuse) {
    throw BadInput(
        fmt::format("SCR {:.3g} cannot be shown: behind the gain control it is {:.3g}; lower scr.range, widen "
                    "sensor.percentiles, or set scr.on_infeasible: lower",
                    scr, measured));
  }
  for (LabelledFrame& frame : sample.frames) {
    Annotation& target = frame.annotation.targets[i];
    target.scr_requested = measured;
    if (target.FindFlag("lowered") == nullptr) target.flags.push_back({"lowered", scr});
  }
}

Sample ShownAtScr(const Backdrop& backdrop, const DisplayCurve& curve, const std::vector<double>& scr,
                  OnInfeasible on_infeasible, const std::function<Sample(const std::vector<double>&)>& embed) {
  std::optional<Sample> best;
  double least = 0;
  std::vector<double> request = scr;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Sample sample;
    try {
      sample = Shown(embed(request), backdrop, curve, scr);
    } catch (const Error& error) {
      if (best && error.code() == ErrorCode::kBadInput) break;  // the linear frames reach no more
      throw;
    }
    double miss = 0;  // the largest, relative
    bool shows = true;
    for (std::size_t i = 0; i < scr.size(); ++i) {
      const double measured = MeanScr(sample, i);
      miss = std::max(miss, std::abs(measured - scr[i]) / scr[i]);
      shows = shows && measured > 0;
      if (measured > 0) request[i] *= std::clamp(scr[i] / measured, 0.25, 4.0);
    }
    if (!best || miss < least) {
      best = std::move(sample);
      least = miss;
    }
    if (least <= kTolerance || !shows) break;
  }
  for (std::size_t i = 0; i < scr.size(); ++i) JudgeMiss(*best, i, scr[i], on_infeasible);
  return std::move(*best);
}

void Encode(Sample& sample, const Backdrop& backdrop, const DisplayCurve& curve, const CodecOptions& options) {
  std::vector<Image<float>> frames, empty;
  for (std::size_t k = 0; k < sample.frames.size(); ++k) {
    frames.push_back(sample.frames[k].frame.pixels);
    const Image<float>& background = backdrop.frames[k].pixels;
    empty.push_back(curve.empty() ? background : Display(background, curve));
  }
  frames = PassThroughCodec(frames, options);
  empty = PassThroughCodec(empty, options);
  for (std::size_t k = 0; k < sample.frames.size(); ++k) {
    LabelledFrame& frame = sample.frames[k];
    frame.frame.pixels = std::move(frames[k]);
    if (frame.background) frame.background = empty[k];
    MeasureAgain(frame, empty[k], "_before_codec");
  }
}

}  // namespace

bool NeedsFinish(const GenerateOptions& options) {
  return options.codec.enabled || (options.sensor.enabled && options.sensor.agc != GainControl::kNone);
}

Sample FinishSample(const Backdrop& backdrop, const GenerateOptions& options, const std::vector<double>& scr,
                    const std::function<Sample(const std::vector<double>&)>& embed) {
  const bool controlled = options.sensor.enabled && options.sensor.agc != GainControl::kNone;
  const DisplayCurve curve = controlled ? MakeDisplayCurve(options.sensor, backdrop.frames) : DisplayCurve{};
  const auto shown = [&] {
    return options.scr.mode == ScrMode::kContrast ? Shown(embed(scr), backdrop, curve, scr)
                                                  : ShownAtScr(backdrop, curve, scr, options.scr.on_infeasible, embed);
  };
  Sample sample = options.sensor.displayed() ? shown() : embed(scr);
  if (controlled && !options.sensor.displayed()) {
    for (LabelledFrame& frame : sample.frames) {
      frame.display = frame.frame;
      frame.display->pixels = Display(frame.frame.pixels, curve);
      frame.display->bit_depth = 8;
    }
  }
  if (options.codec.enabled) {
    if (sample.frames.front().frame.bit_depth != 8)
      throw BadInput("codec.enabled needs 8-bit frames: 8-bit sources, or sensor.agc with sensor.image: displayed");
    Encode(sample, backdrop, options.sensor.displayed() ? curve : DisplayCurve{}, options.codec);
  }
  return sample;
}

}  // namespace mirst
