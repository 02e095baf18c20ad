#include "renderer/atmosphere.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "renderer/builtin_configs.h"
#include "renderer/portable_math.h"
#include "renderer/yaml_entry.h"

namespace mirst {
namespace {

struct BandFit {
  Band band;
  double a = 0, b = 1;
};
struct Level {
  double altitude_km = 0;
  bool hazy = false;
  double air_temperature_k = 288.15;
  std::vector<BandFit> fits;
};
struct ProfileFits {
  std::vector<std::string> names;
  std::vector<Level> levels;  // of one aerosol in rising order of height
};

Level ReadLevel(Entry entry) {
  Level level;
  level.altitude_km = entry.FindNumber("altitude_km", 0, 100).value_or(0);
  level.hazy = entry.Find<std::string>("aerosol", "none or rural23").value_or("none") != "none";
  level.air_temperature_k = entry.FindNumber("air_temperature_k", 150, 350).value_or(level.air_temperature_k);
  if (entry.Has("bands")) {
    Entry bands = entry.Child("bands");
    for (const std::string& name : bands.Keys()) {
      const auto fit = bands.Get<std::vector<double>>(name, "[a, b]");
      if (fit.size() != 2) bands.Refuse(fmt::format("{}: expected [a, b]", name));
      level.fits.push_back({ParseBand(name), fit[0], fit[1]});
    }
  }
  entry.RefuseUnknown();
  return level;
}

const std::vector<ProfileFits>& Profiles() {
  static const std::vector<ProfileFits> profiles = [] {
    std::vector<ProfileFits> read;
    ReadYaml(std::string(kBuiltinAtmospheres), "built-in atmospheres", [&](Entry& document) {
      for (Entry& entry : document.List("profiles")) {
        ProfileFits profile;
        profile.names = entry.FindTexts("name");
        for (const Entry& level : entry.List("levels")) profile.levels.push_back(ReadLevel(level));
        entry.RefuseUnknown();
        read.push_back(std::move(profile));
      }
    });
    return read;
  }();
  return profiles;
}

// Common part over what both cover together.
double Overlap(const Band& a, const Band& b) {
  const double common = std::min(a.high_um, b.high_um) - std::max(a.low_um, b.low_um);
  return std::max(0.0, common) / (std::max(a.high_um, b.high_um) - std::min(a.low_um, b.low_um));
}

const BandFit& BestFit(const Level& level, const Band& band) {
  return *std::max_element(level.fits.begin(), level.fits.end(), [&](const BandFit& a, const BandFit& b) {
    return Overlap(a.band, band) < Overlap(b.band, band);
  });
}

}  // namespace

double HazeExponent(double visibility_km, HazeLaw law) {
  if (!(visibility_km > 0)) throw BadInput(fmt::format("a visibility of {} km; allowed: above 0", visibility_km));
  if (visibility_km > 50) return 1.6;
  if (visibility_km >= 6) return 1.3;
  if (law == HazeLaw::kKruse) return 0.585 * Power(visibility_km, 1.0 / 3);
  if (visibility_km >= 1) return 0.16 * visibility_km + 0.34;
  return std::max(0.0, visibility_km - 0.5);
}

double HazeExtinction(double visibility_km, double wavelength_um, HazeLaw law) {
  if (!(wavelength_um > 0)) throw BadInput(fmt::format("a wavelength of {} um; allowed: above 0", wavelength_um));
  const double q = HazeExponent(visibility_km, law);
  return 3.912 / visibility_km * (q > 0 ? Power(0.55 / wavelength_um, q) : 1);
}

Atmosphere Atmosphere::Uniform(double extinction_per_km) { return StretchedExponential(extinction_per_km, 1); }

Atmosphere Atmosphere::StretchedExponential(double a, double b) {
  if (!(a >= 0 && b > 0 && b <= 2 && std::isfinite(a))) {
    throw BadInput(fmt::format("a transmission of exp(-{} R^{}); allowed: a >= 0, 0 < b <= 2", a, b));
  }
  Atmosphere result;
  result.a_ = a;
  result.b_ = b;
  return result;
}

Atmosphere Atmosphere::Table(std::vector<double> ranges_km, std::vector<double> transmissions) {
  if (ranges_km.empty() || ranges_km.size() != transmissions.size()) {
    throw BadInput(fmt::format("a table of {} ranges and {} transmissions; expected as many, at least one",
                               ranges_km.size(), transmissions.size()));
  }
  Atmosphere result;
  if (ranges_km.front() != 0) {
    ranges_km.insert(ranges_km.begin(), 0);
    transmissions.insert(transmissions.begin(), 1);
  }
  for (std::size_t i = 0; i < ranges_km.size(); ++i) {
    const double before = i == 0 ? 1 : transmissions[i - 1];
    if (!(transmissions[i] > 0 && transmissions[i] <= before) || !(ranges_km[i] >= 0 && std::isfinite(ranges_km[i])) ||
        (i > 0 && !(ranges_km[i] > ranges_km[i - 1]))) {
      throw BadInput(
          fmt::format("the table's point {} km, tau {}; expected rising ranges and tau in (0, 1] that never rises",
                      ranges_km[i], transmissions[i]));
    }
    result.log_transmissions_.push_back(Log(transmissions[i]));
  }
  if (ranges_km.size() < 2) throw BadInput("a table of transmissions without a range above 0 km");
  result.ranges_km_ = std::move(ranges_km);
  return result;
}

Atmosphere Atmosphere::FromFile(const std::filesystem::path& path) {
  const std::string text = ReadFile(path);
  std::vector<double> ranges_km, transmissions;
  if (LowerExtension(path) == ".csv") {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
      if (line.empty() || (number == 1 && line == "range_km,tau")) continue;
      const char* const end = line.data() + line.size();
      double range = 0, tau = 0;
      const auto first = std::from_chars(line.data(), end, range);
      const bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
      const auto second = good ? std::from_chars(first.ptr + 1, end, tau) : first;
      if (!good || second.ec != std::errc() || second.ptr != end) {
        throw BadInput(fmt::format("{}:{}: found '{}', expected range_km,tau", path.string(), number, line));
      }
      ranges_km.push_back(range);
      transmissions.push_back(tau);
    }
  } else {
    ReadYaml(text, path.string(), [&](Entry& document) {
      ranges_km = document.Find<std::vector<double>>("range_km", "a list of numbers").value_or(ranges_km);
      transmissions = document.Find<std::vector<double>>("tau", "a list of numbers").value_or(transmissions);
    });
  }
  return InContext(path.string(), [&] { return Table(std::move(ranges_km), std::move(transmissions)); });
}

