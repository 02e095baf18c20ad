// Check (h) of the audit: a real target is taken out, the best uniform target behind a Gaussian PSF put in its place,
// and the difference held against the noise around.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "generator/audit_checks.h"

namespace mirst {
namespace {

constexpr double kResidualLimit = 2;  // of the noise's standard deviation, median over videos
constexpr int kGuardLevel = 3;        // pixels farther than this from the mask are background

// Weighted least squares of y over the basis (1, x, y, x y, x^2, y^2, template): normal equations, Gauss elimination.
using Basis = std::array<double, 7>;
std::array<double, 7> Solve(std::array<Basis, 7> matrix, std::array<double, 7> right) {
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (std::size_t k = i + 1; k < right.size(); ++k) {
      if (matrix[i][i] == 0) continue;
      const double factor = matrix[k][i] / matrix[i][i];
      for (std::size_t j = i; j < right.size(); ++j) matrix[k][j] -= factor * matrix[i][j];
      right[k] -= factor * right[i];
    }
  }
  for (std::size_t i = right.size(); i-- > 0;) {
    for (std::size_t j = i + 1; j < right.size(); ++j) right[i] -= matrix[i][j] * right[j];
    right[i] = matrix[i][i] != 0 ? right[i] / matrix[i][i] : 0;
  }
  return right;
}

// Ellipse: centre, half axes, angle, softness of the rim (all px or rad).
using Shape = std::array<double, 6>;

// Share of a pixel that a soft-edged ellipse covers: logistic in the approximate distance to its rim.
double Coverage(const Shape& s, double x, double y) {
  const double dx = x - s[0], dy = y - s[1], c = std::cos(s[4]), sine = std::sin(s[4]);
  const double u = (c * dx + sine * dy) / s[2], v = (c * dy - sine * dx) / s[3];
  const double radius = std::hypot(u, v);
  return 1 / (1 + std::exp((radius - 1) * std::sqrt(s[2] * s[3]) / s[5]));
}

struct Fit {
  double inside = 0;   ///< root mean square of the residual on and next to the target
  double outside = 0;  ///< of the surroundings
};

Fit FitShape(const TargetPatch& patch, const Image<int>& levels, const Shape& shape) {
  const double scale = 0.5 * std::max(patch.image.width(), patch.image.height());
  const auto basis_at = [&](int y, int x) -> Basis {
    const double u = (x - shape[0]) / scale, v = (y - shape[1]) / scale;
    return {1, u, v, u * v, u * u, v * v, Coverage(shape, x, y)};
  };
  std::array<Basis, 7> matrix{};
  std::array<double, 7> right{};
  for (int y = 0; y < levels.height(); ++y) {
    for (int x = 0; x < levels.width(); ++x) {
      const Basis basis = basis_at(y, x);
      for (std::size_t i = 0; i < basis.size(); ++i) {
        for (std::size_t j = 0; j < basis.size(); ++j) matrix[i][j] += basis[i] * basis[j];
        right[i] += basis[i] * static_cast<double>(patch.image(y, x));
      }
    }
  }
  const std::array<double, 7> weights = Solve(matrix, right);
  double inside = 0, outside = 0;
  int inside_px = 0, outside_px = 0;
  for (int y = 0; y < levels.height(); ++y) {
    for (int x = 0; x < levels.width(); ++x) {
      const Basis basis = basis_at(y, x);
      double rest = static_cast<double>(patch.image(y, x));
      for (std::size_t i = 0; i < basis.size(); ++i) rest -= weights[i] * basis[i];
      const bool near = levels(y, x) <= kGuardLevel;
      (near ? inside : outside) += rest * rest;
      ++(near ? inside_px : outside_px);
    }
  }
  return {std::sqrt(inside / inside_px), std::sqrt(outside / std::max(1, outside_px))};
}

// Coordinate descent with shrinking steps from the mask's moments.
Fit BestFit(const TargetPatch& patch) {
  const Image<int> levels = ContourLevels(patch.mask);
  const double radius = std::sqrt(patch.area_px / 3.14159265358979);
  Shape shape{0.5 * (patch.image.width() - 1), 0.5 * (patch.image.height() - 1), radius, radius, 0, 0.4};
  Shape step{0.5, 0.5, 0.3 * radius, 0.3 * radius, 0.4, 0.15};
  Fit best = FitShape(patch, levels, shape);
  for (int round = 0; round < 12; ++round) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      for (const double sign : {-1.0, 1.0}) {
        Shape trial = shape;
        trial[i] += sign * step[i];
        if (trial[2] < 0.4 || trial[3] < 0.4 || trial[5] < 0.1) continue;
        const Fit fit = FitShape(patch, levels, trial);
        if (fit.inside >= best.inside) continue;
        best = fit;
        shape = trial;
      }
    }
    if (round % 2 == 1) {
      for (double& value : step) value *= 0.6;
    }
  }
  return best;
}

}  // namespace

AuditCheck ReinsertionCheck(const std::vector<VideoPatch>& real) {
  AuditCheck check{'h', "real targets can be taken out and put back", Verdict::kSkipped, "", {}, ""};
  check.limit = fmt::format("median over videos of residual / noise <= {}", kResidualLimit);
  if (real.empty()) {
    check.note = "it needs sequences with real targets of the same camera (--real)";
    return check;
  }
  constexpr std::size_t kPerVideo = 4;
  std::map<std::string, std::vector<double>> ratios, shares;
  for (const VideoPatch& video : real) {
    if (ratios[video.group].size() >= kPerVideo) continue;
    const Fit fit = BestFit(video.patch);
    ratios[video.group].push_back(fit.inside / std::max(fit.outside, 0.5));
    shares[video.group].push_back(fit.inside / video.patch.contrast);
  }
  std::vector<double> ratio_of_video, share_of_video;
  for (const auto& [group, values] : ratios) ratio_of_video.push_back(MedianOf(values));
  for (const auto& [group, values] : shares) share_of_video.push_back(MedianOf(values));
  check.numbers = {{"videos", static_cast<double>(ratio_of_video.size())},
                   {"median_residual_to_noise", MedianOf(ratio_of_video)},
                   {"median_residual_to_contrast", MedianOf(share_of_video)}};
  check.note = "the template is a uniform ellipse behind a soft rim: what real targets have beyond that is left over";
  // It judges what a template can be, not the data set: no reason to fail it.
  check.verdict = MedianOf(ratio_of_video) <= kResidualLimit ? Verdict::kPass : Verdict::kOpen;
  return check;
}

}  // namespace mirst
