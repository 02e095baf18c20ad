#include "fusion/scr_solver.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mirst {
namespace {

double Clip(double value, CountLimits limits) { return std::clamp(value, limits.low, limits.high); }

// Mean over the frames of polarity * signed SCR, or of the SCR itself.
double MeanSigned(std::span<const ScrProblem> frames, double gain, int polarity) {
  double sum = 0;
  for (const ScrProblem& frame : frames) sum += polarity * Measure(frame, gain).signed_scr();
  return sum / static_cast<double>(frames.size());
}
double MeanAbsolute(std::span<const ScrProblem> frames, double gain) {
  double sum = 0;
  for (const ScrProblem& frame : frames) sum += Measure(frame, gain).scr;
  return sum / static_cast<double>(frames.size());
}

// A gain that drives the brightest part of every target across the whole range of counts four times over.
double LargestGain(std::span<const ScrProblem> frames) {
  double slope = 0, range = 0;
  for (const ScrProblem& frame : frames) {
    range = std::max(range, frame.limits.high - frame.limits.low);
    for (const auto& pixel : frame.mask) slope = std::max(slope, std::abs(pixel.slope));
  }
  return slope > 0 ? 4 * range / slope : 0;
}

// Gains of growing magnitude, finer near 0; scanning outwards finds the smallest one where a function passes a value.
constexpr int kScanSteps = 160;
double ScanGain(int step, double largest) {
  const double t = static_cast<double>(step) / kScanSteps;
  return largest * t * t;
}

// f(inside) < 0 <= f(outside); 100 halvings reach the last bit.
template <class Function>
double Bisect(double inside, double outside, Function&& f) {
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (inside + outside);
    if (middle == inside || middle == outside) break;
    (f(middle) < 0 ? inside : outside) = middle;
  }
  return outside;
}

// The root of f of smallest magnitude to |f| <= tolerance. A jump of f (a pixel that clips to zero leaves the
// background) can cross zero without meeting it: the scan goes on behind it.
template <class Function>
std::optional<double> ScanForRoot(double largest, double tolerance, Function&& f) {
  const double at_zero = f(0.0);
  if (at_zero == 0) return 0.0;
  std::array<double, 2> last = {at_zero, at_zero};
  for (int step = 1; step <= kScanSteps; ++step) {
    for (const int side : {0, 1}) {
      const double sign = side == 0 ? 1.0 : -1.0;
      const double gain = sign * ScanGain(step, largest), before = sign * ScanGain(step - 1, largest);
      const double value = f(gain);
      if ((value >= 0) != (last[static_cast<std::size_t>(side)] >= 0)) {
        const double root = value >= 0 ? Bisect(before, gain, f) : Bisect(gain, before, f);
        if (std::abs(f(root)) <= tolerance) return root;
      }
      last[static_cast<std::size_t>(side)] = value;
    }
  }
  return std::nullopt;
}

// Candidates of the closed form, of growing magnitude; clipping and zeros are not looked at.
std::vector<double> ClosedFormGains(const ScrProblem& p, double scr, int polarity) {
  double mask_base = 0, mask_slope = 0;
  for (const auto& pixel : p.mask) {
    mask_base += pixel.base;
    mask_slope += pixel.slope;
  }
  mask_base /= static_cast<double>(p.mask.size());
  mask_slope /= static_cast<double>(p.mask.size());
  double sum = p.fixed_sum, squares = p.fixed_squares, slope_sum = 0, slope_squares = 0, products = 0;
  for (const auto& pixel : p.leak) {
    const double base = pixel.base - p.origin;
    sum += base;
    squares += base * base;
    slope_sum += pixel.slope;
    slope_squares += pixel.slope * pixel.slope;
    products += base * pixel.slope;
  }
  const double n = static_cast<double>(p.fixed_count) + static_cast<double>(p.leak.size());
  if (n == 0) return {};
  const double mean = sum / n, slope_mean = slope_sum / n;
  const double s0_squared = squares / n - mean * mean, v = slope_squares / n - slope_mean * slope_mean;
  const double c = products / n - mean * slope_mean;
  const double d0 = mask_base - (mean + p.origin), D = mask_slope - slope_mean;

  std::vector<double> gains;
  const double s2 = scr * scr;
  const double qa = D * D - s2 * v, qb = d0 * D - s2 * c, qc = d0 * d0 - s2 * s0_squared;
  const double discriminant = qb * qb - qa * qc;
  if (qa != 0 && discriminant >= 0) {
    // q has the sign of qb, so that neither root suffers cancellation.
    const double q = -(qb + std::copysign(std::sqrt(discriminant), qb));
    gains.push_back(q / qa);
    if (q != 0) gains.push_back(qc / q);
  }
  if (D != 0) gains.push_back((polarity * scr * (Box20Rule::kSigmaFloor + Box20Rule::kSigmaOffset) - d0) / D);
  std::sort(gains.begin(), gains.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  return gains;
}

}  // namespace

