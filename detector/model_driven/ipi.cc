#include "detector/model_driven/ipi.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/linear_algebra.h"

namespace mirst {
namespace {

double Soft(double value, double threshold) {
  return value > threshold ? value - threshold : value < -threshold ? value + threshold : 0.0;
}

// The patch-image: one patch a column, stored column by column.
class PatchImage {
 public:
  PatchImage(int height, int width, const IpiOptions& options)
      : height_(height),
        width_(width),
        patch_(options.patch_px),
        step_(options.step_px),
        down_((height - patch_) / step_ + 1),
        across_((width - patch_) / step_ + 1) {}

  int rows() const { return patch_ * patch_; }
  int columns() const { return down_ * across_; }

  std::vector<double> Cut(ImageView<const float> frame) const {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(rows()) * static_cast<std::size_t>(columns()));
    for (int i = 0; i < columns(); ++i) {
      const int y = i / across_ * step_, x = i % across_ * step_;
      for (int c = 0; c < patch_; ++c) {
        for (int r = 0; r < patch_; ++r) values.push_back(frame(y + r, x + c));
      }
    }
    return values;
  }

  /// A pixel is the median of all patches that hold it.
  Image<double> Join(const std::vector<double>& values) const {
    Image<double> image(height_, width_);
    const int last_y = (down_ - 1) * step_ + patch_, last_x = (across_ - 1) * step_ + patch_;
    ParallelFor(static_cast<std::size_t>(last_y), [&](std::size_t row) {
      const int y = static_cast<int>(row);
      std::vector<double> found;
      for (int x = 0; x < last_x; ++x) {
        found.clear();
        for (int i = First(y); i < down_ && i * step_ <= y; ++i) {
          for (int j = First(x); j < across_ && j * step_ <= x; ++j) {
            const int patch = i * across_ + j, pixel = (x - j * step_) * patch_ + y - i * step_;
            found.push_back(values[static_cast<std::size_t>(patch) * static_cast<std::size_t>(rows()) +
                                   static_cast<std::size_t>(pixel)]);
          }
        }
        if (!found.empty()) image(y, x) = Median(found);
      }
    });
    return image;
  }

 private:
  int First(int position) const { return std::max(0, (position - patch_ + step_) / step_); }
  static double Median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*std::max_element(values.begin(), middle) + *middle) / 2;
  }

  int height_, width_, patch_, step_, down_, across_;
};

// Accelerated proximal gradient descent on |A|_* + lambda |E|_1 + |D - A - E|_F^2 / (2 mu).
class Descent {
 public:
  Descent(std::vector<double> d, int rows, int columns, double lambda)
      : d_(std::move(d)),
        rows_(rows),
        columns_(columns),
        lambda_(lambda),
        a_(d_.size()),
        a_old_(d_.size()),
        a_new_(d_.size()),
        e_(d_.size()),
        e_old_(d_.size()),
        e_new_(d_.size()) {
    const OneBlasThread one_thread;
    const std::vector<double> values = SingularValuesByGram(d_.data(), rows, columns);
    mu_ = values[1];
    mu_bar_ = 0.005 * values[3];
  }

  int Run(const IpiOptions& options) {
    const int limit = options.iterations > 0 ? options.iterations : options.max_iterations;
    int iteration = 0, unchanged = 0;
    std::size_t rank_old = 0, card_kept = 0;
    while (iteration < limit) {
      const double change = Step();
      ++iteration;
      if (options.iterations > 0) continue;
      if (change <= options.tolerance) break;
      if (rank_ == rank_old) {
        ++unchanged;
        const std::size_t difference = card_ > card_kept ? card_ - card_kept : card_kept - card_;
        if (unchanged > 10 && difference < 20) break;
      } else {
        unchanged = 0;
        card_kept = card_;
      }
      rank_old = rank_;
      if (static_cast<double>(rank_) > 0.3 * std::min(rows_, columns_)) break;
    }
    return iteration;
  }

  const std::vector<double>& background() const { return a_; }
  const std::vector<double>& target() const { return e_; }

