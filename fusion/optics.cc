#include "fusion/optics.h"

#include <fmt/format.h>
#include <math.h>  // j0, j1

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/units.h"

namespace mirst {
namespace {

struct Node {
  double place;
  double weight;
};

// Gauss-Legendre rule of 16 points on `panels` equal parts of [low, high]: exact to rounding for functions that swing
// less than about twice in a panel.
std::vector<Node> Quadrature(double low, double high, int panels) {
  constexpr int kPoints = 16;
  static const std::vector<Node> kRule = [] {
    std::vector<Node> rule;
    for (int i = 0; i < kPoints; ++i) {
      double x = std::cos(kPi * (i + 0.75) / (kPoints + 0.5)), slope = 0;  // then Newton's method on P_n
      for (int step = 0; step < 8; ++step) {
        double before = 1, value = x;
        for (int n = 2; n <= kPoints; ++n) {
          const double next = ((2 * n - 1) * x * value - (n - 1) * before) / n;
          before = value;
          value = next;
        }
        slope = kPoints * (x * value - before) / (x * x - 1);
        x -= value / slope;
      }
      rule.push_back({x, 2 / ((1 - x * x) * slope * slope)});
    }
    return rule;
  }();
  std::vector<Node> nodes;
  const double half = 0.5 * (high - low) / panels;
  for (int panel = 0; panel < panels; ++panel) {
    for (const Node& node : kRule) {
      nodes.push_back({low + half * (2 * panel + 1 + node.place), half * node.weight});
    }
  }
  return nodes;
}

int Panels(double cycles) { return 2 + static_cast<int>(std::ceil(cycles)); }

double Square(double x) { return x * x; }

// Wavelengths of the band with weights of sum 1.
std::vector<Node> Spectrum(const Optics& optics) {
  if (optics.band_low_um == optics.band_high_um) return {{optics.band_low_um, 1}};
  std::vector<Node> nodes = Quadrature(optics.band_low_um, optics.band_high_um, 2);
  if (optics.source_temperature_k > 0) {
    constexpr double kC2_um_k = 14387.76877;
    const auto exponent = [&](double wavelength_um) {
      return kC2_um_k / (wavelength_um * optics.source_temperature_k);
    };
    const double least = exponent(optics.band_high_um);  // taken out of all, so that a cold source does not underflow
    for (Node& node : nodes) {
      const double x = exponent(node.place);
      node.weight *= std::exp(least - x) / (-std::expm1(-x)) * std::pow(node.place, -5);
    }
  }
  double sum = 0;
  for (const Node& node : nodes) sum += node.weight;
  for (Node& node : nodes) node.weight /= sum;
  return nodes;
}

double CheckedRange(double value, double low, double high, const char* what) {
  if (!(value >= low && value <= high))
    throw BadInput(fmt::format("{} is {}, allowed: {} to {}", what, value, low, high));
  return value;
}

// Transfer function of lens, defocus and jitter against the radial frequency.
class RadialTransfer {
 public:
  explicit RadialTransfer(const Optics& optics)
      : spectrum_(Spectrum(optics)),
        blur_px_per_um_(optics.f_number / optics.pixel_pitch_um),
        disc_(DefocusDisc(optics)),
        jitter_(optics.jitter_px) {}
  double Diffraction(double frequency) const {
    double sum = 0;
    for (const Node& line : spectrum_) sum += line.weight * DiffractionMtf(frequency * line.place * blur_px_per_um_);
    return sum;
  }
  double operator()(double frequency) const {
    return Diffraction(frequency) * DiscMtf(disc_, frequency) * GaussianMtf(jitter_, frequency);
  }
  const std::vector<Node>& spectrum() const { return spectrum_; }

