#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "datasets/inspection_files.h"

namespace mirst {
namespace {

const cv::Scalar kInk(40, 36, 34), kFaint(200, 200, 200), kBlue(150, 80, 20), kOrange(20, 110, 220);
constexpr int kMargin = 20, kColumn = 470, kTextWidth = 480, kViewHeight = 380, kPlotHeight = 220, kCropSide = 40,
              kCropScale = 3;

void Write(cv::Mat& page, const std::string& text, cv::Point baseline, double scale = 0.45,
           const cv::Scalar& ink = kInk) {
  cv::putText(page, text, baseline, cv::FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv::LINE_AA);
}

int WidthOf(const std::string& text, double scale) {
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 1, nullptr).width;
}

/// Breaks at spaces; returns the baseline behind the last line.
int WriteWrapped(cv::Mat& page, const std::string& text, cv::Point baseline, int width) {
  constexpr double kScale = 0.42;
  std::string line;
  std::size_t begin = 0;
  const auto flush = [&] {
    Write(page, line, baseline, kScale);
    baseline.y += 17;
    line = "   ";
  };
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!line.empty() && WidthOf(line + " " + word, kScale) > width) flush();
    line += (line.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  flush();
  return baseline.y;
}

/// [low, high] onto 0..255.
cv::Mat Grey(Image<float> pixels, double low, double high) {
  cv::Mat grey, colour;
  const double gain = 255 / std::max(high - low, 1e-6);
  cv::Mat(pixels.height(), pixels.width(), CV_32F, pixels.data()).convertTo(grey, CV_8U, gain, -low * gain);
  cv::cvtColor(grey, colour, cv::COLOR_GRAY2BGR);
  return colour;
}

struct View {
  cv::Rect place;
  double scale = 1;
};

/// Draws the picture as large as the area allows.
View Show(cv::Mat& page, const cv::Mat& picture, const cv::Rect& area) {
  const double scale = std::min(1.0 * area.width / picture.cols, 1.0 * area.height / picture.rows);
  const cv::Rect place(area.x, area.y, std::max(1, static_cast<int>(picture.cols * scale)),
                       std::max(1, static_cast<int>(picture.rows * scale)));
  cv::resize(picture, page(place), place.size(), 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_NEAREST);
  return {place, scale};
}

void Mark(cv::Mat& page, const View& view, const PixelBox& box, const cv::Scalar& colour, const std::string& label) {
  const auto at = [&](double v) { return static_cast<int>(std::lround(v * view.scale)); };
  const cv::Rect place(view.place.x + at(box.x) - 3, view.place.y + at(box.y) - 3, at(box.width) + 6,
                       at(box.height) + 6);
  cv::rectangle(page, place & view.place, colour, 1);
  Write(page, label, {std::min(place.br().x + 2, view.place.br().x - 14), std::max(place.y + 4, view.place.y + 12)},
        0.4, colour);
}

struct Curve {
  std::vector<double> x, y;
  cv::Scalar colour;
  std::string name;
};

/// Curves in a frame with the axes' ends written; logarithms are taken by the caller.
void Plot(cv::Mat& page, const cv::Rect& area, const std::string& title, const std::vector<Curve>& curves,
          const std::string& x_ends, const std::string& y_ends, double y_low, double y_high) {
  Write(page, title, {area.x, area.y - 6});
  cv::rectangle(page, area, kFaint, 1);
  double x_low = 1e300, x_high = -1e300;
  for (const Curve& curve : curves) {
    for (const double x : curve.x) {
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
    }
  }
  int name_x = area.x + WidthOf(title, 0.45) + 18;
  for (const Curve& curve : curves) {
    std::vector<cv::Point> points;
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      const double u = (curve.x[i] - x_low) / std::max(x_high - x_low, 1e-12);
      const double v = std::clamp((curve.y[i] - y_low) / std::max(y_high - y_low, 1e-12), 0.0, 1.0);
      points.emplace_back(area.x + static_cast<int>(std::lround(u * (area.width - 1))),
                          area.br().y - 1 - static_cast<int>(std::lround(v * (area.height - 1))));
    }
    cv::polylines(page, points, false, curve.colour, 1, cv::LINE_AA);
    Write(page, curve.name, {name_x, area.y - 6}, 0.4, curve.colour);
    name_x += WidthOf(curve.name, 0.4) + 14;
  }
  Write(page, x_ends + (y_ends.empty() ? "" : "   |   " + y_ends), {area.x, area.br().y + 15}, 0.38);
}

