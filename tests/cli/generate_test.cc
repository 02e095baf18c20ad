// `mirst generate` as a user meets it: what it says about bad input, and what it leaves behind.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sequence_source.h"
#include "tests/support/data_folder.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;

class GenerateCommand : public ::testing::Test {
 protected:
  // A small set that is made in a moment.
  std::vector<std::string> Arguments(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"generate", "--out", out, "--quiet"};
    for (const char* set : {"sequences=3", "frames=[6,8]", "target.area_px=[2,20]", "backgrounds.procedural_sources=3",
                            "backgrounds.procedural.width=128", "backgrounds.procedural.height=96",
                            "backgrounds.procedural.frame_count=10"}) {
      arguments.insert(arguments.end(), {"--set", set});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Refused with code and a sentence that holds every text; nothing is left.
  void ExpectRefusal(const std::vector<std::string>& more, int code, const std::vector<std::string>& texts) const {
    const ProgramResult result = RunProgram(Arguments(Out(), more));
    EXPECT_EQ(result.exit_code, code) << result.err;
    for (const std::string& text : texts) EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(fs::exists(Out()));
  }
  std::string Out() const { return (folder.path() / "out").string(); }
  // Ten frames of noise-free sky on disk.
  fs::path WriteSequence() const {
    const fs::path source = folder.path() / "source";
    CreateFolder(source);
    ProceduralOptions options;
    options.width = 128;
    options.height = 96;
    options.frame_count = 10;
    for (const Frame& frame : OpenProceduralSource(options, {})->Read(0, 10)) {
      WriteFileAtomically(source / frame.name, EncodePng(CountsOf(frame), 8));
    }
    return source;
  }

  TemporaryFolder folder;
};

TEST_F(GenerateCommand, MakesASetAndSaysWhatItMade) {
  const ProgramResult result = RunProgram(Arguments(Out()));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("3 sequences"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("data set id "), std::string::npos);
  EXPECT_TRUE(fs::exists(folder.path() / "out" / "manifest.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "out" / ".partial"));
}

TEST_F(GenerateCommand, PrintsOptionsThatReadBack) {
  const ProgramResult first = RunProgram({"generate", "--print-config", "--set", "scr.range=[1, 4]", "--seed", "9"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  WriteFileAtomically(folder.path() / "printed.yaml", first.out);
  const ProgramResult second =
      RunProgram({"generate", "--print-config", "--config", (folder.path() / "printed.yaml").string()});
  EXPECT_EQ(second.out, first.out);
  EXPECT_NE(first.out.find("seed: 9"), std::string::npos);
}

TEST_F(GenerateCommand, ADryRunSaysWhatWouldComeOfItAndWritesNothing) {
  const ProgramResult text = RunProgram(Arguments(Out(), {"--dry-run"}));
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* part : {"3 sequences", "MiB on disk", "Cramer's V", "Wasserstein"})
    EXPECT_NE(text.out.find(part), std::string::npos) << text.out;
  const ProgramResult json = RunProgram(Arguments(Out(), {"--dry-run", "--json"}));
  ASSERT_EQ(json.exit_code, 0) << json.err;
  for (const char* part : {"\"event\":\"dry_run\"", "\"estimated_bytes\":", "\"refused\":[]"})
    EXPECT_NE(json.out.find(part), std::string::npos) << json.out;
  EXPECT_FALSE(fs::exists(Out()));
}

TEST_F(GenerateCommand, AnAuditsPatchesReplaceNoFileUnasked) {
  ASSERT_EQ(RunProgram(Arguments(Out())).exit_code, 0);
  const std::string manifest = Out() + "/manifest.json", before = ReadFile(manifest);
  const ProgramResult refused = RunProgram({"audit", Out(), "--quiet", "--patches", manifest});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("manifest.json exists; --force replaces it"), std::string::npos) << refused.err;
  EXPECT_EQ(ReadFile(manifest), before);
  const fs::path table = folder.path() / "new" / "patches.csv";
  EXPECT_EQ(RunProgram({"audit", Out(), "--quiet", "--patches", table.string()}).exit_code, 0);
  EXPECT_TRUE(ReadFile(table).starts_with("kind,group,"));
}

TEST_F(GenerateCommand, RefusesAQuotaWhoseWeightsDoNotFitItsBins) {
  ExpectRefusal({"--set", "quota.area_edges_px=[1,9,81]", "--set", "quota.scr_edges=[1,3,5]", "--set",
                 "quota.weights=[[1,2],[3]]"},
                2, {"quota.weights", "found 1 weights, expected one for each of 2 bins"});
}

TEST_F(GenerateCommand, RefusesAQuotaOfScrsWhereTheContrastIsGiven) {
  ExpectRefusal(
      {"--set", "scr.mode=contrast", "--set", "quota.area_edges_px=[1,9,81]", "--set", "quota.scr_edges=[1,3,5]"}, 2,
      {"quota", "scr.mode: contrast"});
}

TEST_F(GenerateCommand, RefusesAHaloBesideNoPsf) {
  ExpectRefusal({"--set", "camera.psf_sigma_px=0", "--set", "camera.halo_share=0.2"}, 2,
                {"camera.halo_share", "psf_sigma_px: 0"});
}

TEST_F(GenerateCommand, NamesEveryFaultOfItsOptionsAtOnce) {
  ExpectRefusal({"--set", "scr.rnage=[1,2]", "--set", "scr.mode=sometimes", "--set", "sequences=-1"}, 2,
                {"scr.rnage", "unknown key", "scr.mode", "sequence_mean, per_frame", "sequences", "-1"});
}

TEST_F(GenerateCommand, RefusesAModelThatIsMissing) {
  ExpectRefusal({"--models", "/no/such/model.obj"}, 3, {"/no/such/model.obj"});
}

TEST_F(GenerateCommand, RefusesAModelThatIsNone) {
  const fs::path model = folder.path() / "noise.obj";
  std::ofstream(model) << "\x01\x02 this is no model";
  ExpectRefusal({"--models", model.string()}, 3, {"noise.obj"});
}

TEST_F(GenerateCommand, RefusesAnEmptyMesh) {
  const fs::path model = folder.path() / "empty.obj";
  std::ofstream(model) << "v 0 0 0\nv 1 0 0\nv 0 1 0\n";
  ExpectRefusal({"--models", model.string()}, 3, {"empty.obj"});
}

TEST_F(GenerateCommand, RefusesAnScrThatNothingReaches) {
  ExpectRefusal({"--set", "scr.range=[90,95]", "--set", "scr.placements=4"}, 3,
                {"cannot be reached", "the largest possible was"});
}

TEST_F(GenerateCommand, RefusesABackgroundThatIsTooShort) {
  ExpectRefusal({"--backgrounds", WriteSequence().string(), "--set", "frames=[11,20]"}, 3,
                {"has 10 frames, at least 11 are needed"});
}

TEST_F(GenerateCommand, RefusesABackgroundSmallerThanTheTemplate) {
  ExpectRefusal({"--backgrounds", WriteSequence().string(), "--set", "target.area_px=[1,3000]"}, 3,
                {"128 x 96 px", "smaller than the largest template"});
}

TEST_F(GenerateCommand, RefusesASequenceWithACorruptFrame) {
  const fs::path source = WriteSequence();
  const fs::path frame = ListFiles(source).at(5);
  const std::string bytes = ReadFile(frame);
  WriteFileAtomically(frame, bytes.substr(0, bytes.size() / 2));
  ExpectRefusal({"--backgrounds", source.string(), "--set", "frames=[10,10]"}, 3, {frame.filename().string()});
}

TEST_F(GenerateCommand, KeepsADataSetThatIsThereUnlessForced) {
  ASSERT_EQ(RunProgram(Arguments(Out())).exit_code, 0);
  const std::string before = ReadFile(folder.path() / "out" / "manifest.json");
  const ProgramResult again = RunProgram(Arguments(Out(), {"--seed", "1"}));
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_NE(again.err.find("already holds a data set"), std::string::npos) << again.err;
  EXPECT_EQ(ReadFile(folder.path() / "out" / "manifest.json"), before);
  EXPECT_EQ(RunProgram(Arguments(Out(), {"--seed", "1", "--force"})).exit_code, 0);
  EXPECT_NE(ReadFile(folder.path() / "out" / "manifest.json"), before);
}

// The C library and OpenCV choose other code, which rounds otherwise (sin, exp, erf differ in their last bits); Embree's
// instruction set is fixed in the program. No effect on other processors than x86-64.
TEST_F(GenerateCommand, MakesTheSameSetWithAnOlderProcessorsInstructions) {
  const ProgramSetup older{.environment = {{"GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4"},
                                           {"OPENCV_CPU_DISABLE", "AVX512_SKX,AVX2,FMA3,AVX,FP16"}}};
  const auto id_of = [&](const std::string& name, const ProgramSetup& setup) {
    const ProgramResult result = RunProgram(Arguments((folder.path() / name).string()), setup);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out.substr(std::min(result.out.find("data set id "), result.out.size()));
  };
  EXPECT_EQ(id_of("older", older), id_of("present", {}));
}

TEST_F(GenerateCommand, NeedsAnOutputFolder) {
  const ProgramResult result = RunProgram({"generate", "--quiet"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--out DIR is required"), std::string::npos);
}

// What an interrupted or failed run may leave: whole sequences and no manifest.
void ExpectWholeSequencesOnly(const fs::path& out, int frames) {
  EXPECT_FALSE(fs::exists(out / "manifest.json"));
  EXPECT_FALSE(fs::exists(out / ".partial"));
  if (!fs::exists(out / "image")) return;
  for (const fs::path& sequence : ListFolders(out / "image")) {
    EXPECT_EQ(ListFiles(sequence).size(), static_cast<std::size_t>(frames)) << sequence;
    EXPECT_EQ(ListFiles(out / "mask" / sequence.filename()).size(), static_cast<std::size_t>(frames)) << sequence;
    for (const fs::path& image : ListFiles(sequence)) EXPECT_NO_THROW(ReadImage(image));
    EXPECT_TRUE(fs::exists(out / "annotations" / (sequence.filename().string() + ".jsonl")));
  }
}

TEST_F(GenerateCommand, CtrlCLeavesNoHalfFrame) {
  // Large frames: what is still to write after the first sequence takes seconds.
  RunningProgram program({"generate", "--out", Out(), "--threads", "1", "--set", "sequences=30", "--set",
                          "frames=[30,30]", "--set", "backgrounds.procedural_sources=3", "--set",
                          "backgrounds.procedural.frame_count=32", "--set", "backgrounds.procedural.width=640", "--set",
                          "backgrounds.procedural.height=512", "--set", "scr.range=[1,3]"});
  ASSERT_TRUE(program.WaitForFileIn(fs::path(Out()) / ".journal/sequences")) << program.Wait().err;
  program.Send(SIGINT);
  const ProgramResult result = program.Wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  ExpectWholeSequencesOnly(Out(), 30);
}

TEST_F(GenerateCommand, AFullDiskIsNamedAndLeavesNoHalfFrame) {
  const fs::path disk = folder.path() / "disk";
  CreateFolder(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "mounting a small tmpfs needs root";
  struct Unmount {
    fs::path path;
    ~Unmount() { ::umount(path.c_str()); }
  } unmount{disk};
  // Too little from the start: both numbers, nothing written.
  const std::vector<std::string> more = {"--set", "sequences=8"};
  const ProgramResult too_small = RunProgram(Arguments((disk / "out").string(), more));
  EXPECT_EQ(too_small.exit_code, 3);
  EXPECT_NE(too_small.err.find("free"), std::string::npos) << too_small.err;
  EXPECT_FALSE(fs::exists(disk / "out" / "manifest.json"));
  // Enough bytes at the start, but no room for so many files: the disk fills while writing.
  ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m,nr_inodes=60"), 0);
  const ProgramResult full = RunProgram(Arguments((disk / "out").string(), more));
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_NE(full.err.find("No space left on device"), std::string::npos) << full.err;
  EXPECT_FALSE(fs::exists(disk / "out" / "manifest.json"));
  EXPECT_FALSE(fs::exists(disk / "out" / ".partial"));
}

TEST_F(GenerateCommand, SmokeConfigNeedsNoFiles) {
  const ProgramResult result = RunProgram(
      {"generate", "--config", (SourceFolder() / "configs" / "smoke.yaml").string(), "--quiet", "--out", Out()},
      {.time_limit = std::chrono::minutes(3)});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ListFolders(folder.path() / "out" / "image").size(), 12U);
}

}  // namespace
}  // namespace mirst::test
