#include "detector/train.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

#include "core/file.h"
#include "core/parallel.h"
#include "detector/checkpoint.h"
#include "detector/model_driven/segmentation.h"
#include "detector/sequence_detector.h"
#include "metrics/detection.h"
#include "tests/support/quick_training.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using test::QuickOptions;
using test::QuickSet;
using test::WriteTrainingSet;

/// One thread for all tests: where tests run side by side, OpenMP's threads would spend their time waiting for each
/// other.
class OneThread : public ::testing::Environment {
  ThreadLimit limit_{1};
};
const ::testing::Environment* const kOneThread = ::testing::AddGlobalTestEnvironment(new OneThread);

std::vector<std::string> LinesOf(const fs::path& file) {
  std::vector<std::string> lines;
  std::istringstream text(ReadFile(file));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// Of a row of train_log.csv.
double LossOf(const std::string& row) {
  std::istringstream fields(row);
  std::string field;
  for (int i = 0; i < 4; ++i) std::getline(fields, field, ',');
  return std::stod(field);
}

/// Counts how often the files in some folders are opened (inotify, Linux).
class OpenCounter {
 public:
  OpenCounter() : descriptor_(::inotify_init1(IN_NONBLOCK)) {}
  ~OpenCounter() { ::close(descriptor_); }
  OpenCounter(const OpenCounter&) = delete;
  OpenCounter& operator=(const OpenCounter&) = delete;

  void Watch(const fs::path& folder) {
    const int watch = ::inotify_add_watch(descriptor_, folder.c_str(), IN_OPEN | IN_ACCESS);
    ASSERT_GE(watch, 0) << folder;
    folders_[watch] = folder;
  }
  /// "folder/file" of everything opened so far.
  std::vector<std::string> Opened() {
    std::vector<std::string> opened;
    alignas(inotify_event) char buffer[65536];
    for (ssize_t bytes = 0; (bytes = ::read(descriptor_, buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < bytes;) {
        inotify_event event;
        std::memcpy(&event, buffer + at, sizeof event);
        EXPECT_EQ(event.mask & IN_Q_OVERFLOW, 0U);
        const char* name = event.len > 0 ? buffer + at + sizeof event : "";
        opened.push_back((folders_[event.wd] / name).string());
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
    }
    return opened;
  }

 private:
  int descriptor_;
  std::map<int, fs::path> folders_;
};

TEST(Train, NeverOpensAFileOfTheTestSplit) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set";
  WriteTrainingSet(set, QuickSet());
  // The annotations of all splits share a folder, so those of the test split are watched as a file.
  OpenCounter test_split, other_splits;
  for (const char* kind : {"image", "mask"}) {
    test_split.Watch(set / kind / "t");
    for (const char* name : {"a", "b", "v"}) other_splits.Watch(set / kind / name);
  }
  test_split.Watch(set / "annotations/t.jsonl");
  test_split.Watch(set / "test.txt");
  Train(QuickOptions(2), set, folder.path() / "out");
  EXPECT_EQ(test_split.Opened(), std::vector<std::string>{});
  EXPECT_GE(other_splits.Opened().size(), (8 + 8 + 7) * 2U);  // the watch works: image and mask of every frame
  // And where the test split is gone or broken, nobody notices.
  fs::remove_all(set / "image/t");
  test::WriteBytes(set / "annotations/t.jsonl", "broken");
  EXPECT_EQ(Train(QuickOptions(2), set, folder.path() / "out2").steps, 2);
}

TEST(Train, FourSamplesAreLearntByHeart) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", {{.name = "a", .frames = 8}});  // four windows
  TrainOptions options;                                                   // the whole network
  options.data.crop_px = 64;
  options.data.batch = 1;  // in one batch, samples compete: SoftIoU's gradient goes to those that are nearly learnt
  options.augmentation = {.flip_probability = 0, .centre_crop_px = 1, .rotation_probability = 0};
  options.optimiser.learning_rate = 5e-3;
  options.optimiser.milestones = {1, 1};
  options.validation.every_steps = 0;
  options.steps = 128;
  options.log_every_steps = 4;
  const TrainReport report = Train(options, folder.path() / "set", folder.path() / "out");
  EXPECT_EQ(report.samples_seen, 128);
  const std::vector<std::string> rows = LinesOf(folder.path() / "out/train_log.csv");
  ASSERT_EQ(rows.size(), 33U);
  EXPECT_GT(LossOf(rows[1]), 0.9);
  EXPECT_LT(LossOf(rows.back()), 0.05);  // mean over the last epoch: each sample once
  EXPECT_FALSE(fs::exists(folder.path() / "out/best.safetensors"));
}

TEST(Train, TheSameSeedAndThreadsGiveTheSameBytes) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set";
  WriteTrainingSet(set, QuickSet());
  TrainOptions options = QuickOptions(6);
  options.validation.every_steps = 3;
  Train(options, set, folder.path() / "first");
  Train(options, set, folder.path() / "second");
  for (const char* file : {"best.safetensors", "best.json", "last.safetensors", "last.json", "config.yaml"}) {
    EXPECT_EQ(ReadFile(folder.path() / "first" / file), ReadFile(folder.path() / "second" / file)) << file;
  }
  options.data.workers = 3;  // no part of the result, but of the options that last.json tells
  Train(options, set, folder.path() / "third");
  EXPECT_EQ(ReadFile(folder.path() / "first/last.safetensors"), ReadFile(folder.path() / "third/last.safetensors"));
  options.seed = 1;
  Train(options, set, folder.path() / "fourth");
  EXPECT_NE(ReadFile(folder.path() / "first/last.safetensors"), ReadFile(folder.path() / "fourth/last.safetensors"));
}

