#include "datasets/procedural_land.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "datasets/procedural_texture.h"

namespace mirst {
namespace {

// The part of the pixel around `position` that lies in [low, high].
double Overlap(double position, double low, double high) {
  return std::clamp(std::min(position + 0.5, high) - std::max(position - 0.5, low), 0.0, 1.0);
}

// What the calls below draw stands in the braces of these structs, whose elements are evaluated from left to right.
// Arguments of a function are not ordered: compilers would draw different worlds.
struct GroundShape {
  double top, warmth_k, contrast_k;
};
struct RidgeShape {
  double ground_row, height, ragged, warmth_k, mottle_k;
};
struct HouseShape {
  double left, ground_row, width, height;
};
struct UprightShape {  // a tree, a pole
  double x, foot_row, height;
};

class LandPainter {
 public:
  LandPainter(const LandShape& shape, const RandomKey& key)
      : shape_(shape),
        random_(key.WithObject(100)),
        land_{Image<float>(shape.height, shape.width), Image<float>(shape.height, shape.width)},
        grain_(Texture(24, 24, 2.4)),
        streaks_(Texture(96, 14, 2.6)),
        ridge_(Texture(160, 160, 3.2)) {}

  Land Paint() {
    switch (shape_.kind) {
      case LandKind::kNone:
        break;
      case LandKind::kCoast:
        PaintCoast();
        break;
      case LandKind::kSkyline:
        PaintSkyline();
        break;
      case LandKind::kTrees:
        PaintTrees();
        break;
    }
    return std::move(land_);
  }

 private:
  double Px(double at_256_rows) const { return at_256_rows * shape_.scale; }
  double Draw(double low, double high) { return random_.Uniform(low, high); }
  double Warm(double above_land_k) const { return shape_.warmth_k + above_land_k; }

  Image<float> Texture(double cell_x, double cell_y, double slope) {
    return FractalTexture(shape_.height, shape_.width, {Px(cell_x), Px(cell_y), slope}, random_);
  }
  static double At(const Image<float>& texture, int row, int column) {
    const int h = texture.height(), w = texture.width();
    return static_cast<double>(texture((row % h + h) % h, (column % w + w) % w));
  }

  // Lays coverage(x, y) in 0 ... 1 of temperature(x, y) over the pixels of `box`; columns wrap around.
  template <class Coverage, class Temperature>
  void Lay(double left, double top, double right, double bottom, const Coverage& coverage,
           const Temperature& temperature) {
    const int y0 = std::max(0, static_cast<int>(std::floor(top)));
    const int y1 = std::min(shape_.height - 1, static_cast<int>(std::ceil(bottom)));
    const int x0 = static_cast<int>(std::floor(left));
    const int x1 = std::min(static_cast<int>(std::ceil(right)), x0 + shape_.width - 1);
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const double c = coverage(x, y);
        if (c <= 0) continue;
        const int column = (x % shape_.width + shape_.width) % shape_.width;
        float& opacity = land_.opacity(y, column);
        float& warmth = land_.temperature(y, column);
        opacity = static_cast<float>(c + (1 - c) * static_cast<double>(opacity));
        warmth = static_cast<float>(c * temperature(x, y) + (1 - c) * static_cast<double>(warmth));
      }
    }
  }

  void Box(double left, double top, double right, double bottom, double warmth_k, double grain_k) {
    Lay(
        left, top, right, bottom, [=](int x, int y) { return Overlap(x, left, right) * Overlap(y, top, bottom); },
        [=, this](int x, int y) { return warmth_k + grain_k * At(streaks_, y, x); });
  }

