#include "metrics/dprime.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace mirst {
namespace {

Image<double> Blob(int size, double amplitude) {
  Image<double> signal(size, size);
  const double middle = 0.5 * (size - 1);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x)
      signal(y, x) = amplitude * std::exp(-0.4 * ((x - middle) * (x - middle) + 0.6 * (y - middle) * (y - middle)));
  }
  return signal;
}

double Norm(const Image<double>& signal) {
  double squares = 0;
  for (const double value : signal) squares += value * value;
  return std::sqrt(squares);
}

// A separable first-order field of variance 1: C(dx, dy) = rho_x^|dx| rho_y^|dy|.
ClutterModel SeparableMarkov(double rho_x, double rho_y) {
  ClutterModel model;
  for (std::size_t j = 0; j < ClutterModel::kTaps.size(); ++j) {
    const auto [x, y] = ClutterModel::kTaps[j];
    if (x == -1 && y == 0) model.weights[j] = rho_x;
    if (x == 0 && y == -1) model.weights[j] = rho_y;
    if (x == -1 && y == -1) model.weights[j] = -rho_x * rho_y;
  }
  model.innovation_variance = (1 - rho_x * rho_x) * (1 - rho_y * rho_y);
  return model;
}

// A sample of it: u = w + rho_y u(above) along columns, then v = u + rho_x v(left) along rows, both in their steady
// state.
Image<float> SampleMarkov(RandomStream& random, int height, int width, double rho_x, double rho_y, double sigma) {
  Image<double> field(height, width);
  for (int x = 0; x < width; ++x) {
    for (int y = 0; y < height; ++y)
      field(y, x) = y == 0 ? random.Normal() : rho_y * field(y - 1, x) + std::sqrt(1 - rho_y * rho_y) * random.Normal();
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 1; x < width; ++x) field(y, x) = rho_x * field(y, x - 1) + std::sqrt(1 - rho_x * rho_x) * field(y, x);
  }
  Image<float> image(height, width);
  std::transform(field.begin(), field.end(), image.begin(),
                 [&](double value) { return static_cast<float>(5000 + sigma * value); });
  return image;
}

TEST(Detectability, InWhiteNoiseIsTheNormOverSigma) {
  ClutterModel white;
  white.innovation_variance = 16;
  const Image<double> signal = Blob(7, 30);
  EXPECT_NEAR(Detectability(white, signal, {20, 20, 7, 7}, 64, 64), Norm(signal) / 4, 1e-12);
}

TEST(Detectability, IsTheQuadraticFormOfTheInverseCovariance) {
  // A Markov field of first order has a banded inverse: with one pixel of zeros around the signal, the dense covariance
  // of a patch gives the value of the endless lattice.
  for (const auto& [rho_x, rho_y] : {std::pair{0.0, 0.0}, {0.7, 0.2}, {0.95, 0.9}, {-0.5, 0.8}}) {
    const Image<double> inner = Blob(7, 3);
    constexpr int kSide = 9;
    Eigen::VectorXd s = Eigen::VectorXd::Zero(kSide * kSide);
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 7; ++x) s((y + 1) * kSide + x + 1) = inner(y, x);
    }
    Eigen::MatrixXd covariance(kSide * kSide, kSide * kSide);
    for (int i = 0; i < kSide * kSide; ++i) {
      for (int j = 0; j < kSide * kSide; ++j) {
        covariance(i, j) =
            std::pow(rho_x, std::abs(i % kSide - j % kSide)) * std::pow(rho_y, std::abs(i / kSide - j / kSide));
      }
    }
    const double expected = std::sqrt(s.dot(covariance.ldlt().solve(s)));
    // Condition up to (2 / 0.05)^2 (2 / 0.1)^2 = 6e5.
    EXPECT_NEAR(Detectability(SeparableMarkov(rho_x, rho_y), inner, {20, 20, 7, 7}, 64, 64), expected, 1e-8 * expected);
  }
}

TEST(Detectability, IsLinearInTheAmplitudeAndDoesNotKnowItsSign) {
  const ClutterModel model = SeparableMarkov(0.9, 0.8);
  const double one = Detectability(model, Blob(5, 1), {30, 31, 5, 5}, 64, 64);
  EXPECT_NEAR(Detectability(model, Blob(5, 12.5), {30, 31, 5, 5}, 64, 64), 12.5 * one, 1e-12 * one);
  EXPECT_NEAR(Detectability(model, Blob(5, -1), {30, 31, 5, 5}, 64, 64), one, 1e-12 * one);
}

TEST(Detectability, IsTheSameAnywhereAwayFromTheBorderAndLessAtIt) {
  const ClutterModel model = SeparableMarkov(0.6, 0.7);
  const Image<double> signal = Blob(5, 1);
  const double inside = Detectability(model, signal, {30, 31, 5, 5}, 64, 64);
  EXPECT_EQ(Detectability(model, signal, {2, 2, 5, 5}, 64, 64), inside);
  EXPECT_LT(Detectability(model, signal, {59, 59, 5, 5}, 64, 64), inside);
  EXPECT_GT(Detectability(model, signal, {59, 59, 5, 5}, 64, 64), 0);
}

