#include "fusion/scr_solver.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace mirst {
namespace {

constexpr double kLeastSigma = 1e-6;  // counts; below, rounding errors of a background without structure

double Clip(double value, CountLimits limits) { return std::clamp(value, limits.low, limits.high); }

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

// What a problem is while no pixel meets a limit: the background's moments as polynomials of the gain.
struct Moments {
  double mean = 0, slope_mean = 0;  // mean(g) = mean + g slope_mean, counts above the origin
  double variance = 0;              // variance(g) = variance + 2 g covariance + g^2 slope_variance
  double covariance = 0;
  double slope_variance = 0;
};
struct Line {
  double base, slope;  // base + g slope, counts above the origin
};

// A pixel in the stretch of gains around `inside`: constant where it is clipped there.
Line LineOf(const ScrProblem& p, const ScrProblem::Pixel& pixel, double inside) {
  const double value = pixel.base + inside * pixel.slope, clipped = Clip(value, p.limits);
  if (value != clipped) return {clipped - p.origin, 0};
  return {pixel.base - p.origin, pixel.slope};
}

std::optional<Moments> MomentsAround(const ScrProblem& p, double inside) {
  double n = p.fixed_count, sum = p.fixed_sum, squares = p.fixed_squares;
  double slope_sum = 0, slope_squares = 0, products = 0;
  for (const auto& pixel : p.leak) {
    const Line line = LineOf(p, pixel, inside);
    if (!p.rule.zeros_are_background && line.slope == 0 && line.base + p.origin == 0) continue;
    sum += line.base;
    squares += line.base * line.base;
    slope_sum += line.slope;
    slope_squares += line.slope * line.slope;
    products += line.base * line.slope;
    ++n;
  }
  if (n == 0) {
    if (p.rule.background != ScrRule::Background::kBox20) return std::nullopt;
    return Moments{-p.origin, 0, 0, 0, 0};  // box20 takes an empty background for one of zeros
  }
  const double mean = sum / n, slope_mean = slope_sum / n;
  return Moments{mean, slope_mean, squares / n - mean * mean, products / n - mean * slope_mean,
                 slope_squares / n - slope_mean * slope_mean};
}

// The lines of which the target's value is one: its mean, or every pixel that may be the extreme one.
std::vector<Line> TargetLines(const ScrProblem& p, double inside) {
  std::vector<Line> lines;
  Line mean{0, 0};
  for (const auto& pixel : p.mask) {
    const Line line = LineOf(p, pixel, inside);
    lines.push_back(line);
    mean.base += line.base / static_cast<double>(p.mask.size());
    mean.slope += line.slope / static_cast<double>(p.mask.size());
  }
  if (p.rule.statistic == ScrRule::Statistic::kMean) return {mean};
  return lines;
}

// Real roots of a g^2 + 2 b g + c = 0.
void AddQuadraticRoots(double a, double b, double c, std::vector<double>& roots) {
  const double discriminant = b * b - a * c;
  if (discriminant < 0) return;
  // q has the sign of b, so that neither root suffers cancellation.
  const double q = -(b + std::copysign(std::sqrt(discriminant), b));
  if (a != 0) roots.push_back(q / a);
  if (q != 0) roots.push_back(c / q);
}

// Equations (22) and (24) of docs/physics.md: all gains that may be roots, were the stretch around `inside` endless.
std::vector<double> CandidateGains(const ScrProblem& p, double scr, int polarity, double inside) {
  std::vector<double> gains;
  const std::optional<Moments> m = MomentsAround(p, inside);
  if (!m) return gains;
  const double s2 = scr * scr, offset = polarity * scr * p.rule.sigma_offset;
  for (const Line& target : TargetLines(p, inside)) {
    const double d0 = target.base - m->mean, D = target.slope - m->slope_mean, d = d0 - offset;
    AddQuadraticRoots(D * D - s2 * m->slope_variance, d * D - s2 * m->covariance, d * d - s2 * m->variance, gains);
    if (p.rule.sigma_floor > 0 && D != 0) gains.push_back((polarity * scr * p.rule.sigma_floor - d) / D);
  }
  return gains;
}

// Magnitudes of the gains with this sign at which some pixel meets a limit, rising from 0.
std::vector<double> Breakpoints(const ScrProblem& p, double sign) {
  std::vector<double> points = {0};
  const auto add = [&](const ScrProblem::Pixel& pixel) {
    if (pixel.slope == 0) return;
    for (const double limit : {p.limits.low, p.limits.high}) {
      const double gain = sign * (limit - pixel.base) / pixel.slope;
      if (gain > 0) points.push_back(gain);
    }
  };
  std::for_each(p.mask.begin(), p.mask.end(), add);
  std::for_each(p.leak.begin(), p.leak.end(), add);
  std::sort(points.begin(), points.end());
  return points;
}

// A candidate is right to some 1e-13 of itself; where the SCR is steep that is not near enough: secant steps.
template <class Function>
double Polish(double gain, Function&& f) {
  double value = f(gain), other = gain * (1 + 1e-9), other_value = f(other);
  for (int i = 0; i < 4 && value != 0 && value != other_value; ++i) {
    const double next = gain - value * (gain - other) / (value - other_value), next_value = f(next);
    if (!(std::abs(next_value) < std::abs(value)) || std::abs(next - gain) > 1e-6 * std::abs(gain)) break;
    other = gain;
    other_value = value;
    gain = next;
    value = next_value;
  }
  return gain;
}

// The root of smallest magnitude below `bound` among the gains of one sign; `bound` when there is none.
double SmallestRoot(const ScrProblem& p, double scr, int polarity, double sign, double bound) {
  const auto excess = [&](double gain) { return polarity * Measure(p, gain).signed_scr() - scr; };
  const std::vector<double> points = Breakpoints(p, sign);
  for (std::size_t i = 0; i < points.size() && points[i] < bound; ++i) {
    const bool last = i + 1 == points.size();
    const double low = points[i], high = last ? std::numeric_limits<double>::infinity() : points[i + 1];
    if (low == high) continue;
    const double slack = 1e-9 * (1 + low);  // a root on the border may come out on either side of it
    double best = bound;
    for (const double gain : CandidateGains(p, scr, polarity, sign * (last ? 2 * low + 1 : 0.5 * (low + high)))) {
      const double magnitude = sign * gain;
      if (magnitude < std::max(0.0, low - slack) || magnitude > high + slack || magnitude >= best) continue;
      const double root = Polish(gain, excess), miss = std::abs(excess(root));
      const double sigma = Measure(p, root).sigma_background;
      if (sigma >= kLeastSigma && (miss <= 1e-9 * scr || miss * sigma <= 1e-11)) best = std::abs(root);
    }
    if (best < bound) return best;
  }
  return bound;
}

// The signed SCR of one frame for many gains. Up to the gain of either sign at which a first pixel meets a limit, mean
// and variance of the background are polynomials of the gain; beyond, the pixels are gone through.
class ScrOfGain {
 public:
  explicit ScrOfGain(const ScrProblem& problem) : problem_(&problem) {
    if (problem.rule.statistic != ScrRule::Statistic::kMean) return;
    for (const int side : {0, 1}) {
      const double sign = side == 0 ? 1 : -1;
      const std::vector<double> points = Breakpoints(problem, sign);  // rising from 0
      const auto first = std::find_if(points.begin(), points.end(), [](double point) { return point > 0; });
      Stretch& stretch = stretches_[static_cast<std::size_t>(side)];
      const double end = first == points.end() ? std::numeric_limits<double>::infinity() : *first;
      const double inside = sign * (std::isinf(end) ? 1 : 0.5 * end);
      const std::optional<Moments> moments = MomentsAround(problem, inside);
      if (!moments) continue;
      stretch = {end, *moments, TargetLines(problem, inside).front()};
    }
  }
  double operator()(double gain) const {
    const Stretch& s = stretches_[gain < 0 ? 1 : 0];
    if (gain == 0 || !(std::abs(gain) < s.end)) return Measure(*problem_, gain).signed_scr();
    const Moments& m = s.moments;
    const double variance = m.variance + gain * (2 * m.covariance + gain * m.slope_variance);
    const double sigma = std::max(problem_->rule.sigma_floor, std::sqrt(std::max(0.0, variance)));
    return (s.target.base - m.mean + gain * (s.target.slope - m.slope_mean)) / (sigma + problem_->rule.sigma_offset);
  }