  // A bar of round ends between two points, its width going from `width` to `end_width`.
  void Bar(Vec2 from, Vec2 to, double width, double end_width, double warmth_k) {
    const Vec2 axis = to - from;
    const double length2 = std::max(axis.x * axis.x + axis.y * axis.y, 1e-9), reach = width / 2 + 1;
    Lay(
        std::min(from.x, to.x) - reach, std::min(from.y, to.y) - reach, std::max(from.x, to.x) + reach,
        std::max(from.y, to.y) + reach,
        [=](int x, int y) {
          const double t = std::clamp(((x - from.x) * axis.x + (y - from.y) * axis.y) / length2, 0.0, 1.0);
          const double dx = x - from.x - t * axis.x, dy = y - from.y - t * axis.y;
          const double w = width + t * (end_width - width);
          return std::min(w, 1.0) * std::clamp(std::max(w, 1.0) / 2 + 0.5 - std::sqrt(dx * dx + dy * dy), 0.0, 1.0);
        },
        [=](int, int) { return warmth_k; });
  }

  // Everything below a line top(x), down to row `bottom`.
  template <class Top, class Temperature>
  void Below(double left, double right, double highest, double bottom, const Top& top, const Temperature& temperature) {
    Lay(
        left, highest, right, bottom,
        [&](int x, int y) { return Overlap(x, left, right) * Overlap(y, top(x), bottom); }, temperature);
  }

  // Ground from a row down, its texture pressed together towards the horizon, with bands of other temperature.
  void Ground(const GroundShape& ground) {
    const double top = ground.top, warmth_k = ground.warmth_k, contrast_k = ground.contrast_k;
    const double depth = Px(30);
    const double gradient = Draw(-3, 2), band_row = top + Draw(0.2, 0.9) * (shape_.height - top);
    const double band_height = Px(Draw(3, 16)), band_k = Draw(-7, 3);
    Below(
        0, shape_.width, top - 1, shape_.height + 1.0, [=](int) { return top; },
        [=, this](int x, int y) {
          const double d = std::max(0.0, y - top), v = d * (1 + 3 * depth / (depth + d));
          const double wave = band_row + Px(2) * At(ridge_, 0, x) - y;
          const double inside =
              SmoothStep(0, Px(1.5), wave) * (1 - SmoothStep(band_height, band_height + Px(1.5), wave));
          const int row = static_cast<int>(v);
          return warmth_k + gradient * d / (d + depth) + band_k * inside +
                 contrast_k * (At(streaks_, row, x) + 0.5 * At(grain_, row, x));
        });
  }

  // Hills, hedges, woods: a ragged upper edge, warm and mottled.
  void Ridge(const RidgeShape& ridge) {
    const int seam = static_cast<int>(random_.Integer(static_cast<std::uint32_t>(shape_.height)));
    Below(
        0, shape_.width, ridge.ground_row - 3 * ridge.height, ridge.ground_row,
        [=, this](int x) {
          const double crest = 1 + 0.4 * At(ridge_, seam, x) + ridge.ragged * At(grain_, seam, x);
          return ridge.ground_row - ridge.height * std::clamp(crest, 0.1, 2.6);
        },
        [=, this](int x, int y) {
          return ridge.warmth_k + ridge.mottle_k * (At(grain_, y + seam, x) + 0.5 * At(streaks_, y, x));
        });
  }

  // Each branch ends in two or three thinner ones.
  void Branch(Vec2 from, Vec2 along, double width, int levels, double warmth_k) {
    const Vec2 to = from + along;
    Bar(from, to, width, width * 0.75, warmth_k);
    if (levels == 0) return;
    const int children = levels > 4 ? 3 : 2 + static_cast<int>(random_.Integer(2));
    const double lean = random_.Integer(2) == 0 ? 0.8 : -0.8;
    for (int i = 0; i < children; ++i) {
      double turn = children == 2 ? (i == 0 ? lean : -lean) * Draw(0.1, 1.1) : (i - 1) * Draw(0.3, 0.9);
      turn += Draw(-0.2, 0.2);
      const double shrink = Draw(0.66, 0.88) / std::sqrt(1 + turn * turn);
      // Turned by adding a part of the normal; twigs also strive upwards.
      const double length = std::sqrt(along.x * along.x + along.y * along.y);
      const Vec2 next = {shrink * (along.x - turn * along.y), shrink * (along.y + turn * along.x) - 0.08 * length};
      Branch(to, next, width * 0.66, levels - 1, warmth_k + Draw(-1, 0.8));
    }
  }