TEST(FitClutter, FindsTheModelOfASimulatedField) {
  // 60 fields of 43 x 43 pixels. One coefficient scatters by about sqrt(innovation / (n variance)) <= 1 / sqrt(1599)
  // = 0.025, the mean of 60 by 0.0032: five of those, and as much for the bias of a small window.
  RandomStream random({.seed = 51, .purpose = Purpose::kTest});
  const ClutterModel truth = SeparableMarkov(0.8, 0.6);
  std::array<double, ClutterModel::kTaps.size()> weights{};
  double variance = 0;
  constexpr int kFields = 60;
  for (int i = 0; i < kFields; ++i) {
    const ClutterModel fit = FitClutter(SampleMarkov(random, 43, 43, 0.8, 0.6, 20), {0, 0, 43, 43});
    for (std::size_t j = 0; j < weights.size(); ++j) weights[j] += fit.weights[j] / kFields;
    variance += fit.innovation_variance / 400 / kFields;
  }
  for (std::size_t j = 0; j < weights.size(); ++j) EXPECT_NEAR(weights[j], truth.weights[j], 0.032) << j;
  EXPECT_NEAR(variance, truth.innovation_variance, 0.02 * truth.innovation_variance);
}

TEST(FitClutter, GivesTheTrueDetectabilityOfWhiteNoise) {
  // d' of the fit against |s| / sigma, mean of 60 windows. Twelve needless coefficients of variance 1 / n each add
  // sum_j |s(u + tap_j)|^2 / n = 12 / n = 0.8 % to the energy.
  RandomStream random({.seed = 52, .purpose = Purpose::kTest});
  const Image<double> signal = Blob(7, 10);
  double mean = 0;
  for (int i = 0; i < 60; ++i) {
    const ClutterModel fit = FitClutter(SampleMarkov(random, 43, 43, 0, 0, 5), {0, 0, 43, 43});
    mean += Detectability(fit, signal, {18, 18, 7, 7}, 43, 43) / 60;
  }
  EXPECT_NEAR(mean, Norm(signal) / 5, 0.01 * mean);
}

TEST(FitClutter, ScaleAndBrightnessDoNotMatter) {
  RandomStream random({.seed = 53, .purpose = Purpose::kTest});
  const Image<float> image = SampleMarkov(random, 43, 43, 0.9, 0.9, 30);
  Image<float> scaled = image;
  for (float& value : scaled) value = 4 * value + 1024;  // exact in float
  const ClutterModel a = FitClutter(image, {0, 0, 43, 43}, 0.01), b = FitClutter(scaled, {0, 0, 43, 43}, 0.16);
  EXPECT_NEAR(Detectability(b, Blob(5, 40), {20, 20, 5, 5}, 43, 43),
              Detectability(a, Blob(5, 10), {20, 20, 5, 5}, 43, 43), 1e-6);
}

TEST(FitClutter, StructureThatCanBePredictedIsNoObstacle) {
  // On a ramp box20 sees a large sigma; the whitened filter sees only the noise on it.
  RandomStream random({.seed = 54, .purpose = Purpose::kTest});
  Image<float> image(43, 43);
  for (int y = 0; y < 43; ++y) {
    for (int x = 0; x < 43; ++x) image(y, x) = static_cast<float>(1000 + 20 * x + random.Normal());
  }
  const ClutterModel fit = FitClutter(image, {0, 0, 43, 43});
  EXPECT_LT(fit.innovation_variance, 2);
  double sum = 0;
  for (const double weight : fit.weights) sum += weight;
  EXPECT_NEAR(sum, 1, 0.01);  // it reproduces a constant and so does not pass one
}

TEST(FitClutter, FlatAndTinyBackgroundsStayFinite) {
  const Image<float> flat(43, 43, 77.0F);
  const ClutterModel fit = FitClutter(flat, {0, 0, 43, 43});
  EXPECT_NEAR(Detectability(fit, Blob(3, 2), {20, 20, 3, 3}, 43, 43), Norm(Blob(3, 2)) * std::sqrt(12.0), 1e-12);
  Image<float> tiny(3, 4, 10.0F);
  tiny(1, 1) = 22;
  EXPECT_NEAR(FitClutter(tiny, {0, 0, 4, 3}).innovation_variance, 11, 1e-9);  // one of 12 pixels 12 above the others
}

TEST(TrackDetectability, IsTheQuadraticFormOfTheTemporalCovariance) {
  const std::vector<double> d = {3, 1.5, 4, 2, 2.5};
  double squares = 0;
  for (const double value : d) squares += value * value;
  EXPECT_NEAR(TrackDetectability(d), std::sqrt(squares), 1e-12);
  Eigen::MatrixXd covariance(5, 5);
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) covariance(i, j) = std::pow(0.6, std::abs(i - j));
  }
  const Eigen::Map<const Eigen::VectorXd> s(d.data(), 5);
  EXPECT_NEAR(TrackDetectability(d, 0.6), std::sqrt(s.dot(covariance.ldlt().solve(s))), 1e-12);
  EXPECT_EQ(TrackDetectability({}), 0);
  EXPECT_THROW(TrackDetectability(d, 1), Error);
}

}  // namespace
}  // namespace mirst