TEST(Train, CheckpointsTellWhatTheyHaveSeenAndLogsGoStepByStep) {
  const TemporaryFolder folder;
  const std::string id = WriteTrainingSet(folder.path() / "set", QuickSet());
  TrainOptions options = QuickOptions(4);
  options.optimiser.milestones = {0.5, 0.75};
  const TrainReport report = Train(options, folder.path() / "set", folder.path() / "out");
  EXPECT_EQ(report.steps, 4);
  EXPECT_EQ(report.planned_steps, 4);
  EXPECT_EQ(report.stopped_by, StopReason::kAllSteps);
  EXPECT_GE(report.loader_wait_share, 0);
  EXPECT_LT(report.loader_wait_share, 1);
  const CheckpointInfo info = ReadCheckpointInfo(folder.path() / "out/last.safetensors");
  EXPECT_EQ(info.steps, 4);
  EXPECT_EQ(info.samples_seen, 8);
  EXPECT_EQ(info.dataset_id, id);
  EXPECT_EQ(info.options, options.network);
  EXPECT_NEAR(info.mean, 100, 2);
  EXPECT_NE(info.config_json.find("\"crop_px\":48"), std::string::npos) << info.config_json;

  const std::vector<std::string> rows = LinesOf(folder.path() / "out/train_log.csv");
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0], "step,samples,epoch,loss,learning_rate,seconds,loader_wait_share");
  EXPECT_TRUE(rows[1].starts_with("1,2,0.2500,0.")) << rows[1];  // 8 windows
  const char* rates[] = {"0.0005", "0.0005", "5e-05", "5e-06"};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NE(rows[i + 1].find(fmt::format(",{},", rates[i])), std::string::npos) << rows[i + 1];
  const std::vector<std::string> scores = LinesOf(folder.path() / "out/val_log.csv");
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0], "step,samples,iou_seq,niou,pd,fa_1e-6,best,seconds");
  EXPECT_EQ(ReadOptions<TrainOptions>(ConfigTree::FromFile(folder.path() / "out/config.yaml")).data.crop_px, 48);
}

