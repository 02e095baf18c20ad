#include "datasets/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kFrameWidth = 320, kFrameHeight = kCardHeight - 6, kFocusSide = 40, kInset = kFocusSide * kEnlargement;
constexpr int kLineHeight = 17;
constexpr double kTextScale = 0.42;
constexpr std::size_t kMaxLines = 5;
const cv::Scalar kInk(40, 36, 34), kPaper(255, 255, 255), kCardColour(244, 246, 247);

cv::Scalar Bgr(Rgb colour) { return cv::Scalar(colour.blue, colour.green, colour.red); }

/// [low, high] onto 0..255, three equal channels.
cv::Mat Grey(const cv::Mat& pixels, double low, double high) {
  cv::Mat grey, colour;
  const double gain = 255 / std::max(high - low, 1.0);
  pixels.convertTo(grey, CV_8U, gain, -low * gain);
  cv::cvtColor(grey, colour, cv::COLOR_GRAY2BGR);
  return colour;
}

cv::Mat GreyByPercentiles(const cv::Mat& pixels) {
  std::vector<float> values;
  for (int y = 0; y < pixels.rows; ++y)
    values.insert(values.end(), pixels.ptr<float>(y), pixels.ptr<float>(y) + pixels.cols);
  const auto at = [&](double share) {
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), nth, values.end());
    return static_cast<double>(*nth);
  };
  const double low = at(0.005);
  return Grey(pixels, low, at(0.995));
}

/// A line in the sheet's font, cut with ".." where it is wider than `width`.
void Write(cv::Mat& canvas, std::string text, int x, int baseline, int width, double scale, int thickness,
           const cv::Scalar& ink = kInk) {
  const auto width_of = [&](const std::string& line) {
    return cv::getTextSize(line, cv::FONT_HERSHEY_SIMPLEX, scale, thickness, nullptr).width;
  };
  if (width_of(text) > width) {
    while (!text.empty() && width_of(text + "..") > width) text.pop_back();
    text += "..";
  }
  cv::putText(canvas, text, {x, baseline}, cv::FONT_HERSHEY_SIMPLEX, scale, ink, thickness, cv::LINE_AA);
}

void DrawFrame(cv::Mat canvas, const cv::Mat& pixels, const Card& card) {
  const double scale = std::min(1.0 * canvas.cols / pixels.cols, 1.0 * canvas.rows / pixels.rows);
  const cv::Size size(std::max(1, static_cast<int>(pixels.cols * scale)),
                      std::max(1, static_cast<int>(pixels.rows * scale)));
  cv::Mat view = canvas({(canvas.cols - size.width) / 2, (canvas.rows - size.height) / 2, size.width, size.height});
  cv::resize(GreyByPercentiles(pixels), view, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  for (const Mark& mark : card.marks) {
    constexpr int kAir = 6;  // so that the box hides nothing of what it marks
    const auto place = [&](int coordinate) { return static_cast<int>(std::lround(coordinate * scale)); };
    const cv::Point upper_left(place(mark.box.x) - kAir, place(mark.box.y) - kAir);
    const cv::Point lower_right(place(mark.box.right()) + kAir - 1, place(mark.box.bottom()) + kAir - 1);
    cv::rectangle(view, upper_left - cv::Point(1, 1), lower_right + cv::Point(1, 1), cv::Scalar(0, 0, 0), 1);
    cv::rectangle(view, upper_left, lower_right, Bgr(mark.colour), 2);
  }
}

/// Lines between pixels of the mask and pixels outside of it.
void DrawOutline(cv::Mat& inset, const Outline& outline, const PixelBox& window) {
  const auto inside = [&](int y, int x) { return outline.mask.box().Contains(x, y) && outline.mask(y, x) > 127; };
  for (int y = window.y; y < window.bottom(); ++y) {
    for (int x = window.x; x < window.right(); ++x) {
      if (!inside(y, x)) continue;
      const int left = (x - window.x) * kEnlargement, top = (y - window.y) * kEnlargement;
      const int right = left + kEnlargement - 1, bottom = top + kEnlargement - 1;
      const auto line = [&](int x0, int y0, int x1, int y1) {
        cv::line(inset, {x0, y0}, {x1, y1}, Bgr(outline.colour));
      };
      if (!inside(y - 1, x)) line(left, top, right, top);
      if (!inside(y + 1, x)) line(left, bottom, right, bottom);
      if (!inside(y, x - 1)) line(left, top, left, bottom);
      if (!inside(y, x + 1)) line(right, top, right, bottom);
    }
  }
}

void DrawInset(cv::Mat canvas, const cv::Mat& pixels, const Card& card) {
  const int width = std::min(kFocusSide, pixels.cols), height = std::min(kFocusSide, pixels.rows);
  const auto start = [](double centre, int side, int extent) {
    return std::clamp(static_cast<int>(std::lround(centre)) - side / 2, 0, extent - side);
  };
  const PixelBox window{start(card.focus_xy.x, width, pixels.cols), start(card.focus_xy.y, height, pixels.rows), width,
                        height};
  const cv::Mat part = pixels({window.x, window.y, window.width, window.height});
  double low = 0, high = 0;
  cv::minMaxLoc(part, &low, &high);
  cv::Mat inset;
  cv::resize(Grey(part, low, high), inset, {}, kEnlargement, kEnlargement, cv::INTER_NEAREST);
  for (const Outline& outline : card.outlines) DrawOutline(inset, outline, window);
  inset.copyTo(canvas({0, 0, inset.cols, inset.rows}));
}

void DrawCard(cv::Mat canvas, const Card& card) {
  if (card.frame.empty()) throw InternalError("a contact sheet of an empty frame");
  canvas.setTo(kCardColour);
  Image<float> frame = card.frame;  // OpenCV has no read-only matrix
  const cv::Mat pixels(frame.height(), frame.width(), CV_32F, frame.data());
  const int air = (kCardHeight - kFrameHeight) / 2, column = air + kFrameWidth + 8;
  DrawFrame(canvas({air, air, kFrameWidth, kFrameHeight}), pixels, card);
  DrawInset(canvas({column, air, kInset, kInset}), pixels, card);
  int baseline = air + kInset + kLineHeight - 1;
  Write(canvas, card.title, column, baseline, kCardWidth - column - 2, kTextScale, 1, cv::Scalar(130, 60, 10));
  for (std::size_t i = 0; i < std::min(card.lines.size(), kMaxLines); ++i) {
    Write(canvas, card.lines[i], column, baseline += kLineHeight - 2, kCardWidth - column - 2, 0.92 * kTextScale, 1);
  }
}

}  // namespace