void PlotHistogram(cv::Mat& page, const cv::Rect& area, const LevelStatistics& levels) {
  Curve curve{{}, {}, kBlue, ""};
  double highest = 0;
  const int bins = std::min(256, levels.max - levels.min + 1), range = levels.max - levels.min + 1;
  std::vector<double> counts(static_cast<std::size_t>(bins));
  for (int level = levels.min; level <= levels.max; ++level)
    counts[static_cast<std::size_t>(static_cast<std::int64_t>(level - levels.min) * bins / range)] +=
        static_cast<double>(levels.histogram[static_cast<std::size_t>(level)]);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    curve.x.push_back(static_cast<double>(i));
    curve.y.push_back(std::log10(1 + counts[i]));
    highest = std::max(highest, curve.y.back());
  }
  Plot(page, area, "histogram", {curve}, fmt::format("counts {} .. {}", levels.min, levels.max),
       "height: log of the pixels", 0, highest);
}

void PlotSpectrum(cv::Mat& page, const cv::Rect& area, const SpectrumStatistics& spectrum) {
  Curve curve{{}, {}, kBlue, fmt::format("slope {:.2f}", spectrum.slope)};
  for (std::size_t i = 0; i < spectrum.power.size(); ++i) {
    if (spectrum.power[i] <= 0) continue;
    curve.x.push_back(std::log10(spectrum.frequency[i]));
    curve.y.push_back(std::log10(spectrum.power[i]));
  }
  if (curve.x.empty()) return;
  const auto [low, high] = std::minmax_element(curve.y.begin(), curve.y.end());
  Plot(page, area, "power spectrum (log, log)", {curve},
       fmt::format("{:.3f} .. 0.5 cycles/px", std::pow(10, curve.x.front())),
       fmt::format("1e{:.1f} .. 1e{:.1f} counts^2 px^2", *low, *high), *low, *high);
}

void PlotTime(cv::Mat& page, const cv::Rect& area, const Inspection& inspection) {
  Curve repeated{{}, {}, kBlue, "repeated pixels, 0..1"}, moved{{}, {}, kOrange, ""};
  const double largest = std::max(1.0, inspection.motion.largest_shift_px);
  for (std::size_t i = 0; i < inspection.motion.shifts.size(); ++i) {
    const Vec2 shift = inspection.motion.shifts[i].shift_px;
    repeated.x.push_back(static_cast<double>(i + 1));
    repeated.y.push_back(inspection.repeats.pixel_share[i]);
    moved.x.push_back(static_cast<double>(i + 1));
    moved.y.push_back(std::hypot(shift.x, shift.y) / largest);
  }
  if (repeated.x.empty()) return;
  moved.name = fmt::format("shift, 0..{:.2g} px", largest);
  Plot(page, area, "from frame to frame", {repeated, moved},
       fmt::format("frames 1 .. {}", inspection.motion.shifts.size()), "", 0, 1);
}

