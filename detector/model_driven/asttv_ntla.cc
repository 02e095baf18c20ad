#include "detector/model_driven/asttv_ntla.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "core/parallel.h"
#include "detector/model_driven/fourier.h"
#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/tensor_svd.h"

namespace mirst {
namespace {

double Soft(double value, double threshold) {
  return value > threshold ? value - threshold : value < -threshold ? value + threshold : 0.0;
}

// Everything is stored frame by frame, row by row. The differences are circular: along x, along y, and in time together
// with one pixel down and right, as the published kernel lies.
class Solver {
 public:
  Solver(const std::vector<ImageView<const float>>& frames, const AsttvNtlaOptions& options)
      : options_(options),
        frames_(static_cast<int>(frames.size())),
        height_(frames.front().height()),
        width_(frames.front().width()),
        fourier_(RealFourier::OfVolume(frames_, height_, width_)),
        x_(fourier_.values().size()),
        b_(x_.size()),
        t_(x_.size()),
        n_(x_.size()),
        d1_(x_.size()),
        dx_(x_.size()),
        dy_(x_.size()),
        dz_(x_.size()),
        ax_(x_.size()),
        ay_(x_.size()),
        az_(x_.size()),
        inverse_(InverseOperator()),
        svd_(width_, height_, frames_, SvdDriver::kFull) {
    auto next = x_.begin();
    for (const ImageView<const float>& frame : frames) {
      for (int y = 0; y < height_; ++y) next = std::copy_n(frame.row(y), width_, next);
    }
    Start();
  }

  AsttvNtlaResult Run() {
    AsttvNtlaResult result;
    const double norm = FrobeniusNorm(x_);
    const int limit = norm == 0 ? 0 : options_.iterations > 0 ? options_.iterations : options_.max_iterations;
    double mu = options_.mu;
    while (result.iterations < limit) {
      UpdateBackground(mu);
      const double mu_next = std::min(options_.mu_growth * mu, 1e6);
      const double residual = UpdateRest(mu, mu_next);
      mu = mu_next;
      ++result.iterations;
      if (options_.iterations == 0 && residual / norm < options_.tolerance) break;
    }
    if (norm == 0) std::fill(b_.begin(), b_.end(), 0.0);
    result.targets = Split(t_);
    result.backgrounds = Split(b_);
    return result;
  }

 private:
  std::size_t Row(int t, int y) const {
    return static_cast<std::size_t>(t * height_ + y) * static_cast<std::size_t>(width_);
  }
  template <class Work>
  void ForEachRow(const Work& work) const {
    ParallelFor(static_cast<std::size_t>(frames_ * height_),
                [&](std::size_t row) { work(static_cast<int>(row) / height_, static_cast<int>(row) % height_); });
  }
  int Before(int i, int size) const { return i == 0 ? size - 1 : i - 1; }
  int After(int i, int size) const { return i == size - 1 ? 0 : i + 1; }

  void Start() {
    if (options_.start == AsttvNtlaOptions::Start::kFrames) {
      for (std::size_t i = 0; i < x_.size(); ++i) b_[i] = x_[i] / 255;
    } else {
      std::minstd_rand0 random;  // seed 1
      for (int t = 0; t < frames_; ++t) {
        for (int x = 0; x < width_; ++x) {
          for (int y = 0; y < height_; ++y)
            b_[Row(t, y) + static_cast<std::size_t>(x)] = static_cast<double>(random()) / 2147483647.0;
        }
      }
    }
    if (!options_.svd_step) return;
    values_.resize(static_cast<std::size_t>(svd_.half_slices()));
    std::vector<double> z = b_;
    svd_.Shrink(z, [&](int k, std::vector<double>& values) { values_[static_cast<std::size_t>(k)] = values; });
  }

  // 1 / (|Dx|^2 + |Dy|^2 + |Dz|^2 + 2) over the half spectrum, with the inverse transform's 1/n.
  std::vector<double> InverseOperator() const {
    const auto gain = [](int k, int n) { return 2 - 2 * std::cos(2 * std::numbers::pi * k / n); };
    std::vector<double> inverse;
    for (int t = 0; t < frames_; ++t) {
      for (int y = 0; y < height_; ++y) {
        for (int x = 0; x <= width_ / 2; ++x) {
          inverse.push_back(1 / (gain(x, width_) + gain(y, height_) + gain(t, frames_) + 2) / fourier_.length());
        }
      }
    }
    return inverse;
  }

