#include "datasets/layouts/convert.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "datasets/layouts/metadata.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFramesAtOnce = 32;  // decoded side by side, written in order
constexpr std::string_view kRecordFile = "conversion.json";

/// What of all that layouts may lack the set really holds.
struct Content {
  bool sixteen_bit = false, targets = false, classes = false, ignore = false, labels = false, ordered = false,
       split = false, no_split = false;

  void Add(const LayoutSequence& sequence) {
    ordered = ordered || sequence.is_ordered;
    (sequence.split.empty() ? no_split : split) = true;
  }
  void Add(const LabelledFrame& frame) {
    sixteen_bit = sixteen_bit || frame.frame.bit_depth > 8;
    ignore = ignore || frame.ignore.has_value();
    labels = labels || !frame.coverage.empty() || frame.background || frame.linear || frame.display ||
             !frame.annotation.decoys.empty();
    for (const Annotation& target : frame.annotation.targets) {
      targets = true;
      classes = classes || !target.class_name.empty();
      labels = labels || !target.scr.empty() || !target.seen();
    }
  }
};

std::vector<std::string> LossesOf(const Content& content, const Layout& to) {
  std::vector<std::string> losses;
  const auto lose = [&](bool is_lost, const char* sentence) {
    if (is_lost) losses.emplace_back(sentence);
  };
  const LayoutHolds& holds = to.holds;
  lose(content.targets && !holds.masks, "exact masks: boxes are all that is kept");
  lose(content.targets && !holds.boxes,
       "which pixels are one target: the mask's connected regions are taken for targets");
  lose(content.targets && !holds.ids, "ids: which target is the same from frame to frame");
  lose(content.classes && !holds.classes, "classes");
  lose(content.ignore && !holds.ignore, "ignore masks: what is ignored counts as background");
  lose(content.labels && !holds.labels,
       "SCR, sub-pixel centroids, poses, hidden targets, decoys, times, coverage, backgrounds, linear frames");
  lose(content.ordered && !holds.sequences, "sequences: frames become single pictures");
  lose(!holds.names, "names of frames and sequences: they are numbered (conversion.json keeps those of the sequences)");
  lose(content.split && !holds.splits, "the split into train, val and test");
  return losses;
}

/// What a reader of the new set might take for more than it is.
std::vector<std::string> CautionsOf(const Content& content, const Layout& from, const Layout& to) {
  std::vector<std::string> cautions;
  if (content.targets && to.holds.ids && !from.holds.ids)
    cautions.emplace_back("the set tells no ids: targets are numbered in each frame anew and are no tracks");
  if (content.no_split && to.holds.splits) cautions.emplace_back("the set has no split: all of it stands in train");
  if (content.sixteen_bit && !to.holds.labels)
    cautions.emplace_back("frames of 16 bits stay so; loaders made for this layout may expect 8");
  return cautions;
}

void CheckOutput(const fs::path& in, const fs::path& out, Existing existing) {
  const fs::path from = fs::weakly_canonical(in), to = fs::weakly_canonical(out);
  const auto [end_of_in, in_out] = std::mismatch(from.begin(), from.end(), to.begin(), to.end());
  if (end_of_in == from.end()) throw BadInput(fmt::format("{} lies inside the data set {}", out.string(), in.string()));
  const auto [end_of_out, rest] = std::mismatch(to.begin(), to.end(), from.begin(), from.end());
  if (end_of_out == to.end()) throw BadInput(fmt::format("{} holds the data set {}", out.string(), in.string()));
  if (!fs::exists(out) || (fs::is_directory(out) && fs::is_empty(out))) return;
  if (!fs::is_regular_file(out / kRecordFile))
    throw BadInput(fmt::format("{} holds what is no conversion; name an empty or a new folder", out.string()));
  if (existing == Existing::kRefuse)
    throw BadInput(
        fmt::format("{} already holds a conversion; name another folder or allow replacing it", out.string()));
}

/// A folder beside the output that vanishes unless it is moved into place.
class Staging {
 public:
  explicit Staging(const fs::path& out)
      : out_(fs::absolute(out).lexically_normal()),
        folder_(Parent(out_) / fmt::format(".{}.{}.partial", Name(out_), ::getpid())) {
    fs::remove_all(folder_);
    CreateFolder(folder_);
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const fs::path& folder() const { return folder_; }
  std::string name() const { return Name(out_); }
  void MoveIntoPlace() const {
    const fs::path out = Parent(out_) / Name(out_);
    std::error_code error;
    fs::remove_all(out, error);
    if (!error) fs::rename(folder_, out, error);
    if (error) throw BadInput(fmt::format("cannot write {}: {}", out.string(), error.message()));
  }

 private:
  static fs::path Parent(const fs::path& path) {
    return path.has_filename() ? path.parent_path() : path.parent_path().parent_path();
  }
  static std::string Name(const fs::path& path) {
    return (path.has_filename() ? path : path.parent_path()).filename().string();
  }

  fs::path out_, folder_;
};

std::vector<std::size_t> Chosen(const LayoutReader& reader, const std::string& split) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < reader.sequences().size(); ++i) {
    if (split.empty() || reader.sequences()[i].split == split) chosen.push_back(i);
  }
  if (chosen.empty()) throw BadInput(fmt::format("the set has no sequence in the split {}", split));
  return chosen;
}

