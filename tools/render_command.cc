// `mirst render`: templates of 3-D models in given attitudes as OpenEXR files, and one PNG sheet a model to look at.
#include <fmt/format.h>
#include <fmt/ranges.h>

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
#include "tools/render_parts.h"
#include "tools/surroundings_flags.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

struct RenderFlags : CommonFlags {
  std::vector<fs::path> models;
  fs::path out, materials;
  std::vector<std::vector<double>> attitudes;
  std::vector<double> ranges_m{0};
  std::vector<double> off_axis_px{0, 0};
  View view;
  SurroundingsFlags around;
  Surroundings surroundings;  ///< what `around` comes to
  bool list_parts = false;
  int supersampling = 8;
};

// All sides, from above and below, and in flight.
const std::vector<std::vector<double>> kDefaultAttitudes{{0, 0, 0},   {0, 0, 45},  {0, 0, 90},  {0, 0, 135},
                                                         {0, 0, 180}, {0, 0, -90}, {0, 0, -45}, {-90, 0, 0},
                                                         {90, 0, 0},  {0, 30, 0},  {30, 0, 30}, {-30, 10, -60}};
constexpr double kDefaultLength_px = 16;
constexpr int kColumns = 4, kTile_px = 264;

// The sheet in false colour, dark violet to pale yellow, with what its tiles and its bar mean.
Image<Rgb> Coloured(PoseSheet& sheet, const std::vector<Template>& poses) {
  const cv::Mat grey(sheet.pixels.height(), sheet.pixels.width(), CV_8U, sheet.pixels.data());
  cv::Mat coloured, canvas(grey.size(), CV_8UC3, cv::Scalar::all(60));
  cv::applyColorMap(grey, coloured, cv::COLORMAP_INFERNO);
  std::vector<PixelBox> boxes = sheet.tiles;
  boxes.push_back(sheet.bar);
  for (const PixelBox& box : boxes) {
    const cv::Rect rect(box.x, box.y, box.width, box.height);
    coloured(rect).copyTo(canvas(rect));
  }
  const auto write = [&](const std::string& text, int x, int y) {
    cv::putText(canvas, text, {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar::all(230), 1, cv::LINE_AA);
  };
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const Attitude& a = poses[i].attitude;
    const std::string text =
        fmt::format("roll {:g} pitch {:g} yaw {:g}, {:.4g} m", a.roll_deg, a.pitch_deg, a.yaw_deg, poses[i].range_m);
    write(text, sheet.labels[i].x + 4, sheet.labels[i].bottom() - 6);
  }
  const int parts = std::min(kColumns, static_cast<int>(poses.size()));  // of the wedge, with room for text
  for (int i = 0; i <= parts; ++i) {
    const std::string text =
        fmt::format("{:.3g}{}", sheet.ContrastAt(1.0 * i / parts), i == 0 ? " " + poses[0].unit : "");
    const int width = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, 0.4, 1, nullptr).width;
    write(text, sheet.bar_label.x + (sheet.bar_label.width - width) * i / parts, sheet.bar_label.bottom() - 6);
  }
  Image<Rgb> picture(canvas.rows, canvas.cols);
  for (int y = 0; y < canvas.rows; ++y) {
    for (int x = 0; x < canvas.cols; ++x) {
      const auto& bgr = canvas.at<cv::Vec3b>(y, x);
      picture(y, x) = {bgr[2], bgr[1], bgr[0]};
    }
  }
  return picture;
}

nlohmann::ordered_json Describe(const TargetModel& model, const Surroundings& surroundings,
                                const std::vector<double>& ranges_m, const std::vector<fs::path>& paths) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const fs::path& path : paths) files.push_back(path.string());
  return {{"model", model.path()},        {"class", model.class_name()},
          {"sha256", model.sha256()},     {"box_m", {model.size_x_m(), model.size_y_m(), model.size_z_m()}},
          {"ranges_m", ranges_m},         {"parts", DescribeParts(model, surroundings)},
          {"warnings", model.warnings()}, {"files", files}};
}

void PrintModel(const TargetModel& model, const Surroundings& surroundings, const std::vector<double>& ranges_m) {
  const std::string drawn = ranges_m.empty() ? "" : fmt::format(", drawn at {:.4g} m", fmt::join(ranges_m, ", "));
  PrintLine(fmt::format("{}: class {}, {:.4g} x {:.4g} x {:.4g} m (length, width, height){}", model.path(),
                        model.class_name(), model.size_x_m(), model.size_y_m(), model.size_z_m(), drawn));
  PrintParts(model, surroundings);
}

/// What is written for a model: one template a range and attitude, the sheet last.
std::vector<fs::path> FilesOf(const TargetModel& model, const RenderFlags& flags) {
  std::vector<fs::path> paths;
  for (const double range_m : flags.ranges_m) {
    const std::string distance = flags.ranges_m.size() > 1 ? fmt::format("-{:g}m", range_m) : "";
    for (const auto& rpy : flags.attitudes) {
      paths.push_back(flags.out /
                      fmt::format("{}-r{:g}-p{:g}-y{:g}{}.exr", model.name(), rpy[0], rpy[1], rpy[2], distance));
    }
  }
  paths.push_back(flags.out / fmt::format("{}-sheet.png", model.name()));
  return paths;
}

