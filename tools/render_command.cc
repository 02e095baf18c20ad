// `mirst render`: templates of 3-D models in given attitudes as OpenEXR files, and one PNG sheet a model to look at.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "datasets/frame_io.h"
#include "renderer/pose_sheet.h"
#include "renderer/render_template.h"
#include "renderer/template_io.h"
#include "tools/command.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

struct RenderFlags : CommonFlags {
  std::vector<fs::path> models;
  fs::path out, materials;
  std::vector<std::vector<double>> attitudes;
  View view{.attitude = {}, .range_m = 0};
  std::string band = "8-14";
  Surroundings surroundings;
  int supersampling = 8;
};

// All sides, from above and below, and in flight.
const std::vector<std::vector<double>> kDefaultAttitudes{{0, 0, 0},   {0, 0, 45},  {0, 0, 90},  {0, 0, 135},
                                                         {0, 0, 180}, {0, 0, -90}, {0, 0, -45}, {-90, 0, 0},
                                                         {90, 0, 0},  {0, 30, 0},  {30, 0, 30}, {-30, 10, -60}};
constexpr double kDefaultLength_px = 16;
constexpr int kColumns = 4, kTile_px = 264;

void DrawLabels(PoseSheet& sheet, const std::vector<Template>& poses) {
  cv::Mat canvas(sheet.pixels.height(), sheet.pixels.width(), CV_8U, sheet.pixels.data());
  const auto write = [&](const std::string& text, int x, int y) {
    cv::putText(canvas, text, {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar(230), 1, cv::LINE_AA);
  };
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const Attitude& a = poses[i].attitude;
    const std::string text = fmt::format("roll {:g}  pitch {:g}  yaw {:g}", a.roll_deg, a.pitch_deg, a.yaw_deg);
    write(text, sheet.labels[i].x + 4, sheet.labels[i].bottom() - 6);
  }
  const int parts = std::min(kColumns, static_cast<int>(poses.size()));  // of the wedge, with room for text
  for (int i = 0; i <= parts; ++i) {
    const std::string text = fmt::format("{:.3g}{}", sheet.ContrastAt(1.0 * i / parts), i == 0 ? " " + poses[0].unit : "");
    const int width = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, 0.4, 1, nullptr).width;
    write(text, sheet.bar_label.x + (sheet.bar_label.width - width) * i / parts, sheet.bar_label.bottom() - 6);
  }
}

nlohmann::ordered_json Describe(const TargetModel& model, double range_m, const std::vector<fs::path>& paths) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const fs::path& path : paths) files.push_back(path.string());
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  for (const PartSummary& part : model.parts()) {
    parts.push_back({{"name", part.name}, {"triangles", part.triangles}, {"temperature", part.temperature},
                     {"emissivity", part.emissivity}});
  }
  return {{"model", model.path()}, {"class", model.class_name()}, {"sha256", model.sha256()},
          {"box_m", {model.size_x_m(), model.size_y_m(), model.size_z_m()}}, {"range_m", range_m}, {"parts", parts},
          {"warnings", model.warnings()}, {"files", files}};
}

void PrintTable(const TargetModel& model, double range_m) {
  PrintLine(fmt::format("{}: class {}, {:.4g} x {:.4g} x {:.4g} m (length, width, height), drawn at {:.4g} m", model.path(),
                        model.class_name(), model.size_x_m(), model.size_y_m(), model.size_z_m(), range_m));
  PrintLine(fmt::format("  {:>9}  {:<12}  {:>10}  {}", "triangles", "temperature", "emissivity", "part"));
  for (const PartSummary& part : model.parts()) {
    const std::string triangles = part.triangles == 0 ? "-" : std::to_string(part.triangles);
    PrintLine(fmt::format("  {:>9}  {:<12}  {:>10.2f}  {}", triangles, part.temperature, part.emissivity, part.name));
  }
}

/// What is written for a model: one template an attitude, the sheet last.
std::vector<fs::path> FilesOf(const TargetModel& model, const RenderFlags& flags) {
  std::vector<fs::path> paths;
  for (const auto& rpy : flags.attitudes) {
    paths.push_back(flags.out / fmt::format("{}-r{:g}-p{:g}-y{:g}.exr", model.name(), rpy[0], rpy[1], rpy[2]));
  }
  paths.push_back(flags.out / fmt::format("{}-sheet.png", model.name()));
  return paths;
}