ScrMeasurement Measure(const ScrProblem& p, double gain) {
  ScrMeasurement m;
  m.target_px = static_cast<int>(p.mask.size());
  for (const auto& pixel : p.mask) m.mean_target += Clip(pixel.base + gain * pixel.slope, p.limits);
  m.mean_target /= m.target_px;
  double sum = p.fixed_sum, squares = p.fixed_squares;
  int count = p.fixed_count;
  for (const auto& pixel : p.leak) {
    const double value = Clip(pixel.base + gain * pixel.slope, p.limits);
    if (value == 0 && !p.rule.zeros_are_background) continue;
    sum += value - p.origin;
    squares += (value - p.origin) * (value - p.origin);
    ++count;
  }
  m.background_px = count;
  double variance = 0;
  if (count > 0) {
    const double mean = sum / count;
    m.mean_background = mean + p.origin;
    variance = std::max(0.0, squares / count - mean * mean);
  }
  m.sigma_background = std::max(Box20Rule::kSigmaFloor, std::sqrt(variance));
  m.scr = std::abs(m.mean_target - m.mean_background) / (m.sigma_background + Box20Rule::kSigmaOffset);
  return m;
}

double ClippedShare(const ScrProblem& p, double gain) {
  const auto clipped = std::count_if(p.mask.begin(), p.mask.end(), [&](const ScrProblem::Pixel& pixel) {
    const double value = pixel.base + gain * pixel.slope;
    return value < p.limits.low || value > p.limits.high;
  });
  return static_cast<double>(clipped) / static_cast<double>(p.mask.size());
}

std::optional<double> SolveGain(const ScrProblem& problem, double scr, int polarity) {
  const auto excess = [&](double gain) { return polarity * Measure(problem, gain).signed_scr() - scr; };
  for (double gain : ClosedFormGains(problem, scr, polarity)) {
    // sigma's offset of 1e-5 and the zeros move the root a little: secant steps under the full rule.
    double other = gain * (1 + 1e-5) + 1e-9, value = excess(gain), other_value = excess(other);
    for (int i = 0; i < 12 && std::abs(value) > 1e-13 * scr && value != other_value; ++i) {
      const double next = gain - value * (gain - other) / (value - other_value);
      other = gain;
      other_value = value;
      gain = next;
      value = excess(gain);
    }
    if (std::isfinite(gain) && std::abs(value) <= 1e-9 * scr) return gain;
  }
  const std::span<const ScrProblem> alone(&problem, 1);
  return ScanForRoot(LargestGain(alone), 1e-6 * scr, excess);
}

std::optional<double> SolveSequenceGain(std::span<const ScrProblem> frames, double scr, int polarity) {
  if (frames.empty()) return std::nullopt;
  const double largest = LargestGain(frames);
  const auto start =
      ScanForRoot(largest, 1e-6 * scr, [&](double gain) { return MeanSigned(frames, gain, polarity) - scr; });
  if (!start) return std::nullopt;
  const auto excess = [&](double gain) { return MeanAbsolute(frames, gain) - scr; };
  if (excess(*start) <= 1e-9 * scr) return start;
  // Frames of the other polarity count with their magnitude, so the mean of magnitudes exceeds the signed mean; it
  // comes down to `scr` on the way to weaker contrast, if at all.
  double outside = *start;
  for (int step = 1; step <= 200; ++step) {
    const double inside = *start - polarity * 0.005 * step * std::max(std::abs(*start), 1e-3 * largest);
    if (MeanSigned(frames, inside, polarity) <= 0) return std::nullopt;
    if (excess(inside) < 0) return Bisect(inside, outside, excess);
    outside = inside;
  }
  return std::nullopt;
}

double LargestScr(std::span<const ScrProblem> frames, int polarity) {
  const double largest = LargestGain(frames);
  double best = 0;
  for (int step = 0; step <= kScanSteps; ++step) {
    for (const double sign : {1.0, -1.0}) {
      best = std::max(best, MeanSigned(frames, sign * ScanGain(step, largest), polarity));
    }
  }
  return best;
}

}  // namespace mirst
