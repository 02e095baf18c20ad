// Small labelled sequences and files for the tests of datasets/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/manifest.h"
#include "core/random.h"
#include "core/sample.h"

namespace mirst::test {

/// Bytes into a new file, without any check of their content.
inline void WriteBytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw BadInput("cannot write " + path.string());
}

/// Uniform noise over the whole range of `bit_depth`; the first two pixels are the range's ends.
inline Image<std::uint16_t> NoiseImage(int height, int width, int bit_depth, std::uint32_t stream) {
  RandomStream random(RandomKey{.seed = 5, .sequence = stream, .purpose = Purpose::kTest});
  Image<std::uint16_t> image(height, width);
  for (std::uint16_t& value : image) value = static_cast<std::uint16_t>(random.Integer(1U << bit_depth));
  image(0, 0) = 0;
  image(0, 1) = static_cast<std::uint16_t>(MaxCount(bit_depth));
  return image;
}

inline Image<float> AsFloat(const Image<std::uint16_t>& counts) {
  Image<float> pixels(counts.height(), counts.width());
  for (int y = 0; y < counts.height(); ++y) {
    for (int x = 0; x < counts.width(); ++x) pixels(y, x) = counts(y, x);
  }
  return pixels;
}

/// Three frames of 24 x 20 px that use every kind of file: frame 0 has one target; frame 1 two targets, an instance and
/// an ignore mask; frame 2 none and no coverage. With backgrounds. `stream` makes the content.
inline Sample MakeSample(const std::string& name, int bit_depth, std::uint32_t stream) {
  constexpr int kHeight = 20, kWidth = 24;
  Sample sample{name, RandomKey{.seed = 5, .sequence = stream}, {}};
  for (int index = 0; index < 3; ++index) {
    const auto noise = [&](int depth, std::uint32_t image) {
      return NoiseImage(kHeight, kWidth, depth, 100 * stream + 10 * static_cast<std::uint32_t>(index) + image);
    };
    LabelledFrame labelled;
    labelled.frame = {AsFloat(noise(bit_depth, 0)),
                      Quantity::kCounts,
                      bit_depth,
                      index,
                      0.04 * index,
                      "00000" + std::to_string(index) + ".png"};
    labelled.mask = Mask(kHeight, kWidth);
    labelled.background = AsFloat(noise(bit_depth, 1));
    labelled.annotation = {labelled.frame.name, index, labelled.frame.time_s, {}};
    if (index < 2) labelled.coverage = noise(16, 2);
    if (index == 1) {
      labelled.ignore = Mask(kHeight, kWidth);
      (*labelled.ignore)(3, 4) = 255;
      labelled.instance = Image<std::uint16_t>(kHeight, kWidth);
    }
    const int targets = index == 0 ? 1 : index == 1 ? 2 : 0;
    for (int id = 1; id <= targets; ++id) {
      Annotation target;
      target.id = id;
      target.class_name = "quadrotor";
      target.box = {4 * id, 6, 2, 1};
      target.centroid_xy = {4 * id + 0.1, 6.0 + 1.0 / 3};
      target.area_px = 2;
      target.scr_id = "box20";
      target.scr_requested = 3;
      target.scr = {{"box20", 2.99}};
      target.flags = {{"quantised", 0.04}};
      for (int x = target.box.x; x < target.box.right(); ++x) {
        labelled.mask(6, x) = 255;
        if (labelled.instance) (*labelled.instance)(6, x) = static_cast<std::uint16_t>(id);
      }
      labelled.annotation.targets.push_back(target);
    }
    sample.frames.push_back(std::move(labelled));
  }
  return sample;
}

/// The manifest's entry of a sample; its background source has the sample's name.
inline ManifestSequence EntryOf(const Sample& sample, const std::string& split) {
  ManifestSequence entry;
  entry.name = sample.name;
  entry.split = split;
  entry.background.source = sample.name;
  entry.frames = static_cast<int>(sample.frames.size());
  entry.width = sample.frames.front().frame.pixels.width();
  entry.height = sample.frames.front().frame.pixels.height();
  entry.bit_depth = sample.frames.front().frame.bit_depth;
  return entry;
}

/// The text of the Error that `function` throws; empty when it throws none. Other exceptions pass through.
template <class Function>
std::string ErrorText(ErrorCode code, Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code() == code ? error.what() : "another code: " + std::string(error.what());
  }
  return "";
}

}  // namespace mirst::test