nlohmann::ordered_json RenderModel(const TargetModel& model, const RenderFlags& flags) {
  View view = flags.view;
  const double pixels_per_radian = 1e3 * view.focal_length_mm / view.pixel_pitch_um;
  if (view.range_m == 0) view.range_m = std::max(model.length_m() * pixels_per_radian / kDefaultLength_px, 2 * model.radius_m());
  std::vector<Template> poses;
  for (const auto& rpy : flags.attitudes) {
    view.attitude = {rpy[0], rpy[1], rpy[2]};
    poses.push_back(RenderTemplate(model, view, flags.surroundings, flags.supersampling));
  }
  PoseSheet sheet = DrawPoseSheet(poses, kColumns, kTile_px);
  DrawLabels(sheet, poses);
  const std::vector<fs::path> paths = FilesOf(model, flags);
  for (std::size_t i = 0; i < poses.size(); ++i) WriteTemplate(paths[i], poses[i]);
  WriteFileAtomically(paths.back(), EncodePng(sheet.pixels));
  if (!flags.json) PrintTable(model, view.range_m);
  return Describe(model, view.range_m, paths);
}

void RunRender(RenderFlags& flags) {
  const auto thread_limit = ApplyCommonFlags(flags);
  flags.surroundings.band = ParseBand(flags.band);
  if (flags.attitudes.empty()) flags.attitudes = kDefaultAttitudes;
  for (const auto& rpy : flags.attitudes) {
    if (rpy.size() != 3) throw UsageError(fmt::format("--attitude with {} angles; expected roll,pitch,yaw", rpy.size()));
  }
  std::map<fs::path, std::string> model_of_file;
  std::vector<TargetModel> models;
  for (const std::string& path : FindModels(flags.models)) {
    models.push_back(TargetModel::Load(path, flags.materials));
    for (const fs::path& file : FilesOf(models.back(), flags)) {
      const auto [it, is_new] = model_of_file.emplace(file, path);
      if (!is_new) throw BadInput(fmt::format("{} would be written twice, for {} and {}", file.string(), it->second, path));
      if (fs::exists(file) && !flags.force) throw BadInput(fmt::format("{} exists already; --force replaces it", file.string()));
    }
    for (const std::string& warning : models.back().warnings()) LogWarning(warning);
  }
  CreateFolder(flags.out);
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const TargetModel& model : models) results.push_back(RenderModel(model, flags));
  if (flags.json) PrintLine(results.dump(2));
}

}  // namespace

void AddRenderCommand(CLI::App& program) {
  auto flags = std::make_shared<RenderFlags>();
  CLI::App* command = program.add_subcommand("render", "Render 3-D models to infrared templates (OpenEXR) and a sheet of poses (PNG)");
  command->footer(
      "Example:\n  mirst render --model builtin:quadrotor --out out/quadrotor --attitude 0,0,0 --attitude 0,20,45\n\n"
      "Built-in models: builtin:quadrotor, builtin:fixed-wing, builtin:bird, builtin:boat.");
  command->add_option("--model", flags->models, "Model file, folder of models, or builtin:NAME; repeatable")
      ->type_name("PATH")->required()->allow_extra_args(false);
  command->add_option("--out", flags->out, "Folder for the files")->type_name("DIR")->required();
  command->add_option("--materials", flags->materials, "YAML map of temperatures and emissivities, asked before the built-in one")
      ->type_name("FILE");
  command->add_option("--attitude", flags->attitudes, "Roll, pitch, yaw in degrees; repeatable; default: 12 poses")
      ->type_name("R,P,Y")->delimiter(',')->allow_extra_args(false);
  const auto add_number = [&](const char* name, double& value, const char* text) {
    return command->add_option(name, value, text)->type_name("X")->capture_default_str();
  };
  add_number("--range-m", flags->view.range_m, "Distance; 0 = such that the model is 16 pixels long")->check(CLI::NonNegativeNumber);
  add_number("--focal-length-mm", flags->view.focal_length_mm, "Focal length");
  add_number("--pixel-pitch-um", flags->view.pixel_pitch_um, "Pitch of the sensor's pixels");
  add_number("--air-temperature-k", flags->surroundings.air_temperature_k, "Temperature of the air and of what is reflected");
  add_number("--background-temperature-k", flags->surroundings.background_temperature_k, "Apparent temperature behind the target");
  command->add_option("--band", flags->band, "Spectral band in micrometres")->type_name("LOW-HIGH")->capture_default_str();
  command->add_option("--supersampling", flags->supersampling, "Cells per pixel along each axis, 1 to 64")
      ->type_name("N")->capture_default_str();
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->callback([flags] { RunRender(*flags); });
}

}  // namespace mirst