 private:
  std::vector<Node> spectrum_;
  double blur_px_per_um_, disc_, jitter_;
};

// Integral over the plane of frequencies of the transfer function (with smear along x) times what `aperture` makes of
// the frequency along one axis; `reach_px`: the widest place that the aperture looks at.
template <class Aperture>
double EnergyThrough(const Optics& optics, double reach_px, Aperture&& aperture) {
  const RadialTransfer transfer(optics);
  const double cutoff = CutoffFrequency(optics), cycles = cutoff * (reach_px + DefocusDisc(optics) + optics.smear_px);
  const std::vector<Node> radii = Quadrature(0, cutoff, Panels(cycles)),
                          angles = Quadrature(0, kPi / 2, Panels(cycles));
  double sum = 0;
  for (const Node& radius : radii) {
    double ring = 0;
    for (const Node& angle : angles) {
      const double fx = radius.place * std::cos(angle.place), fy = radius.place * std::sin(angle.place);
      ring += angle.weight * aperture(fx) * aperture(fy) * BoxMtf(optics.smear_px, fx);
    }
    sum += radius.weight * radius.place * transfer(radius.place) * ring;
  }
  return 4 * sum;
}

// Antiderivative of the Gaussian's cumulative share: int Phi(x / sigma) dx.
double CumulativeIntegral(double x, double sigma) {
  const double z = x / (std::sqrt(2.0) * sigma);
  return 0.5 * x * (1 + std::erf(z)) + sigma / std::sqrt(2 * kPi) * std::exp(-z * z);
}

}  // namespace

void CheckOptics(const Optics& optics) {
  CheckedRange(optics.f_number, 0.3, 100, "the f-number");
  CheckedRange(optics.band_high_um, 0.1, 100, "the band's upper wavelength in um");
  CheckedRange(optics.band_low_um, 0.1, optics.band_high_um, "the band's lower wavelength in um");
  CheckedRange(optics.pixel_pitch_um, 0.1, 1000, "the pixel pitch in um");
  CheckedRange(optics.defocus_um, -10000, 10000, "the defocus in um");
  CheckedRange(optics.jitter_px, 0, 20, "the jitter in pixels");
  CheckedRange(optics.smear_px, 0, 1000, "the smear in pixels");
  CheckedRange(optics.fill_factor, 1e-4, 1, "the fill factor");
  CheckedRange(optics.source_temperature_k, 0, 1e5, "the source's temperature in kelvin");
}

double DiffractionMtf(double share_of_cutoff) {
  const double u = std::abs(share_of_cutoff);
  return u < 1 ? 2 / kPi * (std::acos(u) - u * std::sqrt((1 - u) * (1 + u))) : 0;
}

double DiscMtf(double diameter, double frequency) {
  const double z = kPi * diameter * frequency;
  return std::abs(z) < 1e-6 ? 1 : 2 * ::j1(z) / z;
}

double GaussianMtf(double sigma, double frequency) { return std::exp(-2 * Square(kPi * sigma * frequency)); }

double BoxMtf(double width, double frequency) {
  const double z = kPi * width * frequency;
  return std::abs(z) < 1e-7 ? 1 : std::sin(z) / z;
}

MtfValues MtfAt(const Optics& optics, Vec2 frequency) {
  const double radial = std::hypot(frequency.x, frequency.y), active_width = std::sqrt(optics.fill_factor);
  MtfValues mtf;
  mtf.diffraction = RadialTransfer(optics).Diffraction(radial);
  mtf.defocus = DiscMtf(DefocusDisc(optics), radial);
  mtf.jitter = GaussianMtf(optics.jitter_px, radial);
  mtf.detector = BoxMtf(active_width, frequency.x) * BoxMtf(active_width, frequency.y);
  mtf.smear = BoxMtf(optics.smear_px, frequency.x);
  mtf.system = mtf.diffraction * mtf.defocus * mtf.jitter * mtf.detector * mtf.smear;
  return mtf;
}

double CutoffFrequency(const Optics& optics) { return optics.pixel_pitch_um / (optics.band_low_um * optics.f_number); }

double MeanWavelengthUm(const Optics& optics) {
  double mean = 0;
  for (const Node& line : Spectrum(optics)) mean += line.weight * line.place;
  return mean;
}

double SamplingRatio(const Optics& optics) {
  return MeanWavelengthUm(optics) * optics.f_number / optics.pixel_pitch_um;
}

double DefocusDisc(const Optics& optics) {
  return std::abs(optics.defocus_um) / (optics.f_number * optics.pixel_pitch_um);
}

double PsfAt(const Optics& optics, double radius) { return PsfProfile(optics, radius, 2).back(); }

std::vector<double> PsfProfile(const Optics& optics, double step, int count) {
  const RadialTransfer transfer(optics);
  std::vector<double> profile;
  if (optics.defocus_um == 0 && optics.jitter_px == 0) {
    for (int i = 0; i < count; ++i) {
      double density = 0;
      for (const Node& line : transfer.spectrum()) {
        const double airy = line.place * optics.f_number / optics.pixel_pitch_um;  // lambda F
        density += line.weight * kPi / (4 * airy * airy) * AiryPattern(i * step / airy);
      }
      profile.push_back(density);
    }
    return profile;
  }
  // Hankel transform of the transfer function; far rings of the longer wavelengths are smooth in it.
  const double cutoff = CutoffFrequency(optics);
  std::vector<Node> nodes = Quadrature(0, cutoff, Panels(cutoff * (step * (count - 1) + DefocusDisc(optics))));
  for (Node& node : nodes) node.weight *= 2 * kPi * node.place * transfer(node.place);
  for (int i = 0; i < count; ++i) {
    double density = 0;
    for (const Node& node : nodes) density += node.weight * ::j0(2 * kPi * node.place * i * step);
    profile.push_back(density);
  }
  return profile;
}

double PsfFullWidth(const Optics& optics) {
  const double step = 0.05 / CutoffFrequency(optics);  // a twentieth of the finest structure
  const double reach = 4 / CutoffFrequency(optics) + 2 * DefocusDisc(optics) + 4 * optics.jitter_px;
  const std::vector<double> profile = PsfProfile(optics, step, static_cast<int>(reach / step) + 2);
  const double half = 0.5 * profile.front();
  const auto below = std::find_if(profile.begin(), profile.end(), [half](double density) { return density <= half; });
  if (below == profile.end() || !(half > 0)) {
    throw BadInput("the point spread function has no half width: its centre is darker than its rim");
  }
  double outside = step * static_cast<double>(below - profile.begin()), inside = outside - step;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (inside + outside);
    (PsfAt(optics, middle) > half ? inside : outside) = middle;
  }
  return inside + outside;
}

