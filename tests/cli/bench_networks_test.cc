// `mirst bench` with networks: the smoke run has no empty cell, a kill costs no step of a training, a network
// that fails marks its own row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "tests/support/data_folder.h"
#include "tests/support/program.h"
#include "tests/support/training_set.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

using TableRow = std::map<std::string, std::string>;  // column -> cell

/// The rows of every table of a run, by the table's title and in order.
std::vector<std::pair<std::string, std::vector<TableRow>>> TablesOf(const fs::path& run) {
  std::vector<std::pair<std::string, std::vector<TableRow>>> tables;
  const Json results = ParseJson(ReadFile(run / "results.json"));
  for (const Json& table : results["tables"]) {
    auto& [title, rows] = tables.emplace_back();
    title = table["title"];
    for (const Json& row : table["rows"]) {
      TableRow& cells = rows.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) cells[table["columns"][i]] = row[i];
    }
  }
  return tables;
}

/// The row `name` of the table whose title begins so.
TableRow RowOf(const fs::path& run, const std::string& title, const std::string& name) {
  for (const auto& [found, rows] : TablesOf(run)) {
    for (const TableRow& row : rows) {
      if (found.starts_with(title) && row.contains("method") && row.at("method") == name) return row;
    }
  }
  return {};
}

ProgramSetup Patient() {
  ProgramSetup setup;
  setup.time_limit = std::chrono::minutes(30);
  return setup;
}

ProgramResult Check(const fs::path& run) {
  return RunProgram({"bench", "--check", run.string(), "--quiet"}, Patient());
}

TEST(BenchSmoke, FifteenDetectorsLeaveNoCellEmptyButTheIouOfBoxes) {
  const TemporaryFolder folder("mirst-bench-smoke");
  const fs::path run = folder.path() / "run";
  const ProgramResult result = RunProgram({"bench", "--config", (SourceFolder() / "configs/bench/smoke.yaml").string(),
                                           "--out", run.string(), "--quiet", "--json"},
                                          Patient());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = ParseJson(result.out);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["absent"], 0);

  // Columns that say nothing of a classical method, or of a smoke run.
  const std::set<std::string> of_trainings = {"parameters", "GMAC",       "of input",         "training step s",
                                              "seeds",      "trained on", "training peak MiB"};
  const std::set<std::string> not_here = {"rank", "note"};
  const std::set<std::string> networks = {"RDIAN",        "DNANet",      "ISNet",   "UIUNet",  "SSTNet",
                                          "ResUNet-DTUM", "DNANet-DTUM", "PSTFNet", "backbone"};
  std::size_t tables = 0;
  for (const auto& [title, rows] : TablesOf(run)) {
    if (title.starts_with("Cells")) continue;
    ++tables;
    EXPECT_EQ(rows.size(), title.starts_with("Table 3") ? 2U : title.starts_with("Table 1") ? 15U : 16U) << title;
    for (const TableRow& row : rows) {
      const std::string& name = row.at("method");
      for (const auto& [column, cell] : row) {
        if (not_here.contains(column) || (of_trainings.contains(column) && !networks.contains(name))) continue;
        const bool is_iou_of_boxes = name == "SSTNet" && column.starts_with("IoU");
        EXPECT_EQ(cell == "-" || cell.empty(), is_iou_of_boxes) << title << ": " << name << ", " << column;
      }
    }
  }
  EXPECT_EQ(tables, 4U);  // Table 1 at both thresholds, an ablation, cost
  EXPECT_THAT(ReadFile(run / "index.html"), HasSubstr("smoke run"));
  const ProgramResult check = Check(run);
  EXPECT_EQ(check.exit_code, 0) << check.out;
}