std::vector<std::size_t> EvenlySpread(std::size_t total, std::size_t wanted) {
  const std::size_t count = std::min(total, wanted);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < count; ++i) indices.push_back((2 * i + 1) * total / (2 * count));
  return indices;
}

SheetSize SheetSizeOf(std::size_t cards) {
  const int count = static_cast<int>(cards), columns = std::clamp(count, 1, 3), rows = (count + columns - 1) / columns;
  return {2 * kSheetMargin + columns * (kCardWidth + kCardGap) - kCardGap,
          2 * kSheetMargin + kSheetTitleHeight + kSheetLegendHeight + rows * (kCardHeight + kCardGap) - kCardGap,
          columns};
}

Image<Rgb> DrawContactSheet(const std::string& title, const std::vector<Card>& cards,
                            const std::vector<LegendEntry>& legend) {
  if (cards.empty()) throw InternalError("a contact sheet without cards");
  const SheetSize size = SheetSizeOf(cards.size());
  Image<Rgb> sheet(size.height, size.width);
  try {
    cv::Mat canvas(size.height, size.width, CV_8UC3, kPaper);
    Write(canvas, title, kSheetMargin, kSheetMargin + 20, size.width - 2 * kSheetMargin, 0.62, 1);
    for (std::size_t i = 0; i < cards.size(); ++i) {
      const int column = static_cast<int>(i) % size.columns, row = static_cast<int>(i) / size.columns;
      const cv::Rect place(kSheetMargin + column * (kCardWidth + kCardGap),
                           kSheetMargin + kSheetTitleHeight + row * (kCardHeight + kCardGap), kCardWidth, kCardHeight);
      DrawCard(canvas(place), cards[i]);
    }
    int x = kSheetMargin;
    const int baseline = size.height - kSheetMargin - 4;
    for (const LegendEntry& entry : legend) {
      if (entry.colour != Rgb{}) {
        cv::rectangle(canvas, {x, baseline - 10, 11, 11}, Bgr(entry.colour), cv::FILLED);
        x += 17;
      }
      Write(canvas, entry.text, x, baseline, size.width - kSheetMargin - x, kTextScale, 1);
      x += cv::getTextSize(entry.text, cv::FONT_HERSHEY_SIMPLEX, kTextScale, 1, nullptr).width + 22;
    }
    for (int y = 0; y < size.height; ++y) {
      for (int column = 0; column < size.width; ++column) {
        const cv::Vec3b& pixel = canvas.at<cv::Vec3b>(y, column);
        sheet(y, column) = {pixel[2], pixel[1], pixel[0]};
      }
    }
  } catch (const cv::Exception& error) {
    throw InternalError("drawing a contact sheet failed: " + std::string(error.what()));
  }
  return sheet;
}

}  // namespace mirst