EnsquaredEnergy EnsquaredEnergyOf(const Optics& optics) {
  CheckOptics(optics);
  const double width = std::sqrt(optics.fill_factor);
  const auto pixel = [width](double f) { return width * BoxMtf(width, f); };
  const auto row = [&](int pixels) {
    return [=](double f) {
      double sum = 1;
      for (int k = 1; k <= pixels / 2; ++k) sum += 2 * std::cos(2 * kPi * f * k);
      return sum * pixel(f);
    };
  };
  EnsquaredEnergy energy;
  energy.centre = EnergyThrough(optics, 1, pixel);
  energy.corner = EnergyThrough(optics, 2, [&](double f) { return std::cos(kPi * f) * pixel(f); });
  energy.phase_mean = EnergyThrough(optics, 2, [&](double f) { return BoxMtf(1, f) * pixel(f); });
  energy.square_3 = EnergyThrough(optics, 3, row(3));
  energy.square_5 = EnergyThrough(optics, 5, row(5));
  return energy;
}

double AiryEnergyInCircle(double radius) { return 1 - Square(::j0(kPi * radius)) - Square(::j1(kPi * radius)); }

double AiryEnergyInSquare(double side) {
  double sum = 0;
  for (const Node& t : Quadrature(0, kPi / 4, Panels(side))) {
    sum += t.weight * AiryEnergyInCircle(side / (2 * std::cos(t.place)));
  }
  return 4 / kPi * sum;
}

double AiryPattern(double radius) { return Square(DiscMtf(1, radius)); }

double GaussianShare(double low, double high, double centre, double sigma, double smear) {
  if (!(sigma > 0) || !(smear >= 0))
    throw BadInput(fmt::format("a sigma of {} and a smear of {}; allowed: above 0 and from 0", sigma, smear));
  if (smear < 1e-4 * sigma) {  // the mean over the motion then differs by less than (smear / sigma)^2 / 24
    const double scale = 1 / (std::sqrt(2.0) * sigma);
    return 0.5 * (std::erf((high - centre) * scale) - std::erf((low - centre) * scale));
  }
  const auto below = [&](double edge) {
    return CumulativeIntegral(edge - centre + 0.5 * smear, sigma) -
           CumulativeIntegral(edge - centre - 0.5 * smear, sigma);
  };
  return (below(high) - below(low)) / smear;
}

}  // namespace mirst
