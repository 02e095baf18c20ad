// Frames with a boxes.csv beside them (docs/formats.md, "Sources of frames"): in the folder itself or in sub-folders,
// one a sequence. Columns frame,class,x,y,width,height; x and y count from 1.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> Sequences(const fs::path& folder) {
  std::vector<fs::path> sequences;
  if (fs::is_regular_file(folder / "boxes.csv")) sequences.push_back(folder);
  for (const fs::path& path : ListFolders(folder)) {
    if (fs::is_regular_file(path / "boxes.csv")) sequences.push_back(path);
  }
  return sequences;
}

std::string WhyNot(const fs::path& folder) {
  return Sequences(folder).empty() ? "no boxes.csv in it or in a sub-folder" : "";
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::vector<ListedSequence> sequences;
  for (const fs::path& path : Sequences(folder)) {
    ListedSequence sequence{SourceName(path), ""};
    std::vector<std::string> files;
    for (auto& [name, image] : ImagesIn(path)) {
      files.push_back(image.filename().string());
      sequence.frames.push_back({name, image, {}});
    }
    if (sequence.frames.empty()) throw BadInput(fmt::format("{} holds no image beside its boxes.csv", path.string()));
    const ImageFileInfo size = ReadImageInfo(sequence.frames.front().image);
    for (const KnownTarget& known : ReadKnownTargets(path / "boxes.csv", files, size.width, size.height)) {
      TargetBox box{0, known.class_name};
      box.x = known.box.x;
      box.y = known.box.y;
      box.width = known.box.width;
      box.height = known.box.height;
      sequence.frames[static_cast<std::size_t>(known.frame)].boxes.push_back(std::move(box));
    }
    sequences.push_back(std::move(sequence));
  }
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class BoxesCsvWriter : public LayoutWriter {
 public:
  explicit BoxesCsvWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    sequence_folder_ = folder_ / sequence.name;
    AppendText(sequence_folder_ / "boxes.csv", "frame,class,x,y,width,height\n");
  }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(sequence_folder_ / frame.frame.name, frame.frame);
    for (const TargetBox& box : BoxesOf(frame, WithMasks::kNo)) {
      if (box.class_name.find_first_of(",\"\n\r") != std::string::npos)
        throw BadInput(fmt::format("the class '{}' has a comma, a quote or a line end, which boxes.csv cannot hold",
                                   box.class_name));
      AppendText(sequence_folder_ / "boxes.csv", fmt::format("{},{},{},{},{},{}\n", frame.frame.name, box.class_name,
                                                             box.x + 1, box.y + 1, box.width, box.height));
    }
  }

 private:
  fs::path folder_, sequence_folder_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<BoxesCsvWriter>(folder);
}

}  // namespace

Layout BoxesCsvLayout() {
  return {"boxes_csv",
          "<seq>/*.png with a boxes.csv beside them",
          {.masks = false, .classes = true, .splits = false},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