TEST(Train, ValidationScoresAreThoseOfTheCheckpointOnWholeFramesOfTheValSplit) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", QuickSet());
  TrainOptions options = QuickOptions(30);
  options.optimiser.learning_rate = 5e-3;
  Train(options, folder.path() / "set", folder.path() / "out");
  const CheckpointInfo info = ReadCheckpointInfo(folder.path() / "out/best.safetensors");
  const auto detector = LoadSequenceDetector(folder.path() / "out/best.safetensors", DeviceChoice::kCpu);
  const Sample sample =
      test::MakeTrainingSample({.name = "v", .split = "val", .frames = 7, .width = 70, .height = 50}, 2);
  SequenceScore score;
  detector->Begin();
  for (std::size_t i = 0; i < sample.frames.size(); ++i) {
    const Image<float> logits = detector->Next(sample.frames[i].frame.pixels);
    if (i >= 4) score.Add(ScoreFrame(ThresholdMask(logits, 0), sample.frames[i].mask));
  }
  EXPECT_GT(score.total.predicted_px, 0);
  EXPECT_EQ(info.validation.at("iou_seq"), score.total.iou().value());
  EXPECT_EQ(info.validation.at("pd"), score.total.pd().value());
  EXPECT_EQ(info.validation.at("fa"), score.total.fa().value());
}

TEST(Train, ATimeLimitEndsItWithACheckpointThatSaysSo) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", QuickSet());
  TrainOptions options = QuickOptions(100000);
  options.limit_minutes = 0.01;  // 0.6 s
  const TrainReport report = Train(options, folder.path() / "set", folder.path() / "out");
  EXPECT_EQ(report.stopped_by, StopReason::kTimeLimit);
  EXPECT_LT(report.steps, 100000);
  EXPECT_GT(report.steps, 0);
  EXPECT_EQ(ReadCheckpointInfo(folder.path() / "out/last.safetensors").steps, report.steps);
  EXPECT_EQ(ReadCheckpointInfo(folder.path() / "out/best.safetensors").steps, report.steps);
}

TEST(Train, AnOutputFolderThatHoldsSomethingIsRefused) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set", out = folder.path() / "out";
  WriteTrainingSet(set, QuickSet());
  Train(QuickOptions(1), set, out);
  const std::string before = ReadFile(out / "last.safetensors");
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { Train(QuickOptions(2), set, out); }).find("already holds a training"),
            std::string::npos);
  EXPECT_EQ(ReadFile(out / "last.safetensors"), before);
  EXPECT_EQ(Train(QuickOptions(2), set, out, ExistingTraining::kReplace).steps, 2);
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { Train(QuickOptions(2), set, set, ExistingTraining::kReplace); })
                .find("holds files that are no training of mirst"),
            std::string::npos);
}

TEST(Train, ADataSetThatCannotBeUsedLeavesNoOutput) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", {{.name = "a"}});  // no val split
  EXPECT_EQ(
      ErrorText(ErrorCode::kBadInput, [&] { Train(QuickOptions(1), folder.path() / "set", folder.path() / "out"); }),
      (folder.path() / "set").string() + " has no sequence in its val split");
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
}

TEST(TrainOptions, FaultsAreReportedTogether) {
  const std::string text = ErrorText(ErrorCode::kUsage, [] {
    ReadOptions<TrainOptions>(ConfigTree::FromText(
        "data: {crop_px: 50, batch: 1}\nnetwork: {size_mode: native}\n"
        "augmentation: {centre_crop_px: 60, rotation_deg: [0.5, 3]}\nloss: {soft_iou: 0}\nlr: 1\n"));
  });
  for (const char* part : {"expected a multiple of 16", "takes 384 only", "at most half of data.crop_px",
                           "expected whole degrees", "single value", "all 0", "lr"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

}  // namespace
}  // namespace mirst
