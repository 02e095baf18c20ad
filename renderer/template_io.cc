#include "renderer/template_io.h"

#include <ImfChannelList.h>
#include <ImfDoubleAttribute.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfIntAttribute.h>
#include <ImfOutputFile.h>
#include <ImfStringAttribute.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

constexpr int kVersion = 2;  // 1 lacks what VisitNewerFields names
constexpr int kLargestExtent = 16384;

class TextOutput final : public Imf::OStream {
 public:
  TextOutput() : OStream("template") {}
  void write(const char data[], int count) override {
    const auto n = static_cast<std::size_t>(count);
    if (bytes_.size() < position_ + n) bytes_.resize(position_ + n);
    std::memcpy(bytes_.data() + position_, data, n);
    position_ += n;
  }
  std::uint64_t tellp() override { return position_; }
  void seekp(std::uint64_t position) override { position_ = position; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t position_ = 0;
};

class TextInput final : public Imf::IStream {
 public:
  TextInput(const std::string& bytes, const char* name) : IStream(name), bytes_(bytes) {}
  bool read(char data[], int count) override {
    const auto n = static_cast<std::size_t>(count);
    if (position_ > bytes_.size() || bytes_.size() - position_ < n) throw BadInput("the file ends too early");
    std::memcpy(data, bytes_.data() + position_, n);
    position_ += n;
    return position_ < bytes_.size();
  }
  std::uint64_t tellg() override { return position_; }
  void seekg(std::uint64_t position) override { position_ = position; }

 private:
  const std::string& bytes_;
  std::size_t position_ = 0;
};

Imf::Slice SliceOf(const Image<float>& image, int first_x, int first_y) {
  // OpenEXR addresses pixel (x, y) of its data window as base + x * 4 + y * row; it never writes through an output's
  // slice.
  const auto row = static_cast<std::ptrdiff_t>(image.width()) * static_cast<std::ptrdiff_t>(sizeof(float));
  auto* const base = reinterpret_cast<char*>(const_cast<float*>(image.data()));
  return Imf::Slice(Imf::FLOAT, base - first_x * static_cast<std::ptrdiff_t>(sizeof(float)) - first_y * row,
                    sizeof(float), static_cast<std::size_t>(row));
}

Imf::FrameBuffer BufferOf(const Template& rendered, int first_x = 0, int first_y = 0) {
  Imf::FrameBuffer buffer;
  buffer.insert("opacity", SliceOf(rendered.opacity, first_x, first_y));
  buffer.insert("contrast", SliceOf(rendered.contrast, first_x, first_y));
  return buffer;
}

// Names each field once for writing and reading.
template <class Header, class Field>
void VisitFields(Header& rendered, Field&& field) {
  field("mirst_supersampling", rendered.supersampling);
  field("mirst_anchor_x_cells", rendered.anchor_cells.x);
  field("mirst_anchor_y_cells", rendered.anchor_cells.y);
  field("mirst_unit", rendered.unit);
  field("mirst_band", rendered.band);
  field("mirst_pixel_pitch_um", rendered.pixel_pitch_um);
  field("mirst_range_m", rendered.range_m);
  field("mirst_roll_deg", rendered.attitude.roll_deg);
  field("mirst_pitch_deg", rendered.attitude.pitch_deg);
  field("mirst_yaw_deg", rendered.attitude.yaw_deg);
  field("mirst_model", rendered.model);
  field("mirst_model_sha256", rendered.model_sha256);
}

template <class Header, class Field>
void VisitNewerFields(Header& rendered, Field&& field) {
  field("mirst_off_axis_x_px", rendered.off_axis_px.x);
  field("mirst_off_axis_y_px", rendered.off_axis_px.y);
  field("mirst_time_s", rendered.time_s);
  field("mirst_integration_time_s", rendered.integration_time_s);
}

class HeaderWriter {
 public:
  explicit HeaderWriter(Imf::Header& header) : header_(header) {}
  void operator()(const char* name, int value) { header_.insert(name, Imf::IntAttribute(value)); }
  void operator()(const char* name, double value) { header_.insert(name, Imf::DoubleAttribute(value)); }
  void operator()(const char* name, const std::string& value) { header_.insert(name, Imf::StringAttribute(value)); }

