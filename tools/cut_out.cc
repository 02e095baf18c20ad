#include "tools/cut_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

// Grey and alpha of a four-channel picture, double.
struct GreyAlpha {
  cv::Mat grey, alpha;
};

GreyAlpha Decode(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path);
  cv::Mat picture;
  try {
    picture = cv::imdecode(std::vector<char>(bytes.begin(), bytes.end()), cv::IMREAD_UNCHANGED);
    if (picture.empty()) throw BadInput(fmt::format("{}: no PNG picture", path.string()));
    if (picture.channels() != 4 || (picture.depth() != CV_8U && picture.depth() != CV_16U)) {
      throw BadInput(fmt::format("{}: {} channel{}, expected a PNG of 8 or 16 bit with an alpha channel", path.string(),
                                 picture.channels(), picture.channels() == 1 ? "" : "s"));
    }
    const double full = picture.depth() == CV_8U ? 255 : 65535;
    GreyAlpha result;
    std::vector<cv::Mat> channels;
    cv::split(picture, channels);
    for (cv::Mat& channel : channels) channel.convertTo(channel, CV_64F);
    const cv::Mat colour = 0.114 * channels[0] + 0.587 * channels[1] + 0.299 * channels[2];
    result.grey = colour;
    result.alpha = channels[3] / full;
    return result;
  } catch (const cv::Exception& error) {
    throw BadInput(fmt::format("{}: {}", path.string(), error.err));
  }
}

}  // namespace

Template ReadCutOut(const std::filesystem::path& path, std::optional<double> level, int supersampling) {
  const GreyAlpha picture = Decode(path);
  const int height = picture.grey.rows, width = picture.grey.cols;
  double lowest = 1e9, highest = -1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (picture.alpha.at<double>(y, x) <= 0) continue;
      lowest = std::min(lowest, picture.grey.at<double>(y, x));
      highest = std::max(highest, picture.grey.at<double>(y, x));
    }
  }
  if (highest < 0) throw BadInput(fmt::format("{}: alpha is 0 everywhere: nothing to embed", path.string()));
  if (!level && lowest == highest) {
    throw BadInput(
        fmt::format("{}: all grey is {:g}; --level must say what surrounded the target", path.string(), lowest));
  }
  Template cut_out;
  cut_out.opacity = Image<float>(height, width);
  cut_out.contrast = Image<float>(height, width);
  cut_out.supersampling = supersampling;
  cut_out.anchor_cells = {(width - 1) / 2.0, (height - 1) / 2.0};
  cut_out.unit = "counts";
  cut_out.model = path.filename().string();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double alpha = picture.alpha.at<double>(y, x);
      cut_out.opacity(y, x) = static_cast<float>(alpha);
      cut_out.contrast(y, x) = static_cast<float>(alpha * (picture.grey.at<double>(y, x) - level.value_or(lowest)));
    }
  }
  return cut_out;
}

}  // namespace mirst