  void BareTree(const UprightShape& tree) {
    const double warmth_k = Warm(Draw(-2, 3)), lean = Draw(-0.04, 0.04) * tree.height;
    Branch({tree.x, tree.foot_row}, {lean, -0.24 * tree.height}, std::max(1.5, 0.035 * tree.height),
           tree.height > Px(60) ? 7 : 6, warmth_k);
  }

  void House(const HouseShape& house) {
    const double left = house.left, ground_row = house.ground_row, width = house.width, height = house.height;
    const double wall_k = Warm(Draw(-4, 5)), right = left + width, eaves = ground_row - height;
    Box(left, eaves, right, ground_row, wall_k, 0.6);
    const double roof_k = Warm(Draw(-9, 6));
    if (random_.Integer(2) == 0) {
      const double rise = width * Draw(0.12, 0.35), middle = left + width * Draw(0.4, 0.6), overhang = Px(1.5);
      Below(
          left - overhang, right + overhang, eaves - rise - 1, eaves,
          [=](int x) { return eaves - rise * std::max(0.0, 1 - std::abs(x - middle) / (0.5 * width + overhang)); },
          [=](int, int) { return roof_k; });
      if (random_.Integer(2) == 0) {
        const double chimney = left + width * Draw(0.2, 0.8);
        Box(chimney, eaves - rise * 0.9 - Px(2), chimney + Px(3), eaves - rise * 0.2, Warm(Draw(2, 12)), 0);
      }
    } else {
      Box(left, eaves - Px(Draw(0.5, 3)), right, eaves, roof_k, 0);
    }
    const double pitch_x = Px(Draw(7, 13)), pitch_y = Px(Draw(9, 14)), pane_k = wall_k + Draw(-4, 5);
    for (double y = eaves + 0.3 * pitch_y; y + 0.5 * pitch_y < ground_row; y += pitch_y) {
      for (double x = left + 0.4 * pitch_x; x + 0.6 * pitch_x < right; x += pitch_x) {
        if (random_.Integer(5) != 0) Box(x, y, x + 0.5 * pitch_x, y + 0.55 * pitch_y, pane_k + Draw(-1, 1), 0);
      }
    }
  }

  void Pole(const UprightShape& pole) {
    const double lean = Draw(-0.015, 0.015) * pole.height, width = Px(Draw(1.2, 4)), warmth_k = Warm(Draw(-1, 8));
    const Vec2 foot = {pole.x, pole.foot_row}, head = foot + Vec2{lean, -pole.height};
    Bar(foot, head, width, 0.7 * width, warmth_k);
    if (random_.Integer(2) == 0) {
      const double reach = Px(Draw(4, 9)), side = random_.Integer(2) == 0 ? 1 : -1;
      Bar(head, head + Vec2{side * reach, -0.4 * reach}, 0.7 * width, 0.5 * width, warmth_k);
    }
  }

  void Fence(double foot_row) {
    const double spacing = Px(Draw(22, 60)), height = Px(Draw(22, 48));
    const double width = Px(Draw(1.5, 3.5)), warmth_k = Warm(Draw(0, 7));
    const int posts = std::max(2, static_cast<int>(shape_.width / spacing));
    const double step = static_cast<double>(shape_.width) / posts;
    for (int wire = 0; wire < 3; ++wire) {
      const double row = foot_row - height * (0.35 + 0.28 * wire);
      Bar({0, row}, {shape_.width - 1.0, row}, Px(0.3), Px(0.3), warmth_k - 3);
    }
    for (int i = 0; i < posts; ++i) {
      const double x = i * step + Draw(-1, 1), lean = Draw(-0.5, 0.5), post_k = warmth_k + Draw(-0.7, 0.7);
      Bar({x, foot_row}, {x + lean, foot_row - height}, width, 0.9 * width, post_k);
    }
  }