 private:
  Imf::Header& header_;
};

class HeaderReader {
 public:
  explicit HeaderReader(const Imf::Header& header) : header_(header) {}
  void operator()(const char* name, int& value) { value = Find<Imf::IntAttribute>(name).value(); }
  void operator()(const char* name, double& value) {
    value = Find<Imf::DoubleAttribute>(name).value();
    if (!std::isfinite(value)) throw BadInput(fmt::format("the attribute {} is no finite number", name));
  }
  void operator()(const char* name, std::string& value) { value = Find<Imf::StringAttribute>(name).value(); }

 private:
  template <class Attribute>
  const Attribute& Find(const char* name) const {
    const auto* attribute = header_.findTypedAttribute<Attribute>(name);
    if (attribute == nullptr) throw BadInput(fmt::format("no template of mirst: the attribute {} is missing", name));
    return *attribute;
  }
  const Imf::Header& header_;
};

Template Decode(const std::string& bytes) {
  if (bytes.empty()) throw BadInput("the file is empty");
  TextInput input(bytes, "template");
  Imf::InputFile file(input, 0);
  const Imf::Header& header = file.header();
  Template rendered;
  int version = 0;
  HeaderReader reader(header);
  reader("mirst_template_version", version);
  if (version < 1 || version > kVersion) {
    throw BadInput(fmt::format("template version {}; this program reads versions 1 to {}", version, kVersion));
  }
  VisitFields(rendered, reader);
  if (version >= 2) VisitNewerFields(rendered, reader);
  if (rendered.supersampling < 1) throw BadInput(fmt::format("a supersampling of {}", rendered.supersampling));
  for (const char* channel : {"opacity", "contrast"}) {
    const Imf::Channel* found = header.channels().findChannel(channel);
    if (found == nullptr || found->type != Imf::FLOAT || found->xSampling != 1 || found->ySampling != 1) {
      throw BadInput(fmt::format("the 32-bit float channel '{}' is missing", channel));
    }
  }
  const auto window = header.dataWindow();
  const long long width = static_cast<long long>(window.max.x) - window.min.x + 1;
  const long long height = static_cast<long long>(window.max.y) - window.min.y + 1;
  if (width < 1 || height < 1 || width > kLargestExtent || height > kLargestExtent) {
    throw BadInput(fmt::format("{} x {} cells; allowed: 1 to {} each", width, height, kLargestExtent));
  }
  rendered.opacity = Image<float>(static_cast<int>(height), static_cast<int>(width));
  rendered.contrast = rendered.opacity;
  file.setFrameBuffer(BufferOf(rendered, window.min.x, window.min.y));
  file.readPixels(window.min.y, window.max.y);
  const auto is_share = [](float value) { return value >= 0 && value <= 1; };
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(rendered.opacity.begin(), rendered.opacity.end(), is_share))
    throw BadInput("an opacity outside [0, 1]");
  if (!std::all_of(rendered.contrast.begin(), rendered.contrast.end(), is_finite)) {
    throw BadInput("a contrast that is no finite number");
  }
  return rendered;
}

}  // namespace

void WriteTemplate(const std::filesystem::path& path, const Template& rendered) {
  if (rendered.opacity.empty() || rendered.opacity.height() != rendered.contrast.height() ||
      rendered.opacity.width() != rendered.contrast.width()) {
    throw InternalError("a template without cells, or opacity and contrast of different sizes");
  }
  TextOutput output;
  try {
    Imf::Header header(rendered.opacity.width(), rendered.opacity.height());
    header.channels().insert("opacity", Imf::Channel(Imf::FLOAT));
    header.channels().insert("contrast", Imf::Channel(Imf::FLOAT));
    HeaderWriter writer(header);
    writer("mirst_template_version", kVersion);
    VisitFields(rendered, writer);
    VisitNewerFields(rendered, writer);
    Imf::OutputFile file(output, header, 0);
    file.setFrameBuffer(BufferOf(rendered));
    file.writePixels(rendered.opacity.height());
  } catch (const std::exception& error) {
    throw InternalError(fmt::format("OpenEXR cannot encode {}: {}", path.string(), error.what()));
  }
  WriteFileAtomically(path, output.bytes());
}

Template ReadTemplate(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path);
  try {
    return Decode(bytes);
  } catch (const Error& error) {
    throw BadInput(fmt::format("{} is no usable template: {}", path.string(), error.message()));
  } catch (const std::exception& error) {
    throw BadInput(fmt::format("{} is no usable template: {}", path.string(), error.what()));
  }
}

}  // namespace mirst
