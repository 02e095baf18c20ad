#include "generator/finish_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "generator/sensor_chain.h"
#include "generator/video_codec.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr int kTries = 8;
constexpr double kTolerance = 0.01, kMostMiss = 0.05;  // of the SCR

// The pixels of one target, of the frame's masks.
Mask OwnMask(const LabelledFrame& frame, const Annotation& target) {
  if (!frame.instance) return frame.mask;
  Mask own(frame.mask.height(), frame.mask.width());
  std::transform(frame.instance->begin(), frame.instance->end(), own.begin(),
                 [&](std::uint16_t id) -> std::uint8_t { return id == target.id ? 255 : 0; });
  return own;
}

// The labels that depend on the counts, for a frame whose pixels have changed. `former_id` keeps the SCR measured
// before.
void MeasureAgain(LabelledFrame& frame, const Image<float>& background, const std::string& former_id,
                  double requested) {
  const Box20Rule rule = Box20Rule::ForBitDepth(frame.frame.bit_depth);
  for (Annotation& target : frame.annotation.targets) {
    if (target.area_px == 0) continue;
    const Mask own = OwnMask(frame, target);
    const ScrMeasurement measured = MeasureBox20(frame.frame.pixels, own, frame.mask, rule);
    target.scr[former_id] = target.scr.at("box20");
    target.scr["box20"] = measured.scr;
    target.scr_requested = requested;
    target.scr_empty = MeasureBox20(background, own, frame.mask, rule).scr;
    target.scr_delta = ScrDelta(frame.frame.pixels, background, own, measured.sigma_background);
    target.sigma_b = measured.sigma_background;
    std::erase_if(target.flags, [&](const Flag& flag) {
      return flag.name == "quantised" || (flag.name == "lowered" && flag.value <= requested);
    });
    const double bound = 1 / (2.0 * measured.target_px * measured.sigma_background);
    if (bound > 0.02 * requested) target.flags.insert(target.flags.begin(), {"quantised", bound});
  }
}

double MeanScr(const Sample& sample) {
  double sum = 0;
  int count = 0;
  for (const LabelledFrame& frame : sample.frames) {
    for (const Annotation& target : frame.annotation.targets) {
      if (target.area_px == 0) continue;
      sum += target.scr.at("box20");
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

// The sample with displayed frames in image/ and the linear ones kept.
Sample Shown(Sample sample, const Backdrop& backdrop, const DisplayCurve& curve, double requested) {
  for (std::size_t k = 0; k < sample.frames.size(); ++k) {
    LabelledFrame& frame = sample.frames[k];
    frame.linear = frame.frame;
    frame.frame.pixels = Display(frame.frame.pixels, curve);
    frame.frame.bit_depth = 8;
    if (frame.background) frame.background = Display(*frame.background, curve);
    MeasureAgain(frame, Display(backdrop.frames[k].pixels, curve), "box20_linear", requested);
  }
  return sample;
}

// A curve ends where the background does: what is brighter still looks no brighter.
void JudgeMiss(Sample& sample, double scr, OnInfeasible on_infeasible) {
  const double measured = MeanScr(sample);
  if (std::abs(measured - scr) <= kMostMiss * scr) return;
  if (on_infeasible == OnInfeasible::kRefuse) {
    throw BadInput(
        fmt::format("SCR {:.3g} cannot be shown: behind the gain control it is {:.3g}; lower scr.range, widen "
                    "sensor.percentiles, or set scr.on_infeasible: lower",
                    scr, measured));
  }
  for (LabelledFrame& frame : sample.frames) {
    for (Annotation& target : frame.annotation.targets) {
      target.scr_requested = measured;
      if (target.FindFlag("lowered") == nullptr) target.flags.push_back({"lowered", scr});
    }
  }
}

Sample ShownAtScr(const Backdrop& backdrop, const DisplayCurve& curve, double scr, OnInfeasible on_infeasible,
                  const std::function<Sample(double)>& embed) {
  std::optional<Sample> best;
  double least = 0, request = scr;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Sample sample;
    try {
      sample = Shown(embed(request), backdrop, curve, scr);
    } catch (const Error& error) {
      if (best && error.code() == ErrorCode::kBadInput) break;  // the linear frames reach no more
      throw;
    }
    const double measured = MeanScr(sample), miss = std::abs(measured - scr);
    if (!best || miss < least) {
      best = std::move(sample);
      least = miss;
    }
    if (least <= kTolerance * scr || measured <= 0) break;
    request *= std::clamp(scr / measured, 0.25, 4.0);
  }
  JudgeMiss(*best, scr, on_infeasible);
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
    const std::vector<Annotation>& targets = frame.annotation.targets;
    MeasureAgain(frame, empty[k], "box20_before_codec", targets.empty() ? 0 : targets.front().scr_requested);
  }
}

}  // namespace

bool NeedsFinish(const GenerateOptions& options) {
  return options.codec.enabled || (options.sensor.enabled && options.sensor.agc != GainControl::kNone);
}

Sample FinishSample(const Backdrop& backdrop, const GenerateOptions& options, double scr,
                    const std::function<Sample(double)>& embed) {
  const bool controlled = options.sensor.enabled && options.sensor.agc != GainControl::kNone;
  const DisplayCurve curve = controlled ? MakeDisplayCurve(options.sensor, backdrop.frames) : DisplayCurve{};
  Sample sample =
      options.sensor.displayed() ? ShownAtScr(backdrop, curve, scr, options.scr.on_infeasible, embed) : embed(scr);
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