std::vector<std::string> Numbers(const Inspection& i) {
  const auto sigma = [](const std::optional<double>& value) { return value ? fmt::format("{:.2f}", *value) : "-"; };
  return {
      fmt::format("{} x {} px, {} bit, {} frames ({} looked at)", i.source.width, i.source.height, i.source.bit_depth,
                  i.source.frame_count, i.frames),
      fmt::format("{:.4g} Hz ({})", i.frame_rate_hz, i.frame_rate_from),
      fmt::format("counts {}..{}, 0.1 % to 99.9 %: {}..{}", i.levels.min, i.levels.max, i.levels.p001, i.levels.p999),
      fmt::format("entropy {:.2f} bit/px, clipped {:.2f} %", i.levels.entropy_bits,
                  100 * (i.levels.saturated_share + i.levels.floor_share)),
      fmt::format("temporal noise {:.2f} counts", i.temporal_noise),
      fmt::format("3-D noise: tvh {:.2f} tv {:.2f} th {:.2f} t {:.2f}", i.noise3d.tvh, i.noise3d.tv, i.noise3d.th,
                  i.noise3d.t),
      fmt::format("    with scene: vh {:.2f} v {:.2f} h {:.2f}", i.noise3d.vh, i.noise3d.v, i.noise3d.h),
      fmt::format("repeated: pixels {:.1f} %, 8x8 {:.1f} %, 16x16 {:.1f} %", 100 * i.repeats.mean_pixel_share,
                  100 * i.repeats.mean_block8_share, 100 * i.repeats.mean_block16_share),
      fmt::format("shift: median {:.2f}, largest {:.2f}, travel {:.0f} px", i.motion.median_shift_px,
                  i.motion.largest_shift_px, i.motion.travel_px),
      fmt::format("registration: r {:.3f}, residual {:.2f}, failed {:.0f} %", i.motion.median_correlation,
                  i.motion.median_residual_counts, 100 * i.motion.failed_share),
      fmt::format("edges {}: blur {} px, PSF {} px", i.sharpness.edges, sigma(i.sharpness.blur_sigma_px),
                  sigma(i.sharpness.psf_sigma_px)),
      fmt::format("licence: {}", i.licence.value_or("not stated"))};
}

void DrawSuspects(cv::Mat& page, const std::vector<std::pair<const Suspect*, cv::Scalar>>& suspects,
                  const SequenceSource& source, int top) {
  int x = kMargin;
  for (std::size_t i = 0; i < suspects.size() && x + kCropSide * kCropScale <= page.cols - kMargin; ++i) {
    const Suspect& suspect = *suspects[i].first;
    const SuspectBox& seen = suspect.boxes[suspect.boxes.size() / 2];
    const Image<float> frame = source.Read(seen.frame, 1).front().pixels;
    const int width = std::min(kCropSide, frame.width()), height = std::min(kCropSide, frame.height());
    const int left = std::clamp(seen.box.x + seen.box.width / 2 - width / 2, 0, frame.width() - width);
    const int upper = std::clamp(seen.box.y + seen.box.height / 2 - height / 2, 0, frame.height() - height);
    Image<float> crop(height, width);
    for (int y = 0; y < height; ++y) std::copy_n(frame.row(upper + y) + left, width, crop.row(y));
    const auto [low, high] = std::minmax_element(crop.begin(), crop.end());
    const View view = Show(page, Grey(crop, static_cast<double>(*low), static_cast<double>(*high)),
                           {x, top, kCropSide * kCropScale, kCropSide * kCropScale});
    Mark(page, view, {seen.box.x - left, seen.box.y - upper, seen.box.width, seen.box.height}, suspects[i].second, "");
    const int below = top + kCropSide * kCropScale;
    Write(page, fmt::format("{}: frames {}-{}", i + 1, suspect.boxes.front().frame, suspect.boxes.back().frame),
          {x, below + 15}, 0.4, suspects[i].second);
    Write(page, fmt::format("contrast {:.1f}, {:.0f} px", suspect.mean_contrast, suspect.scene_travel_px),
          {x, below + 31}, 0.38);
    x += kCropSide * kCropScale + 12;
  }
}

}  // namespace

