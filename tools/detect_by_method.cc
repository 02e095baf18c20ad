#include "tools/detect_by_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"
#include "datasets/npy.h"
#include "datasets/sequence_source.h"
#include "detector/model_driven/sequence_responses.h"
#include "tools/detection_files.h"
#include "tools/method_options.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

void PrepareResponseFolder(const fs::path& folder, const std::vector<std::unique_ptr<SequenceSource>>& sources,
                           bool force) {
  std::error_code ignored;
  if (fs::exists(folder, ignored) && !fs::is_directory(folder, ignored))
    throw BadInput(fmt::format("{} is a file, expected a folder", folder.string()));
  if (fs::exists(folder, ignored) && !fs::is_empty(folder, ignored)) {
    if (!fs::exists(folder / kResponseLog, ignored))
      throw BadInput(
          fmt::format("{} holds files that are no responses of mirst; name an empty or a new folder", folder.string()));
    if (!force) throw BadInput(fmt::format("{} already holds responses; --force replaces them", folder.string()));
  }
  for (const auto& source : sources) {
    fs::remove_all(folder / source->info().name, ignored);
    CreateFolder(folder / source->info().name);
  }
}

class Run {
 public:
  Run(const MethodRun& run, const ModelDrivenOptions& options)
      : run_(run), options_(options), detector_(MakeModelDrivenDetector(run.method, options)) {}

  void All(bool force) {
    const auto sources = OpenSources(run_.input);
    std::int64_t frames = 0;
    for (const auto& source : sources) frames += source->info().frame_count;
    if (!run_.response.empty()) PrepareResponseFolder(run_.response, sources, force);
    if (!run_.out.empty()) PrepareDetectionFolder(run_.out, force);
    WriteLogs();  // empty: a run that stops midway leaves folders that --force knows as its own
    Progress progress(run_.method, frames, "frames");
    for (const auto& source : sources) InContext(source->info().name, [&] { Sequence(*source, progress); });
    WriteLogs();
  }
  std::int64_t frames() const { return frames_; }
  std::int64_t detections() const { return detections_; }

 private:
  void WriteLogs() const {
    if (!run_.response.empty()) WriteFileAtomically(run_.response / kResponseLog, response_log_);
    if (!run_.out.empty()) WriteFileAtomically(run_.out / kDetectionLog, detection_log_);
  }

  void Sequence(const SequenceSource& source, Progress& progress) {
    const SourceInfo& info = source.info();
    std::vector<Frame> frames = source.Read(0, info.frame_count);
    std::vector<Image<float>> pixels;
    for (const Frame& frame : frames) pixels.push_back(frame.pixels);
    std::optional<DetectionFiles> files;
    if (!run_.out.empty())
      files.emplace(run_.out, info, run_.scores ? KeepScores::kYes : KeepScores::kNo, ScoreScale::kResponse);
    SequenceResponses responses(*detector_, pixels);
    for (int index = 0; index < info.frame_count; ++index) {
      ThrowIfInterrupted();
      const Frame& frame = frames[static_cast<std::size_t>(index)];
      const FrameResponse response =
          InContext(fmt::format("frame {}", frame.name), [&] { return responses.Take(index); });
      const float largest = *std::max_element(response.map.begin(), response.map.end());
      if (!run_.response.empty()) {
        WriteFileAtomically(run_.response / info.name / (fs::path(frame.name).stem().string() + ".npy"),
                            NpyBytes(response.map));
        response_log_ += fmt::format("\"{}\",{},\"{}\",{},{},{:.9g}\n", info.name, index, frame.name, response.window,
                                     response.iterations, largest);
      }
      if (files) {
        const std::vector<Detection> found =
            files->Add(frame, response.map, Segment(response.map, options_.segmentation));
        detections_ += std::ssize(found);
        detection_log_ += fmt::format("\"{}\",{},{},{:.9g}\n", info.name, index, found.size(), largest);
      }
      ++frames_;
      progress.Advance();
    }
    if (files) {
      DetectorRecord record;
      record.id = detector_->id();
      record.rule = Describe(options_.segmentation);
      files->Finish(record);
    }
  }

  const MethodRun& run_;
  ModelDrivenOptions options_;
  std::unique_ptr<ModelDrivenDetector> detector_;
  std::string response_log_ = "sequence,frame,name,window_first_frame,iterations,largest_response\n";
  std::string detection_log_ = "sequence,frame,detections,largest_response\n";
  std::int64_t frames_ = 0, detections_ = 0;
};

}  // namespace

void DetectByMethod(const MethodRun& method, const CommonFlags& flags) {
  ModelDrivenOptions options = ReadMethodOptions(flags);
  if (method.iterations > 0) SetIterations(options, method.method, method.iterations);
  if (flags.print_config) {
    PrintLine(PrintOptions(options, OptionsFormat::kYaml));
    return;
  }
  if (method.input.empty()) throw UsageError("--input is required; see 'mirst detect --help'");
  if (method.out.empty() && method.response.empty())
    throw UsageError("one of --response DIR and --out DIR is required; see 'mirst detect --help'");
  const auto threads = ApplyCommonFlags(flags);
  Run run(method, options);
  run.All(flags.force);
  if (flags.json) {
    Json result = {{"event", "result"}, {"method", method.method}, {"frames", run.frames()}};
    if (!method.response.empty()) result["response"] = method.response.string();
    if (!method.out.empty()) result.update({{"folder", method.out.string()}, {"detections", run.detections()}});
    PrintLine(Dump(result));
    return;
  }
  if (!method.response.empty())
    PrintLine(fmt::format("{} responses of {} in {}", run.frames(), method.method, method.response.string()));
  if (!method.out.empty()) {
    PrintLine(fmt::format("{} detections in {} frames ({}); files in {}", run.detections(), run.frames(),
                          Describe(options.segmentation), method.out.string()));
  }
}

}  // namespace mirst