class BenchTraining : public testing::Test {
 protected:
  BenchTraining() {
    WriteTrainingSet(Path("set"), {{.name = "a", .width = 56, .height = 48},
                                   {.name = "v", .split = "val", .width = 56, .height = 48},
                                   {.name = "t", .split = "test", .width = 56, .height = 48}});
    WriteFileAtomically(Path("train.yaml"),
                        "steps: 24\nstate_every_steps: 2\nlog_every_steps: 1\n"
                        "network: {size_mode: free, bn_frames: joint, first_ptam_level: 5, msfm: false}\n"
                        "data: {crop_px: 48, batch: 2}\naugmentation: {centre_crop_px: 4}\n"
                        "validation: {every_steps: 8, stride: 4}\n");
    WriteConfig("networks: [{id: net, train: train.yaml}]\n");
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  void WriteConfig(const std::string& detectors) const {
    WriteFileAtomically(
        Path("bench.yaml"),
        "probe_s: 0.05\nspeed_frames: 2\npictures: 1\nsets: [{name: noise, folder: set}]\n" + detectors);
  }
  std::vector<std::string> Arguments(const std::string& run, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "bench", "--config", Path("bench.yaml").string(), "--out", Path(run).string(), "--threads", "1", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Json Report(const std::string& run, const std::vector<std::string>& more = {}) const {
    const ProgramResult result = RunProgram(Arguments(run, more), Patient());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? ParseJson(result.out) : Json::object();
  }
  /// Row `failed` of the run's first table tells why and has no score; row `other` has one.
  void ExpectOneRowMarked(const std::string& failed, const std::string& why, const std::string& other) const {
    EXPECT_THAT(RowOf(Path("run"), "Table 1: noise", failed).at("state"), HasSubstr(why));
    EXPECT_EQ(RowOf(Path("run"), "Table 1: noise", failed).at("IoU all"), "-");
    EXPECT_NE(RowOf(Path("run"), "Table 1: noise", other).at("IoU all"), "-");
  }
  /// Starts a run and kills it, or interrupts it, as soon as its training has written a state.
  int StopInTraining(const std::string& run, int signal_number) const {
    RunningProgram running(Arguments(run), Patient());
    const fs::path state = Path(run) / "cells/net-s1/training/state.safetensors";
    for (int i = 0; i < 120000 && !fs::exists(state); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    running.Send(signal_number);
    return running.Wait().exit_code;
  }

  TemporaryFolder folder_{"mirst-bench-training"};
};

TEST_F(BenchTraining, GoesOnAfterAKillAndAfterAnInterruptWithTheSameWeights) {
  EXPECT_EQ(Report("whole")["not_converged"], 1);
  const std::string weights = Sha256OfFile(Path("whole/cells/net-s1/training/last.safetensors"));
  const std::pair<const char*, int> stops[] = {{"killed", SIGKILL}, {"interrupted", SIGINT}};
  for (const auto& [run, signal_number] : stops) {
    EXPECT_EQ(StopInTraining(run, signal_number), signal_number == SIGKILL ? 137 : 130);
    const fs::path cell = Path(run) / "cells/net-s1";
    ASSERT_FALSE(fs::exists(cell / "status.json")) << "the training had ended before it was stopped";
    EXPECT_EQ(Report(run)["found"], 0);
    EXPECT_THAT(ReadFile(cell / "log.txt"), HasSubstr("--resume"));
    EXPECT_EQ(Sha256OfFile(cell / "training/last.safetensors"), weights);
    EXPECT_EQ(Check(Path(run)).exit_code, 0);
  }
}

TEST_F(BenchTraining, WeightsThatAreNoNumbersMarkTheirRowAndTheRestGoesOn) {
  ASSERT_EQ(Report("run")["not_converged"], 1);
  const fs::path trained = Path("run/cells/net-s1/training/last.safetensors");
  const std::string weights = ReadFile(trained);
  std::string broken = weights;
  std::fill(broken.end() - 400, broken.end(), '\xff');  // a hundred times NaN
  std::string description = ReadFile(fs::path(trained).replace_extension(".json"));
  const std::string hash = Sha256OfText(weights);
  ASSERT_NE(description.find(hash), std::string::npos);
  description.replace(description.find(hash), hash.size(), Sha256OfText(broken));
  WriteFileAtomically(Path("nan.safetensors"), broken);
  WriteFileAtomically(Path("nan.json"), description);
  WriteConfig("networks:\n  - {id: nan, checkpoint: nan.safetensors}\n  - {id: net, train: train.yaml}\n");
  const Json report = Report("run");
  EXPECT_EQ(report["failed"], 1);
  EXPECT_EQ(report["not_converged"], 1);
  EXPECT_EQ(report["found"], 1);
  ExpectOneRowMarked("nan", "is not a number", "net");
}

TEST_F(BenchTraining, ALossThatIsNoNumberMarksItsRowAndTheRestGoesOn) {
  WriteConfig("methods: [top_hat]\nnetworks: [{id: net, train: train.yaml}]\n");
  EXPECT_EQ(StopInTraining("run", SIGKILL), 137);
  const fs::path state = Path("run/cells/net-s1/training/state.safetensors");
  std::string poisoned = ReadFile(state);
  std::fill(poisoned.end() - static_cast<std::ptrdiff_t>(poisoned.size() / 2), poisoned.end(), '\xff');  // NaN
  WriteFileAtomically(state, poisoned);
  const Json report = Report("run");
  EXPECT_EQ(report["failed"], 1);
  EXPECT_EQ(report["done"], 1);
  ExpectOneRowMarked("net", "training: the loss of step", "Top-Hat");
}

TEST_F(BenchTraining, ANetworkOutOfMemoryMarksItsRowAndTheRestGoesOn) {
  // One map of 16 channels of the large batch takes 0.3 GB, and a training keeps dozens.
  WriteConfig(
      "limit_memory_mib: 5120\nmethods: [top_hat]\nnetworks:\n"
      "  - {id: large, train: train.yaml, set: [data.batch=2048]}\n  - {id: net, train: train.yaml}\n");
  const Json report = Report("run");
  EXPECT_EQ(report["failed"], 1);
  EXPECT_EQ(report["not_converged"], 1);
  EXPECT_EQ(report["done"], 1);
  ExpectOneRowMarked("large", "memory", "net");
}

TEST_F(BenchTraining, EachSourceIsLeftOutOnce) {
  const Json report = Report("run", {"--leave-one-source-out"});
  EXPECT_EQ(report["cells"], 3);
  std::set<std::string> weights;
  for (const char* fold : {"00", "01", "02"})
    weights.insert(Sha256OfFile(Path("run/cells") / (std::string("net-s1-fold") + fold) / "training/last.safetensors"));
  EXPECT_THAT(weights, SizeIs(3));  // each was trained on another sequence
  EXPECT_THAT(ReadFile(Path("run/results.md")), HasSubstr("3 in all"));
  EXPECT_EQ(RowOf(Path("run"), "Table 1: noise", "net").at("seeds"), "1");
  EXPECT_EQ(Check(Path("run")).exit_code, 0);
}

}  // namespace
}  // namespace mirst::test