  // Small warm things on the ground: bales, stones, animals. They are clutter, never targets.
  void Specks(double top, int count) {
    for (int i = 0; i < count; ++i) {
      const double depth = Draw(0.03, 0.5), x = Draw(0, shape_.width), y = top + depth * (shape_.height - top);
      const double size = Px(1.5 + 7 * depth);
      Bar({x - 0.3 * size, y}, {x + 0.3 * size, y}, size, size, Warm(Draw(3, 10)));
    }
  }

  void PaintCoast() {
    const double coast = shape_.horizon_row, width = shape_.width;
    Ridge({coast, Px(Draw(4, 16)), Draw(0.03, 0.12), Warm(Draw(0, 3)), Draw(0.8, 2)});
    const double beach = Px(Draw(0.8, 2.5)), beach_k = Warm(Draw(2, 6));
    Box(0, coast - beach, width, coast + 0.4, beach_k, 1);
    for (std::uint32_t i = random_.Integer(6); i > 0; --i)
      House({Draw(0, width), coast, Px(Draw(5, 16)), Px(Draw(3, 7))});
    for (std::uint32_t i = random_.Integer(5); i > 0; --i) Pole({Draw(0, width), coast, Px(Draw(8, 26))});
  }

  void PaintSkyline() {
    const double ground = shape_.horizon_row, end = shape_.width;
    Ridge({ground, Px(Draw(4, 14)), Draw(0.1, 0.3), Warm(Draw(-2, 2)), 1.8});
    Ground({ground, Warm(Draw(-9, -2)), Draw(0.5, 1.6)});
    for (double x = Draw(0, Px(60)); x < end - Px(40); x += Px(Draw(-8, 50))) {
      const double width = Px(Draw(18, 90));
      House({x, ground + Px(Draw(0, 8)), width, Px(Draw(9, 42))});
      x += width;
    }
    for (double x = Draw(0, Px(80)); x < end; x += Px(Draw(60, 220))) BareTree({x, ground + Px(4), Px(Draw(25, 70))});
    for (double x = Draw(0, Px(60)); x < end; x += Px(Draw(40, 200))) {
      Pole({x, ground + Px(Draw(4, 30)), Px(Draw(40, 130))});
    }
    if (random_.Integer(3) == 0) {  // one house near by
      House({Draw(0, end), ground + Px(Draw(20, 60)), Px(Draw(90, 240)), Px(Draw(50, 90))});
    }
    if (random_.Integer(3) != 0) Fence(ground + Px(Draw(14, 50)));
    Specks(ground, static_cast<int>(random_.Integer(8)));
  }

  void PaintTrees() {
    const double ground = shape_.horizon_row;
    Ridge({ground, Px(Draw(8, 24)), Draw(0.12, 0.4), Warm(Draw(0, 4)), Draw(1, 2.5)});
    Ground({ground, Warm(Draw(-9, -2)), Draw(0.5, 1.6)});
    Specks(ground, static_cast<int>(random_.Integer(20)));
    if (random_.Integer(3) != 0) {
      const double size = Draw(0.5, 1.2);
      for (double x = 0; x < shape_.width; x += Px(size * Draw(35, 110))) {
        BareTree({x, ground + Px(size * Draw(4, 30)), Px(size * Draw(70, 130))});
      }
    }
    if (random_.Integer(2) == 0) Fence(ground + Px(Draw(14, 40)));
  }

  LandShape shape_;
  RandomStream random_;
  Land land_;
  Image<float> grain_, streaks_, ridge_;
};

}  // namespace

Land PaintLand(const LandShape& shape, const RandomKey& key) { return LandPainter(shape, key).Paint(); }

}  // namespace mirst