  void UpdateBackground(double mu) {
    if (options_.svd_step) {
      svd_.Shrink(b_, [&](int k, std::vector<double>& values) {
        constexpr double kWidth = 1e-6;  // of the Laplace weights
        std::vector<double>& before = values_[static_cast<std::size_t>(k)];
        for (std::size_t i = 0; i < values.size(); ++i)
          values[i] = std::max(values[i] - std::exp(-before[i] / kWidth) / kWidth / mu, 0.0);
        before = values;
      });
    }
    std::vector<double>& sum = fourier_.values();
    ForEachRow([&](int t, int y) {
      const std::size_t here = Row(t, y), above = Row(t, Before(y, height_));
      const std::size_t earlier = Row(Before(t, frames_), Before(y, height_));
      for (int x = 0; x < width_; ++x) {
        const std::size_t i = here + static_cast<std::size_t>(x);
        const std::size_t left = static_cast<std::size_t>(Before(x, width_));
        sum[i] = x_[i] - t_[i] - n_[i] + b_[i] + d1_[i] / mu + (ax_[here + left] - ax_[i]) +
                 (ay_[above + static_cast<std::size_t>(x)] - ay_[i]) + (az_[earlier + left] - az_[above + left]);
      }
    });
    fourier_.Forward();
    std::vector<std::complex<double>>& spectrum = fourier_.spectrum();
    for (std::size_t i = 0; i < spectrum.size(); ++i) spectrum[i] *= inverse_[i];
    fourier_.Inverse();
    b_ = sum;
  }

  // Target, differences, noise and multipliers; returns |X - B - T - N|.
  double UpdateRest(double mu, double mu_next) {
    const double lambda = options_.h / std::sqrt(static_cast<double>(std::max(height_, width_)) * frames_);
    const double variation = options_.total_variation / mu;
    std::vector<double> residuals(static_cast<std::size_t>(frames_ * height_));
    ForEachRow([&](int t, int y) {
      const std::size_t here = Row(t, y), below = Row(t, After(y, height_));
      const std::size_t later = Row(After(t, frames_), After(y, height_));
      double squares = 0;
      for (int x = 0; x < width_; ++x) {
        const std::size_t i = here + static_cast<std::size_t>(x);
        const std::size_t right = static_cast<std::size_t>(After(x, width_));
        const double rest = x_[i] - b_[i];
        t_[i] = Soft(rest + d1_[i] / mu - n_[i], lambda / mu);
        n_[i] = (mu * (rest - t_[i]) + d1_[i]) / (mu + 2 * options_.noise);
        const double residual = rest - t_[i] - n_[i];
        d1_[i] += mu * residual;
        squares += residual * residual;
        UpdateDifference(b_[here + right] - b_[i], variation, mu, mu_next, dx_[i], ax_[i]);
        UpdateDifference(b_[below + static_cast<std::size_t>(x)] - b_[i], variation, mu, mu_next, dy_[i], ay_[i]);
        UpdateDifference(b_[later + right] - b_[below + right], options_.temporal * variation, mu, mu_next, dz_[i],
                         az_[i]);
      }
      residuals[static_cast<std::size_t>(t * height_ + y)] = squares;
    });
    double sum = 0;
    for (const double squares : residuals) sum += squares;
    return std::sqrt(sum);
  }
  // `multiplier` d and what the next background needs of it, v + d / mu.
  static void UpdateDifference(double difference, double threshold, double mu, double mu_next, double& multiplier,
                               double& sum) {
    const double v = Soft(difference - multiplier / mu, threshold);
    multiplier += mu * (v - difference);
    sum = v + multiplier / mu_next;
  }

  std::vector<Image<double>> Split(const std::vector<double>& values) const {
    std::vector<Image<double>> images(static_cast<std::size_t>(frames_), Image<double>(height_, width_));
    auto next = values.begin();
    for (Image<double>& image : images) {
      std::copy_n(next, image.size(), image.begin());
      next += static_cast<std::ptrdiff_t>(image.size());
    }
    return images;
  }

  AsttvNtlaOptions options_;
  int frames_, height_, width_;
  RealFourier fourier_;
  std::vector<double> x_, b_, t_, n_, d1_, dx_, dy_, dz_;
  std::vector<double> ax_, ay_, az_;  // v + d / mu of the three differences
  std::vector<double> inverse_;
  TensorSvd svd_;
  std::vector<std::vector<double>> values_;  // singular values of the low-rank step before
};

}  // namespace

AsttvNtlaResult AsttvNtla(const std::vector<ImageView<const float>>& frames, const AsttvNtlaOptions& options) {
  return Solver(frames, options).Run();
}

Responses AsttvNtlaDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  const AsttvNtlaResult result = AsttvNtla(window, options_);
  Responses responses{{}, result.iterations};
  for (const Image<double>& target : result.targets) responses.maps.push_back(ToFloat(target));
  return responses;
}

}  // namespace mirst