 private:
  struct Stretch {
    double end = 0;  // of the gain's magnitude; 0: none
    Moments moments{};
    Line target{};
  };
  const ScrProblem* problem_;
  std::array<Stretch, 2> stretches_{};  // of positive gains, of negative ones
};

// Means over the frames of polarity * signed SCR, and of the SCR itself.
double MeanSigned(std::span<const ScrOfGain> frames, double gain, int polarity) {
  double sum = 0;
  for (const ScrOfGain& scr : frames) sum += polarity * scr(gain);
  return sum / static_cast<double>(frames.size());
}
double MeanAbsolute(std::span<const ScrOfGain> frames, double gain) {
  double sum = 0;
  for (const ScrOfGain& scr : frames) sum += std::abs(scr(gain));
  return sum / static_cast<double>(frames.size());
}

}  // namespace

std::optional<double> SolveGain(const ScrProblem& problem, double scr, int polarity) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const double hot = SmallestRoot(problem, scr, polarity, 1, kNone);
  const double cold = SmallestRoot(problem, scr, polarity, -1, hot);
  if (cold < hot) return -cold;
  return hot < kNone ? std::optional<double>(hot) : std::nullopt;
}

std::optional<double> SolveSequenceGain(std::span<const ScrProblem> frames, double scr, int polarity) {
  if (frames.empty()) return std::nullopt;
  const double largest = LargestGain(frames);
  const std::vector<ScrOfGain> scr_of(frames.begin(), frames.end());
  const auto start =
      ScanForRoot(largest, 1e-6 * scr, [&](double gain) { return MeanSigned(scr_of, gain, polarity) - scr; });
  if (!start) return std::nullopt;
  const auto excess = [&](double gain) { return MeanAbsolute(scr_of, gain) - scr; };
  if (excess(*start) <= 1e-9 * scr) return start;
  // Frames of the other polarity count with their magnitude, so the mean of magnitudes exceeds the signed mean; it
  // comes down to `scr` on the way to weaker contrast, if at all.
  double outside = *start;
  for (int step = 1; step <= 200; ++step) {
    const double inside = *start - polarity * 0.005 * step * std::max(std::abs(*start), 1e-3 * largest);
    if (MeanSigned(scr_of, inside, polarity) <= 0) return std::nullopt;
    if (excess(inside) < 0) return Bisect(inside, outside, excess);
    outside = inside;
  }
  return std::nullopt;
}

double LargestScr(std::span<const ScrProblem> frames, int polarity) {
  const double largest = LargestGain(frames);
  const std::vector<ScrOfGain> scr_of(frames.begin(), frames.end());
  const auto scr_at = [&](double gain) { return MeanSigned(scr_of, gain, polarity); };
  double best = scr_at(0), best_gain = 0, reach = ScanGain(1, largest);
  for (int step = 1; step <= kScanSteps; ++step) {
    for (const double sign : {1.0, -1.0}) {
      const double gain = sign * ScanGain(step, largest), scr = scr_at(gain);
      if (scr <= best) continue;
      best = scr;
      best_gain = gain;
      reach = ScanGain(step + 1, largest) - ScanGain(step, largest);
    }
  }
  double low = best_gain - reach, high = best_gain + reach;
  for (int i = 0; i < 60; ++i) {  // thirds: one maximum between the neighbours of the best
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    (scr_at(a) < scr_at(b) ? low : high) = scr_at(a) < scr_at(b) ? a : b;
  }
  return std::max(best, scr_at(0.5 * (low + high)));
}

}  // namespace mirst
