#include "datasets/annotations/coco.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/annotations/rle.h"
#include "datasets/annotations/text_lines.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kLargestSide = 16384;

void AppendFile(std::ofstream& out, const fs::path& part) {
  std::ifstream in(part, std::ios::binary);
  if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
}

std::vector<std::uint32_t> ParseMask(const Json& segmentation, int height, int width) {
  if (segmentation.is_object()) {
    const auto size = Get<std::array<int, 2>>(segmentation, "size");
    if (size[0] != height || size[1] != width)
      throw BadInput(fmt::format("a mask is {} x {} px, its image {} x {}", size[1], size[0], width, height));
    const Json counts = Get<Json>(segmentation, "counts");
    return counts.is_string() ? UnpackRle(counts.get<std::string>())
                              : Get<std::vector<std::uint32_t>>(segmentation, "counts");
  }
  Mask mask(height, width);
  for (const Json& polygon : segmentation) {
    std::vector<double> points;
    for (const Json& number : polygon) {
      if (!number.is_number()) throw BadInput("a polygon holds something that is no number");
      points.push_back(number.get<double>());
    }
    FillPolygon(points, mask);
  }
  return EncodeRle(mask);
}

TargetBox ParseBox(const Json& json, const std::map<std::int64_t, std::string>& classes, const CocoImage& image) {
  const auto category = Get<std::int64_t>(json, "category_id");
  const auto class_name = classes.find(category);
  if (class_name == classes.end()) throw BadInput(fmt::format("no category has the id {}", category));
  const auto bbox = Get<std::array<double, 4>>(json, "bbox");
  TargetBox box{GetOr<int>(json, "instance_id", GetOr<int>(json, "track_id", 0)), class_name->second};
  box.x = bbox[0];
  box.y = bbox[1];
  box.width = bbox[2];
  box.height = bbox[3];
  const auto segmentation = json.find("segmentation");
  if (segmentation != json.end() && !segmentation->empty())
    box.runs = ParseMask(*segmentation, image.height, image.width);
  return box;
}

/// Pixels of the mask, or of the box.
double AreaOf(const TargetBox& box) {
  if (box.runs.empty()) return box.width * box.height;
  std::uint64_t pixels = 0;
  for (std::size_t i = 1; i < box.runs.size(); i += 2) pixels += box.runs[i];
  return static_cast<double>(pixels);
}

std::map<std::int64_t, std::string> NamesById(const Json& json, std::string_view key) {
  std::map<std::int64_t, std::string> names;
  for (const Json& entry : GetOr<Json::array_t>(json, key, {}))
    names[Get<std::int64_t>(entry, "id")] = Get<std::string>(entry, "name");
  return names;
}

}  // namespace

CocoWriter::CocoWriter(fs::path path, CocoKind kind)
    : path_(std::move(path)),
      images_(path_.string() + ".images"),
      annotations_(path_.string() + ".annotations"),
      kind_(kind) {}

void CocoWriter::Add(const CocoImage& image) {
  const std::int64_t id = ++image_count_;
  Json entry = {{"id", id}, {"file_name", image.file_name}, {"width", image.width}, {"height", image.height}};
  if (kind_ == CocoKind::kVideos) {
    if (videos_.empty() || videos_.back() != image.video) videos_.push_back(image.video);
    entry["video_id"] = videos_.size();
    entry["frame_id"] = image.frame_id;
  }
  AppendText(images_, (id == 1 ? "" : ",\n") + Dump(entry));
  std::string lines;
  for (const TargetBox& box : image.boxes) {
    Json json = {{"id", ++box_count_},
                 {"image_id", id},
                 {"category_id", classes_.Of(box.class_name) + 1},
                 {"bbox", {box.x, box.y, box.width, box.height}},
                 {"area", AreaOf(box)},
                 {"iscrowd", 0}};
    if (!box.runs.empty()) json["segmentation"] = {{"size", {image.height, image.width}}, {"counts", box.runs}};
    if (kind_ == CocoKind::kVideos) {
      json["video_id"] = videos_.size();
      json["instance_id"] = box.id;
    }
    lines += (box_count_ == 1 ? "" : ",\n") + Dump(json);
  }
  AppendText(annotations_, lines);
}

void CocoWriter::Finish() {
  Json categories = Json::array(), videos = Json::array();
  for (const std::string& name : classes_.names())
    categories.push_back({{"id", categories.size() + 1}, {"name", name}, {"supercategory", "target"}});
  for (const std::string& name : videos_) videos.push_back({{"id", videos.size() + 1}, {"name", name}});
  CreateFolder(path_.parent_path());
  std::ofstream out(path_, std::ios::binary);
  out << "{\"info\": {\"description\": \"infrared small targets, written by mirst\"},\n";
  if (kind_ == CocoKind::kVideos) out << "\"videos\": " << Dump(videos) << ",\n";
  out << "\"categories\": " << Dump(categories) << ",\n\"images\": [\n";
  AppendFile(out, images_);
  out << "\n],\n\"annotations\": [\n";
  AppendFile(out, annotations_);
  out << "\n]}\n";
  out.close();
  if (!out) throw BadInput(fmt::format("cannot write {}", path_.string()));
  fs::remove(images_);
  fs::remove(annotations_);
}

std::vector<CocoImage> ParseCoco(std::string_view text) {
  const Json json = ParseJson(text);
  const std::map<std::int64_t, std::string> classes = NamesById(json, "categories"), videos = NamesById(json, "videos");
  std::vector<CocoImage> images;
  std::map<std::int64_t, std::size_t> place_of;
  for (const Json& entry : Get<Json::array_t>(json, "images")) {
    CocoImage image{
        Get<std::string>(entry, "file_name"), Get<int>(entry, "width"), Get<int>(entry, "height"), "", 0, {}};
    if (image.width < 1 || image.height < 1 || image.width > kLargestSide || image.height > kLargestSide)
      throw BadInput(fmt::format("the image {} claims {} x {} px, allowed: 1 to {}", image.file_name, image.width,
                                 image.height, kLargestSide));
    if (entry.contains("video_id")) {
      const auto video = videos.find(Get<std::int64_t>(entry, "video_id"));
      if (video == videos.end())
        throw BadInput(fmt::format("the image {} names a video that is not there", image.file_name));
      image.video = video->second;
      image.frame_id = GetOr<int>(entry, "frame_id", GetOr<int>(entry, "frame_index", 0));
    }
    const auto id = Get<std::int64_t>(entry, "id");
    if (!place_of.emplace(id, images.size()).second) throw BadInput(fmt::format("two images have the id {}", id));
    images.push_back(std::move(image));
  }
  for (const Json& entry : GetOr<Json::array_t>(json, "annotations", {})) {
    const auto id = Get<std::int64_t>(entry, "image_id");
    const auto place = place_of.find(id);
    if (place == place_of.end())
      throw BadInput(fmt::format("an annotation names the image {}, which is not there", id));
    CocoImage& image = images[place->second];
    InContext(fmt::format("image {}", image.file_name),
              [&] { image.boxes.push_back(ParseBox(entry, classes, image)); });
  }
  std::stable_sort(images.begin(), images.end(), [](const CocoImage& a, const CocoImage& b) {
    return std::pair(a.video, a.frame_id) < std::pair(b.video, b.frame_id);
  });
  return images;
}

}  // namespace mirst
