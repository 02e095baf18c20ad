// `mirst physics psf`: what a camera's lens, detector and motion do to a point.
#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "fusion/optics.h"
#include "fusion/psf.h"
#include "tools/physics_command.h"

namespace mirst {
namespace {

struct PsfFlags : CommonFlags {
  Optics optics;
  std::vector<double> band{8, 14};
};

struct Quantity {
  const char* name;
  double value;
};

std::vector<Quantity> Lengths(const Optics& optics) {
  const double pitch = optics.pixel_pitch_um, width_px = PsfFullWidth(optics);
  const double wavelength_um = MeanWavelengthUm(optics);
  return {{"wavelength_um", wavelength_um},
          {"q", SamplingRatio(optics)},
          {"nyquist_cycles_per_px", 0.5},
          {"cutoff_cycles_per_px", CutoffFrequency(optics)},
          {"cutoff_cycles_per_mm", 1e3 * CutoffFrequency(optics) / pitch},
          {"fwhm_px", width_px},
          {"fwhm_um", width_px * pitch},
          {"airy_first_zero_px", 1.21966989126650445 * SamplingRatio(optics)},
          {"defocus_disc_px", DefocusDisc(optics)},
          {"gaussian_sigma_px", DiffractionSigmaPx(wavelength_um, optics.f_number, pitch)}};
}

std::vector<Quantity> Energies(const Optics& optics) {
  const EnsquaredEnergy energy = EnsquaredEnergyOf(optics);
  return {{"centre_pixel", energy.centre},
          {"corner_pixel", energy.corner},
          {"phase_mean", energy.phase_mean},
          {"square_3x3", energy.square_3},
          {"square_5x5", energy.square_5}};
}

Json Listed(const std::vector<Quantity>& quantities) {
  Json json;
  for (const Quantity& quantity : quantities) json[quantity.name] = quantity.value;
  return json;
}

std::vector<Quantity> Components(const Optics& optics, double frequency) {
  const MtfValues mtf = MtfAt(optics, {frequency, 0});
  return {{"cycles_per_px", frequency}, {"diffraction", mtf.diffraction}, {"defocus", mtf.defocus},
          {"jitter", mtf.jitter},       {"detector", mtf.detector},       {"smear", mtf.smear},
          {"system", mtf.system}};
}

void RunPsf(PsfFlags& flags) {
  const auto thread_limit = ApplyCommonFlags(flags);
  Optics& optics = flags.optics;
  optics.band_low_um = flags.band.front();
  optics.band_high_um = flags.band.back();
  CheckOptics(optics);
  std::vector<std::vector<Quantity>> mtf;
  for (const double frequency : {0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0})
    mtf.push_back(Components(optics, frequency));
  if (flags.json) {
    Json rows = Json::array();
    for (const auto& row : mtf) rows.push_back(Listed(row));
    Json result = Listed(Lengths(optics));
    result["ensquared_energy"] = Listed(Energies(optics));
    result["mtf"] = rows;
    PrintLine(Dump(result, 2));
    return;
  }
  for (const Quantity& quantity : Lengths(optics))
    PrintLine(fmt::format("{:<22} {:.8g}", quantity.name, quantity.value));
  PrintLine("\nEnergy of a point that falls on");
  for (const Quantity& quantity : Energies(optics))
    PrintLine(fmt::format("  {:<20} {:.8f}", quantity.name, quantity.value));
  PrintLine("\nMTF along the direction of smear (Nyquist: 0.5 cycles per pixel)");
  std::string head;
  for (const Quantity& column : mtf.front()) head += fmt::format("{:>14}", column.name);
  PrintLine(head);
  for (const auto& row : mtf) {
    std::string line;
    for (const Quantity& value : row) line += fmt::format("{:>14.6f}", value.value);
    PrintLine(line);
  }
}

}  // namespace

void AddPhysicsPsf(CLI::App& physics) {
  auto flags = std::make_shared<PsfFlags>();
  CLI::App* command = physics.add_subcommand("psf", "Blur of lens, detector and motion: MTF, width, energy on pixels");
  command->footer("Example:\n  mirst physics psf --f-number 2 --band 3-5 --pitch-um 15 --jitter-px 0.2");
  Optics& optics = flags->optics;
  const auto add_number = [&](const char* name, double& value, const char* text) {
    return command->add_option(name, value, text)->type_name("X")->capture_default_str();
  };
  add_number("--f-number", optics.f_number, "Focal length over aperture");
  command->add_option("--band", flags->band, "Wavelengths in micrometres, LOW-HIGH, or one")
      ->type_name("LOW-HIGH")
      ->delimiter('-')
      ->expected(1, 2)
      ->default_str("8-14");
  add_number("--pitch-um", optics.pixel_pitch_um, "Pixel pitch");
  add_number("--defocus-um", optics.defocus_um,
             "Distance of the detector from the focus; blur disc = distance / f-number");
  add_number("--jitter-px", optics.jitter_px, "Standard deviation of the line of sight, per axis");
  add_number("--smear-px", optics.smear_px, "Length of the motion during the exposure");
  add_number("--fill-factor", optics.fill_factor, "Active share of a pixel's area");
  add_number("--source-temperature-k", optics.source_temperature_k,
             "Weighs the wavelengths by Planck's law; 0 = all alike");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->callback([flags] { RunPsf(*flags); });
}

}  // namespace mirst