std::vector<std::string> Atmosphere::ProfileNames() {
  std::vector<std::string> names;
  for (const ProfileFits& profile : Profiles()) names.push_back(profile.names.front());
  return names;
}

Atmosphere Atmosphere::Profile(const std::string& name, const Band& band, double altitude_km,
                               std::optional<double> visibility_km, HazeLaw law) {
  const auto& profiles = Profiles();
  const auto profile = std::find_if(profiles.begin(), profiles.end(), [&](const ProfileFits& p) {
    return std::find(p.names.begin(), p.names.end(), name) != p.names.end();
  });
  if (profile == profiles.end()) {
    throw BadInput(fmt::format("no atmosphere '{}'; there are {}", name, fmt::join(ProfileNames(), ", ")));
  }
  if (!(altitude_km >= -5 && altitude_km <= 100)) {
    throw BadInput(fmt::format("an altitude of {} km; allowed: -5 to 100", altitude_km));
  }
  std::vector<const Level*> levels;
  for (const Level& level : profile->levels) {
    if (level.hazy == !visibility_km) levels.push_back(&level);
  }
  const auto above =
      std::find_if(levels.begin(), levels.end(), [&](const Level* l) { return l->altitude_km > altitude_km; });
  const Level& high = above == levels.end() ? *levels.back() : **above;
  const Level& low = above == levels.begin() ? high : *above[-1];
  const BandFit &low_fit = BestFit(low, band), &high_fit = BestFit(high, band);
  if (Overlap(low_fit.band, band) < 0.5) {
    throw BadInput(fmt::format("the atmosphere '{}' has no band like {}; the nearest is {}: give a table of your own",
                               name, ToString(band), ToString(low_fit.band)));
  }
  const double rise = high.altitude_km - low.altitude_km;
  const double share = rise > 0 ? (altitude_km - low.altitude_km) / rise : 0;
  Atmosphere result = StretchedExponential(low_fit.a * Power(high_fit.a / low_fit.a, share),
                                           (1 - share) * low_fit.b + share * high_fit.b);
  result.air_temperature_k_ = (1 - share) * low.air_temperature_k + share * high.air_temperature_k;
  result.fitted_band_ = low_fit.band;
  if (visibility_km && *visibility_km < std::numeric_limits<double>::infinity()) {
    result.haze_per_km_ = HazeExtinction(*visibility_km, band.middle_um(), law);
  }
  return result;
}

Atmosphere Atmosphere::Named(const std::string& name, const Band& band, double altitude_km,
                             std::optional<double> visibility_km, HazeLaw law) {
  if (name == "none") return {};
  if (name.ends_with(".csv") || name.ends_with(".yaml")) return FromFile(name);
  return Profile(name, band, altitude_km, visibility_km, law);
}

double Atmosphere::Transmission(double range_m) const {
  if (!(range_m >= 0)) throw BadInput(fmt::format("a path of {} m; allowed: 0 or more", range_m));
  const double range_km = range_m * 1e-3;
  if (ranges_km_.empty()) {
    if (a_ == 0 && haze_per_km_ == 0) return 1;
    return ExpOfMinus(a_ * Power(range_km, b_) + haze_per_km_ * range_km);
  }
  const auto above = std::upper_bound(ranges_km_.begin() + 1, ranges_km_.end() - 1, range_km);
  const auto i = static_cast<std::size_t>(above - ranges_km_.begin());
  const double slope = (log_transmissions_[i] - log_transmissions_[i - 1]) / (ranges_km_[i] - ranges_km_[i - 1]);
  return ExpOfMinus(-(log_transmissions_[i - 1] + slope * (range_km - ranges_km_[i - 1])));
}

double ArrivingRadiance(double transmission, double source, double black_air) {
  return transmission * source + (1 - transmission) * black_air;
}

}  // namespace mirst
