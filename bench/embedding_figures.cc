// The pictures of docs/embedding.md: a target of about 2, 9 and 40 px over the procedural stand-in's clouds, tree line
// and sea. One PNG a scene, one row a size; from left to right: template (contrast at its own resolution), coverage in
// the sensor's pixels, background, result, and eight times their difference about mid grey.
//   embedding_figures --out docs/images
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "bench/embedding_cases.h"
#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sequence_source.h"

namespace mirst::bench {
namespace {

constexpr int kTile_px = 32, kZoom = 4, kGap = 6, kColumns = 5;
const std::vector<double> kAreas_px{2, 9, 40};

struct SceneOfFigure {
  const char* name;
  ProceduralOptions::Scene scene;
  Vec2 place;  ///< of the target, shares of the frame
  int polarity;
  double scr;
};
const std::vector<SceneOfFigure> kScenes{{"cloud", ProceduralOptions::Scene::kSky, {0.42, 0.35}, 1, 3},
                                         {"tree-line", ProceduralOptions::Scene::kTreeLine, {0.55, 0.62}, -1, 2},
                                         {"sea", ProceduralOptions::Scene::kSea, {0.47, 0.8}, 1, 2}};

std::uint8_t Grey(double share) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(255 * share + 0.5), 0.0, 255.0));
}

/// One picture of several tiles; each shows a function of (y, x) in [0, 1], kZoom pixels a side.
class Canvas {
 public:
  explicit Canvas(int rows)
      : pixels_(rows * (kTile_px * kZoom + kGap) - kGap, kColumns * (kTile_px * kZoom + kGap) - kGap, 255) {}

  template <class Function>
  void Draw(int row, int column, int cells_per_px, Function&& share) {
    const int side = kTile_px * kZoom;
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x)
        pixels_(row * (side + kGap) + y, column * (side + kGap) + x) =
            Grey(share(y * cells_per_px / kZoom, x * cells_per_px / kZoom));
    }
  }
  const Image<std::uint8_t>& pixels() const { return pixels_; }

 private:
  Image<std::uint8_t> pixels_;
};

void DrawRow(const Template& blurred, const Frame& background, const EmbedRequest& request, int row, Canvas& canvas) {
  const SensorTemplate target = PlaceTemplate(blurred, request.centre_px, background.pixels.box());
  const EmbeddedTarget embedded = EmbedTarget(background, blurred, request);
  const int left = static_cast<int>(request.centre_px.x) - kTile_px / 2,
            top = static_cast<int>(request.centre_px.y) - kTile_px / 2;
  // The template at kZoom cells a pixel, its anchor in the tile's middle.
  const float strongest = *std::max_element(blurred.contrast.begin(), blurred.contrast.end(),
                                            [](float a, float b) { return std::abs(a) < std::abs(b); });
  canvas.Draw(row, 0, kZoom, [&](int y, int x) {
    const double cells = static_cast<double>(blurred.supersampling) / kZoom;
    const auto v = static_cast<int>(std::floor(blurred.anchor_cells.y + (y - kTile_px * kZoom / 2) * cells));
    const auto u = static_cast<int>(std::floor(blurred.anchor_cells.x + (x - kTile_px * kZoom / 2) * cells));
    return blurred.contrast.box().Contains(u, v) ? static_cast<double>(blurred.contrast(v, u) / strongest) : 0;
  });
  canvas.Draw(row, 1, 1, [&](int y, int x) {
    const int v = top + y - target.box.y, u = left + x - target.box.x;
    return target.coverage.box().Contains(u, v) ? target.opacity(v, u) : 0;
  });
  float low = 1e9F, high = 0;
  for (int y = 0; y < kTile_px; ++y) {
    for (int x = 0; x < kTile_px; ++x) {
      low = std::min({low, background.pixels(top + y, left + x), embedded.image(top + y, left + x)});
      high = std::max({high, background.pixels(top + y, left + x), embedded.image(top + y, left + x)});
    }
  }
  const auto stretched = [&](const Image<float>& image) {
    return [&image, low, high, top, left](int y, int x) {
      return static_cast<double>((image(top + y, left + x) - low) / std::max(1.0F, high - low));
    };
  };
  canvas.Draw(row, 2, 1, stretched(background.pixels));
  canvas.Draw(row, 3, 1, stretched(embedded.image));
  canvas.Draw(row, 4, 1, [&](int y, int x) {
    return 0.5 +
           8 * static_cast<double>(embedded.image(top + y, left + x) - background.pixels(top + y, left + x)) / 255;
  });
  fmt::print("{} px, SCR asked for {:g}, written {:.4f}\n", embedded.written.target_px, request.scr,
             embedded.written.scr);
}

void Run(const std::filesystem::path& out) {
  CreateFolder(out);
  const std::vector<PooledTemplate> pool = RenderPool(kAreas_px);
  const auto fixed_wing =
      std::find_if(pool.begin(), pool.end(), [](const PooledTemplate& pooled) { return pooled.model == "fixed-wing"; });
  for (const SceneOfFigure& figure : kScenes) {
    ProceduralOptions options;
    options.scene = figure.scene;
    const Frame background =
        OpenProceduralSource(options, {.seed = 5, .purpose = Purpose::kProceduralScene})->Read(8, 1)[0];
    Canvas canvas(static_cast<int>(kAreas_px.size()));
    for (std::size_t i = 0; i < kAreas_px.size(); ++i) {
      EmbedRequest request;
      request.centre_px = {figure.place.x * options.width + 0.3, figure.place.y * options.height + 0.4};
      request.scr = figure.scr;
      request.polarity = figure.polarity;
      request.rule = Box20Rule::ForBitDepth(background.bit_depth);
      DrawRow((fixed_wing + static_cast<std::ptrdiff_t>(i))->blurred, background, request, static_cast<int>(i), canvas);
    }
    const std::filesystem::path file = out / fmt::format("embedding-{}.png", figure.name);
    WriteFileAtomically(file, EncodePng(canvas.pixels()));
    fmt::print("{}\n", file.string());
  }
}

}  // namespace
}  // namespace mirst::bench

int main(int argc, char** argv) {
  std::filesystem::path out;
  CLI::App program("Pictures of embedded targets over the procedural stand-in");
  program.add_option("--out", out, "Folder of the pictures")->required();
  CLI11_PARSE(program, argc, argv);
  try {
    mirst::bench::Run(out);
  } catch (const mirst::Error& error) {
    fmt::print(stderr, "embedding_figures: error: {}\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