 private:
  // Returns the relative change.
  double Step() {
    const double momentum = (t_old_ - 1) / t_, threshold = lambda_ * mu_ / 2;
    const std::size_t columns = static_cast<std::size_t>(columns_), rows = static_cast<std::size_t>(rows_);
    std::vector<double> changes(columns), sizes(columns);
    std::vector<std::size_t> cards(columns);
    ParallelFor(columns, [&](std::size_t column) {
      for (std::size_t i = column * rows; i < (column + 1) * rows; ++i) {
        const double ya = a_[i] + momentum * (a_[i] - a_old_[i]), ye = e_[i] + momentum * (e_[i] - e_old_[i]);
        const double residual = (ya + ye - d_[i]) / 2;
        a_new_[i] = ya - residual;
        e_new_[i] = Soft(ye - residual, threshold);
        if (e_new_[i] != 0) ++cards[column];
      }
    });
    {
      const OneBlasThread one_thread;
      ShrinkLeading(a_new_.data(), rows_, columns_, [&](std::vector<double>& values) {
        rank_ = 0;
        for (double& value : values) {
          if (value > mu_ / 2) ++rank_;
          value = std::max(value - mu_ / 2, 0.0);
        }
      });
    }
    ParallelFor(columns, [&](std::size_t column) {
      for (std::size_t i = column * rows; i < (column + 1) * rows; ++i) {
        const double ya = a_[i] + momentum * (a_[i] - a_old_[i]), ye = e_[i] + momentum * (e_[i] - e_old_[i]);
        const double q = a_new_[i] + e_new_[i] - ya - ye;
        const double sa = 2 * (ya - a_new_[i]) + q, se = 2 * (ye - e_new_[i]) + q;
        changes[column] += sa * sa + se * se;
        sizes[column] += a_new_[i] * a_new_[i] + e_new_[i] * e_new_[i];
      }
    });
    double change = 0, size = 0;
    card_ = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      change += changes[column];
      size += sizes[column];
      card_ += cards[column];
    }
    a_old_.swap(a_);
    a_.swap(a_new_);
    e_old_.swap(e_);
    e_.swap(e_new_);
    t_old_ = std::exchange(t_, (1 + std::sqrt(1 + 4 * t_ * t_)) / 2);
    mu_ = std::max(0.9 * mu_, mu_bar_);
    return std::sqrt(change) / (2 * std::max(1.0, std::sqrt(size)));
  }

  std::vector<double> d_;
  int rows_, columns_;
  double lambda_, mu_ = 0, mu_bar_ = 0, t_ = 1, t_old_ = 1;
  std::vector<double> a_, a_old_, a_new_, e_, e_old_, e_new_;
  std::size_t rank_ = 0, card_ = 0;
};

}  // namespace

IpiResult Ipi(ImageView<const float> frame, const IpiOptions& options) {
  const int height = frame.height(), width = frame.width();
  const PatchImage patches(height, width, options);
  if (std::min(height, width) < options.patch_px || patches.columns() < 4 || patches.rows() < 4) {
    throw BadInput(fmt::format(
        "a frame of {} x {} px is too small for IPI, which needs four patches of {} px at steps of {} px or more",
        width, height, options.patch_px, options.step_px));
  }
  std::vector<double> d = patches.Cut(frame);
  const auto [low_at, high_at] = std::minmax_element(d.begin(), d.end());
  const double low = *low_at, range = *high_at - low;
  if (range == 0) return {Image<double>(height, width), Image<double>(height, width), 0};
  for (double& value : d) value = (value - low) / range;
  Descent descent(std::move(d), patches.rows(), patches.columns(), 1 / std::sqrt(std::max(height, width)));
  const int iterations = descent.Run(options);
  return {patches.Join(descent.target()), patches.Join(descent.background()), iterations};
}

Responses IpiDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  const IpiResult result = Ipi(window.front(), options_);
  return {{ToFloat(result.target)}, result.iterations};
}

}  // namespace mirst