nlohmann::ordered_json RenderModel(const TargetModel& model, const RenderFlags& flags) {
  View view = flags.view;
  const double pixels_per_radian = 1e3 * view.focal_length_mm / view.pixel_pitch_um;
  std::vector<double> ranges_m = flags.ranges_m;
  for (double& range_m : ranges_m) {
    if (range_m == 0)
      range_m = std::max(model.length_m() * pixels_per_radian / kDefaultLength_px, 2 * model.radius_m());
  }
  std::vector<Template> poses;
  for (const double range_m : ranges_m) {
    view.range_m = range_m;
    for (const auto& rpy : flags.attitudes) {
      view.attitude = {rpy[0], rpy[1], rpy[2]};
      poses.push_back(RenderTemplate(model, view, flags.surroundings, flags.supersampling));
    }
  }
  PoseSheet sheet =
      DrawPoseSheet(poses, ranges_m.size() > 1 ? static_cast<int>(flags.attitudes.size()) : kColumns, kTile_px);
  const std::vector<fs::path> paths = FilesOf(model, flags);
  for (std::size_t i = 0; i < poses.size(); ++i) WriteTemplate(paths[i], poses[i]);
  WriteFileAtomically(paths.back(), EncodePng(Coloured(sheet, poses)));
  if (!flags.json) PrintModel(model, flags.surroundings, ranges_m);
  return Describe(model, flags.surroundings, ranges_m, paths);
}

void ListParts(const RenderFlags& flags) {
  Json models = Json::array();
  for (const std::string& path : FindModels(flags.models)) {
    const TargetModel model = TargetModel::Load(path, flags.materials);
    for (const std::string& warning : model.warnings()) LogWarning(warning);
    if (flags.json) {
      models.push_back(Describe(model, flags.surroundings, {}, {}));
    } else {
      PrintModel(model, flags.surroundings, {});
    }
  }
  if (flags.json) PrintLine(Dump(models, 2));
}

void RunRender(RenderFlags& flags) {
  const auto thread_limit = ApplyCommonFlags(flags);
  flags.surroundings = ResolveSurroundings(flags.around);
  if (flags.list_parts) return ListParts(flags);
  if (flags.out.empty()) throw UsageError("--out is required, or --list-parts");
  flags.view.off_axis_px = {flags.off_axis_px[0], flags.off_axis_px[1]};
  if (flags.attitudes.empty()) flags.attitudes = kDefaultAttitudes;
  for (const auto& rpy : flags.attitudes) {
    if (rpy.size() != 3)
      throw UsageError(fmt::format("--attitude with {} angles; expected roll,pitch,yaw", rpy.size()));
  }
  std::map<fs::path, std::string> model_of_file;
  std::vector<TargetModel> models;
  for (const std::string& path : FindModels(flags.models)) {
    models.push_back(TargetModel::Load(path, flags.materials));
    for (const fs::path& file : FilesOf(models.back(), flags)) {
      const auto [it, is_new] = model_of_file.emplace(file, path);
      if (!is_new)
        throw BadInput(fmt::format("{} would be written twice, for {} and {}", file.string(), it->second, path));
      if (fs::exists(file) && !flags.force)
        throw BadInput(fmt::format("{} exists already; --force replaces it", file.string()));
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
  CLI::App* command =
      program.add_subcommand("render", "Render 3-D models to infrared templates (OpenEXR) and a sheet of poses (PNG)");
  command->footer(
      "Examples:\n  mirst render --model builtin:quadrotor --out out/quadrotor --attitude 0,0,0 --attitude 0,20,45\n"
      "  mirst render --model builtin:boat --list-parts --sun-elevation-deg 50 --clear-sky\n\n"
      "Built-in models: builtin:quadrotor, builtin:fixed-wing, builtin:helicopter, builtin:bird, builtin:boat.");
  command->add_option("--model", flags->models, "Model file, folder of models, or builtin:NAME; repeatable")
      ->type_name("PATH")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--out", flags->out, "Folder for the files")->type_name("DIR");
  command->add_flag("--list-parts", flags->list_parts,
                    "Print the parts, their temperatures, emissivities and places, and draw nothing");
  command
      ->add_option("--materials", flags->materials,
                   "YAML map of temperatures and emissivities, asked before the built-in ones")
      ->type_name("FILE");
  command->add_option("--attitude", flags->attitudes, "Roll, pitch, yaw in degrees; repeatable; default: 12 poses")
      ->type_name("R,P,Y")
      ->delimiter(',')
      ->allow_extra_args(false);
  const auto add_number = [&](const char* name, double& value, const char* text) {
    return command->add_option(name, value, text)->type_name("X")->capture_default_str();
  };
  command
      ->add_option("--range-m", flags->ranges_m,
                   "Distance; 0 = such that the model is 16 pixels long; repeatable: a row of the sheet each")
      ->type_name("X")
      ->check(CLI::NonNegativeNumber)
      ->allow_extra_args(false)
      ->default_str("0");
  add_number("--focal-length-mm", flags->view.focal_length_mm, "Focal length");
  add_number("--pixel-pitch-um", flags->view.pixel_pitch_um, "Pitch of the sensor's pixels");
  command->add_option("--off-axis-px", flags->off_axis_px, "Where the target's origin is imaged, from the optical axis")
      ->type_name("X,Y")
      ->delimiter(',')
      ->expected(2)
      ->default_str("0,0");
  add_number("--time-s", flags->view.time_s, "Middle of the exposure: rotors turn and wings beat from 0 on");
  add_number("--integration-time-s", flags->view.integration_time_s, "Exposure; what parts do meanwhile is averaged");
  command->add_option("--supersampling", flags->supersampling, "Cells per pixel along each axis, 1 to 64")
      ->type_name("N")
      ->capture_default_str();
  AddSurroundingsFlags(*command, flags->around);
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->callback([flags] { RunRender(*flags); });
}

}  // namespace mirst