class Conversion {
 public:
  Conversion(const LayoutReader& reader, LayoutWriter& writer, std::int64_t frames)
      : reader_(reader), writer_(writer), progress_("convert", frames, "frames") {}

  void Run(std::size_t sequence) {
    const LayoutSequence& listed = reader_.sequences()[sequence];
    content_.Add(listed);
    writer_.Begin(listed);
    for (std::size_t first = 0; first < listed.frames.size(); first += kFramesAtOnce) {
      std::vector<LayoutFrame> frames(std::min(kFramesAtOnce, listed.frames.size() - first));
      ParallelFor(frames.size(), [&](std::size_t i) { frames[i] = reader_.Read(sequence, first + i); });
      for (LayoutFrame& frame : frames) {
        content_.Add(frame.labelled);
        targets_ += std::ssize(frame.labelled.annotation.targets);
        for (const std::string& note : frame.notes) ++notes_[note];
        InContext(fmt::format("sequence {}, frame {}", listed.name, frame.labelled.frame.name),
                  [&] { writer_.Write(frame.labelled); });
        progress_.Advance();
      }
    }
  }

  const Content& content() const { return content_; }
  std::int64_t targets() const { return targets_; }
  std::vector<std::string> notes() const {
    std::vector<std::string> list;
    for (const auto& [note, frames] : notes_) list.push_back(fmt::format("{} ({} frames)", note, frames));
    return list;
  }

 private:
  const LayoutReader& reader_;
  LayoutWriter& writer_;
  Progress progress_;
  Content content_;
  std::int64_t targets_ = 0;
  std::map<std::string, std::int64_t> notes_;
};

void WriteRecord(const fs::path& folder, const ConvertReport& report, const LayoutReader& reader,
                 const std::vector<std::size_t>& chosen) {
  Json sequences = Json::array();
  for (const std::size_t i : chosen) {
    const LayoutSequence& sequence = reader.sequences()[i];
    sequences.push_back({{"name", sequence.name}, {"split", sequence.split}, {"frames", sequence.frames.size()}});
  }
  Json from = {{"layout", report.from}};
  if (const Manifest* manifest = reader.manifest()) {
    from["dataset_id"] = manifest->dataset_id;
    from["program"] = {{"name", "mirst"}, {"version", manifest->program_version}, {"git", manifest->program_git}};
    from["seed"] = manifest->seed;
    from["mask_convention"] = manifest->mask_convention;
    from["config"] = ParseJson(manifest->config_json);
  }
  const Json record = {{"program", {{"name", "mirst"}, {"version", ProgramVersion()}, {"git", GitRevision()}}},
                       {"from", from},
                       {"to", report.to},
                       {"losses", report.losses},
                       {"notes", report.notes},
                       {"sequences", sequences}};
  WriteFileAtomically(folder / kRecordFile, Dump(record, 1) + "\n");
}

}  // namespace

ConvertReport Convert(const fs::path& in, const fs::path& out, const ConvertOptions& options) {
  const Layout& to = FindLayout(options.to);
  const Layout& from = options.from.empty() ? DetectLayout(in) : FindLayout(options.from);
  if (!fs::is_directory(in)) throw BadInput(fmt::format("{} is no folder", in.string()));
  CheckOutput(in, out, options.existing);
  const auto reader = InContext(in.string(), [&] { return from.open(in); });
  const std::vector<std::size_t> chosen = InContext(in.string(), [&] { return Chosen(*reader, options.split); });

  ConvertReport report{std::string(from.name), std::string(to.name), std::ssize(chosen), 0, 0, {}, {}};
  for (const std::size_t i : chosen) report.frames += std::ssize(reader->sequences()[i].frames);
  const Staging staging(out);
  const auto writer = to.create(staging.folder(), {options.shard_bytes, reader->manifest()});
  Conversion conversion(*reader, *writer, report.frames);
  for (const std::size_t i : chosen) conversion.Run(i);
  writer->Finish();
  report.targets = conversion.targets();
  report.losses = LossesOf(conversion.content(), to);
  report.notes = conversion.notes();
  for (std::string& caution : CautionsOf(conversion.content(), from, to)) report.notes.push_back(std::move(caution));
  WriteRecord(staging.folder(), report, *reader, chosen);
  if (options.metadata) WriteMetadata(staging.folder(), {staging.name(), report, *options.metadata, *reader, chosen});
  staging.MoveIntoPlace();
  return report;
}

}  // namespace mirst
