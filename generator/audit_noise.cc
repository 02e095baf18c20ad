// Checks (d) and (e) of the audit: what templates and noise look like under the targets.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "core/error.h"
#include "core/random.h"
#include "fusion/scene_estimate.h"
#include "generator/audit_checks.h"

namespace mirst {
namespace {

constexpr double kEnergyLimit = 1e-3, kShareLimit = 0.95;
constexpr int kLeastPixels = 5, kRingPx = 6;
constexpr double kRoundingVariance = 1.0 / 12;  // of whole counts
constexpr int kViewsPerSequence = 3;            // spectra

// Share of the energy of `cells` at frequencies above `cutoff`, cycles a cell.
double EnergyBeyond(const Image<float>& cells, double cutoff) {
  try {
    cv::Mat padded =
        cv::Mat::zeros(cv::getOptimalDFTSize(2 * cells.height()), cv::getOptimalDFTSize(2 * cells.width()), CV_32F);
    for (int y = 0; y < cells.height(); ++y) std::copy_n(cells.row(y), cells.width(), padded.ptr<float>(y));
    cv::Mat spectrum;
    cv::dft(padded, spectrum, cv::DFT_COMPLEX_OUTPUT);
    double beyond = 0, all = 0;
    for (int y = 0; y < spectrum.rows; ++y) {
      const double v = static_cast<double>(std::min(y, spectrum.rows - y)) / spectrum.rows;
      for (int x = 0; x < spectrum.cols; ++x) {
        const double u = static_cast<double>(std::min(x, spectrum.cols - x)) / spectrum.cols;
        const auto& value = spectrum.at<cv::Vec2f>(y, x);
        const double energy = std::pow(static_cast<double>(value[0]), 2) + std::pow(static_cast<double>(value[1]), 2);
        all += energy;
        if (std::hypot(u, v) > cutoff) beyond += energy;
      }
    }
    return all > 0 ? beyond / all : 0;
  } catch (const cv::Exception& error) {
    throw InternalError(fmt::format("OpenCV's Fourier transform failed: {}", error.what()));
  }
}

double Variance(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / (n - 1);
}

// Whether the ratio of a variance of n values to the true one lies in the 95 % interval of chi^2_{n-1} / (n - 1)
// (Wilson and Hilferty's cube root; 1 % off at n = 9, less above).
bool InChiSquareInterval(double ratio, std::size_t n) {
  const double v = 2.0 / (9.0 * (static_cast<double>(n) - 1)), reach = NormalQuantile(0.975) * std::sqrt(v);
  return ratio >= std::pow(std::max(0.0, 1 - v - reach), 3) && ratio <= std::pow(1 - v + reach, 3);
}

// The background's residual around the support.
std::vector<double> RingResidual(const Image<float>& background, const PixelBox& box, int scene_radius_px) {
  const PixelBox ring = Intersect(Grow(box, kRingPx), background.box());
  const Image<float> scene = MedianScene(background, ring, scene_radius_px);
  std::vector<double> values;
  for (int y = 0; y < ring.height; ++y) {
    for (int x = 0; x < ring.width; ++x) {
      if (!box.Contains(ring.x + x, ring.y + y))
        values.push_back(static_cast<double>(background(ring.y + y, ring.x + x)) - static_cast<double>(scene(y, x)));
    }
  }
  return values;
}

// What is left under one target, placed in the frame.
struct Left {
  int id = 0;
  PixelBox box;
  TakenApart parts;
  Image<double> opacity;
};

}  // namespace

CutoffCheck::CutoffCheck(const CameraOptions& camera)
    : cutoff_per_px_(camera.pixel_pitch_um / (camera.band_um.first * camera.f_number)) {}

void CutoffCheck::Add(const AuditSequence& sequence) {
  const std::size_t frames = sequence.redrawn.size();
  for (int view = 0; view < kViewsPerSequence && frames > 0; ++view) {
    for (const auto& drawn :
         sequence.redrawn[static_cast<std::size_t>(view) * (frames - 1) / (kViewsPerSequence - 1)]) {
      if (!drawn) continue;
      const double cutoff = cutoff_per_px_ / drawn->blurred.supersampling;
      shares_.push_back(
          std::max(EnergyBeyond(drawn->blurred.opacity, cutoff), EnergyBeyond(drawn->blurred.contrast, cutoff)));
    }
  }
}

AuditCheck CutoffCheck::Finish() const {
  AuditCheck check{'d', "no template energy beyond the optics' cut-off", Verdict::kSkipped, "", {}, ""};
  check.limit = fmt::format("largest share {}", kEnergyLimit);
  if (shares_.empty()) {
    check.note = "it needs the models that the manifest names";
    return check;
  }
  const double largest = *std::max_element(shares_.begin(), shares_.end());
  check.numbers = {{"templates", static_cast<double>(shares_.size())},
                   {"cutoff_cycles_per_px", cutoff_per_px_},
                   {"median_share", MedianOf(shares_)},
                   {"largest_share", largest}};
  check.verdict = largest <= kEnergyLimit ? Verdict::kPass : Verdict::kFail;
  return check;
}

void NoiseCheck::Add(const AuditSequence& sequence) {
  if (sequence.backgrounds.frames.empty() || sequence.coded) return;
  std::vector<std::optional<Left>> former;
  for (std::size_t k = 0; k < sequence.redrawn.size(); ++k) {
    std::vector<std::optional<Left>> now(sequence.redrawn[k].size());
    for (std::size_t t = 0; t < now.size(); ++t) {
      const std::optional<RedrawnTarget>& drawn = sequence.redrawn[k][t];
      // A clipped target has lost its noise to the limits, and says so.
      if (!drawn || sequence.frames[k].annotation.targets[t].FindFlag("clipped") != nullptr) continue;
      const Image<float>& background = sequence.backgrounds.frames[k];
      auto parts = TakeApart(sequence.frames[k].frame.pixels, background, *drawn, sequence.scene_radius_px);
      if (!parts) continue;
      std::vector<double> left, before;
      for (std::size_t i = 0; i < drawn->opacity.size(); ++i) {
        if (drawn->opacity.data()[i] < 0.5) continue;
        left.push_back(parts->left.data()[i]);
        before.push_back(parts->before.data()[i]);
      }
      if (left.size() >= kLeastPixels) {
        const double variance = Variance(left);
        own_ratios_.push_back(variance / (Variance(before) + kRoundingVariance));
        ring_ratios_.push_back(
            variance / (Variance(RingResidual(background, drawn->box, sequence.scene_radius_px)) + kRoundingVariance));
        inside_interval_ += InChiSquareInterval(own_ratios_.back(), left.size());
        ring_inside_interval_ += InChiSquareInterval(ring_ratios_.back(), left.size());
      }
      now[t] = Left{sequence.frames[k].annotation.targets[t].id, drawn->box, std::move(*parts), drawn->opacity};
      if (t >= former.size() || !former[t] || former[t]->id != now[t]->id) continue;
      const PixelBox common = Intersect(former[t]->box, now[t]->box);
      for (int y = common.y; y < common.bottom(); ++y) {
        for (int x = common.x; x < common.right(); ++x) {
          const auto place = [&](const Left& from, const Image<double>& image) {
            return image(y - from.box.y, x - from.box.x);
          };
          if (place(*former[t], former[t]->opacity) < 0.5 || place(*now[t], now[t]->opacity) < 0.5) continue;
          temporal_left_ += std::pow(place(*now[t], now[t]->parts.left) - place(*former[t], former[t]->parts.left), 2);
          temporal_before_ +=
              std::pow(place(*now[t], now[t]->parts.before) - place(*former[t], former[t]->parts.before), 2) +
              2 * kRoundingVariance;
        }
      }
    }
    former = std::move(now);
  }
}

AuditCheck NoiseCheck::Finish() const {
  AuditCheck check{'e', "the noise under the targets is the background's own", Verdict::kSkipped, "", {}, ""};
  check.limit = fmt::format("variance ratio to the same pixels before in the chi-square interval for {} of the targets",
                            kShareLimit);
  if (own_ratios_.empty()) {
    check.note = "it needs backgrounds, models and targets of 5 px, unclipped, and no codec";
    return check;
  }
  const auto count = static_cast<double>(own_ratios_.size());
  check.numbers = {{"targets", count},
                   {"median_ratio_same_pixels", MedianOf(own_ratios_)},
                   {"share_in_interval", inside_interval_ / count},
                   {"median_ratio_ring", MedianOf(ring_ratios_)},
                   {"share_in_interval_ring", ring_inside_interval_ / count},
                   {"temporal_ratio", temporal_before_ > 0 ? temporal_left_ / temporal_before_ : 0}};
  check.verdict = inside_interval_ >= kShareLimit * count ? Verdict::kPass : Verdict::kFail;
  return check;
}

}  // namespace mirst