Image<Rgb> DrawInspection(const Inspection& inspection, const SequenceSource& source) {
  const cv::Scalar red(50, 60, 235), green(80, 160, 40), grey(150, 150, 150), amber(0, 140, 230);
  cv::Mat page(kPageHeight, kPageWidth, CV_8UC3, cv::Scalar(255, 255, 255));
  try {
    const cv::Scalar verdict = inspection.fitness == Fitness::kFit      ? green
                               : inspection.fitness == Fitness::kReview ? amber
                                                                        : red;
    Write(page, inspection.source.name, {kMargin, 36}, 0.8);
    Write(page, ToString(inspection.fitness), {kMargin + WidthOf(inspection.source.name, 0.8) + 24, 36}, 0.8, verdict);

    const int middle = inspection.frames / 2, top = 74;
    std::vector<std::pair<const Suspect*, cv::Scalar>> suspects;
    for (const Suspect& suspect : inspection.suspects) suspects.emplace_back(&suspect, red);
    for (const Suspect& suspect : inspection.known_suspects) suspects.emplace_back(&suspect, green);
    for (const Suspect& suspect : inspection.fixed_spots) suspects.emplace_back(&suspect, grey);
    Write(page, fmt::format("frame {}: suspects red, known green, sensor grey", middle), {kMargin, top - 8});
    const View view =
        Show(page, Grey(source.Read(middle, 1).front().pixels, inspection.levels.p001, inspection.levels.p999),
             {kMargin, top, kColumn - 10, kViewHeight});
    for (std::size_t i = 0; i < suspects.size(); ++i) {
      const auto& boxes = suspects[i].first->boxes;
      const auto nearest = std::min_element(boxes.begin(), boxes.end(), [&](const SuspectBox& a, const SuspectBox& b) {
        return std::abs(a.frame - middle) < std::abs(b.frame - middle);
      });
      Mark(page, view, nearest->box, suspects[i].second, std::to_string(i + 1));
    }

    std::vector<Image<float>> some;  // a noise map of 60 frames in succession is as good as one of all
    for (Frame& frame : source.Read(0, std::min(inspection.frames, 60))) some.push_back(std::move(frame.pixels));
    const Image<float> sigma = TemporalSigma(some);
    std::vector<float> sorted(sigma.begin(), sigma.end());
    const auto high = sorted.begin() + static_cast<std::ptrdiff_t>(0.98 * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), high, sorted.end());
    const double brightest = std::max(0.1, static_cast<double>(*high));
    Write(page, fmt::format("temporal sigma of {} frames, black 0, white {:.2f} counts", some.size(), brightest),
          {kMargin + kColumn, top - 8});
    Show(page, Grey(sigma, 0, brightest), {kMargin + kColumn, top, kColumn - 10, kViewHeight});

    cv::Point text(kMargin + 2 * kColumn, top + 6);
    for (const std::string& line : Numbers(inspection)) text.y = WriteWrapped(page, line, text, kTextWidth);
    text.y += 8;
    for (const std::string& fault : inspection.faults) text.y = WriteWrapped(page, "UNFIT: " + fault, text, kTextWidth);
    for (const std::string& note : inspection.notes) text.y = WriteWrapped(page, "- " + note, text, kTextWidth);

    const int plots = std::max(top + kViewHeight, text.y) + 50;
    const auto plot_area = [&](int column) {
      return cv::Rect(kMargin + column * kColumn, plots, kColumn - 30, kPlotHeight);
    };
    PlotHistogram(page, plot_area(0), inspection.levels);
    PlotSpectrum(page, plot_area(1), inspection.spectrum);
    PlotTime(page, plot_area(2), inspection);
    const int crops = plots + kPlotHeight + 40;
    DrawSuspects(page, suspects, source, crops);
    page = page.rowRange(0, std::min(page.rows, crops + (suspects.empty() ? 0 : kCropSide * kCropScale + 50))).clone();
  } catch (const cv::Exception& error) {
    throw InternalError("drawing an inspection failed: " + std::string(error.what()));
  }
  Image<Rgb> picture(page.rows, page.cols);
  for (int y = 0; y < page.rows; ++y) {
    for (int x = 0; x < page.cols; ++x) {
      const cv::Vec3b& pixel = page.at<cv::Vec3b>(y, x);
      picture(y, x) = {pixel[2], pixel[1], pixel[0]};
    }
  }
  return picture;
}

}  // namespace mirst
