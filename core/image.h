// Owning and non-owning two-dimensional pixel arrays: contiguous, row-major, indexed (row y, column x). They hold
// values only; what the values mean is said by Frame, Template and the like.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/geometry.h"

namespace mirst {

/// Owning image, shape (height, width). Copies are deep; a default image is 0 x 0.
template <class T>
class Image {
 public:
  using value_type = T;

  Image() = default;
  Image(int height, int width, T fill = T{})
      : height_(CheckedExtent(height)),
        width_(CheckedExtent(width)),
        pixels_(static_cast<std::size_t>(height) * static_cast<std::size_t>(width), fill) {}

  int height() const { return height_; }
  int width() const { return width_; }
  std::size_t size() const { return pixels_.size(); }
  bool empty() const { return pixels_.empty(); }
  PixelBox box() const { return {0, 0, width_, height_}; }

  T& operator()(int y, int x) { return pixels_[Offset(y, x)]; }
  const T& operator()(int y, int x) const { return pixels_[Offset(y, x)]; }
  T* row(int y) { return pixels_.data() + Offset(y, 0); }
  const T* row(int y) const { return pixels_.data() + Offset(y, 0); }
  T* data() { return pixels_.data(); }
  const T* data() const { return pixels_.data(); }
  auto begin() { return pixels_.begin(); }
  auto end() { return pixels_.end(); }
  auto begin() const { return pixels_.begin(); }
  auto end() const { return pixels_.end(); }
  void Fill(T value) { std::fill(pixels_.begin(), pixels_.end(), value); }

  friend bool operator==(const Image&, const Image&) = default;

 private:
  static int CheckedExtent(int extent) {
    if (extent < 0) throw std::invalid_argument("negative image extent");
    return extent;
  }
  std::size_t Offset(int y, int x) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }

  int height_ = 0;
  int width_ = 0;
  std::vector<T> pixels_;
};

/// Non-owning window on an Image (or on any row-major memory); `stride` counts elements from row to row.
template <class T>
class ImageView {
 public:
  using value_type = std::remove_const_t<T>;

  ImageView(T* data, int height, int width, std::ptrdiff_t stride)
      : data_(data), height_(height), width_(width), stride_(stride) {}
  ImageView(Image<value_type>& image)  // NOLINT(google-explicit-constructor): a view is the image, seen
      : ImageView(image.data(), image.height(), image.width(), image.width()) {}
  ImageView(const Image<value_type>& image)  // NOLINT(google-explicit-constructor)
      requires std::is_const_v<T> : ImageView(image.data(), image.height(), image.width(), image.width()) {}

  int height() const { return height_; }
  int width() const { return width_; }
  std::ptrdiff_t stride() const { return stride_; }
  T* row(int y) const { return data_ + y * stride_; }
  T& operator()(int y, int x) const { return data_[y * stride_ + x]; }
  /// The part inside `box`, which must lie within the view.
  ImageView Window(const PixelBox& box) const {
    if (!PixelBox{0, 0, width_, height_}.Contains(box)) throw std::out_of_range("window outside the image");
    return {data_ + box.y * stride_ + box.x, box.height, box.width, stride_};
  }

 private:
  T* data_;
  int height_;
  int width_;
  std::ptrdiff_t stride_;
};

using Mask = Image<std::uint8_t>;  ///< 0 = outside, 255 = inside; readers take > 127 as inside

/// The smallest box that holds every pixel of `mask` above 127; empty when there is none.
PixelBox BoundingBox(const Mask& mask);

/// The number of pixels above 127.
std::int64_t CountPixels(const Mask& mask);

/// The pixels of `mask` that carry the id in `instance` (same shape); without it all of them: there is one target.
Mask PixelsOf(const Mask& mask, const Image<std::uint16_t>* instance, int id);

/// The part of `image` inside `box`, which lies within it.
template <class T>
Image<T> Crop(const Image<T>& image, const PixelBox& box) {
  Image<T> part(box.height, box.width);
  for (int y = 0; y < box.height; ++y) std::copy_n(image.row(box.y + y) + box.x, box.width, part.row(y));
  return part;
}

}  // namespace mirst
