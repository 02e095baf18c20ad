// Written frames a second of `mirst generate`, where its time goes, and the bound: the same frames decoded, encoded and
// written (with their hashes) and nothing in between, by the same code on the same threads. Two settings: 8-bit 320 x
// 256 (real sequences of MIRST_DATA) and 16-bit 640 x 512 (the procedural stand-in, written to files first, as no such
// recordings are at hand). Times are processor time, summed over threads, so that other programs count little; the
// frames a second of the wall clock are printed beside. Nothing is deleted before the end: ext4 makes a file slowly
// where many were deleted within the last minutes, and that would count as writing. TMPDIR=/dev/shm leaves the disk out
// altogether. --json FILE writes the figures for bench/generate_numpy.py.
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "generator/generate.h"
#include "generator/make_sample.h"
#include "generator/plan_data_set.h"
#include "generator/plan_to_quota.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;

struct Time {
  double cpu_s = 0, wall_s = 0;
};

template <class Work>
Time TimeOf(Work work) {
  const std::clock_t cpu = std::clock();
  const auto wall = std::chrono::steady_clock::now();
  work();
  return {static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC,
          std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count()};
}

GenerateOptions RealSequences(int sequences) {
  const char* const data = std::getenv("MIRST_DATA");
  if (data == nullptr) throw BadInput("MIRST_DATA names no folder");
  GenerateOptions options;
  options.sequences = sequences;
  for (const char* name :
       {"hdd-clouds-drift", "hdd-trees-pan", "hdd-sea-horizon", "hdd-building-pan", "hdd-clouds-trees"}) {
    options.backgrounds.paths.push_back((fs::path(data) / "backgrounds" / name).string());
  }
  return options;
}

GenerateOptions StandIns(int sequences, const fs::path& folder) {
  GenerateOptions options;
  options.sequences = sequences;
  const ProceduralOptions look{.width = 640, .height = 512, .frame_count = 60, .bit_depth = 14};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto source =
        OpenProceduralSource(look, RandomKey{.seed = 1, .sequence = i, .purpose = Purpose::kProceduralScene});
    const fs::path target = folder / source->info().name;
    CreateFolder(target);
    ParallelFor(static_cast<std::size_t>(look.frame_count), [&](std::size_t k) {
      const Frame frame = source->Read(static_cast<int>(k), 1).front();
      WriteFileAtomically(target / fmt::format("{:06}.png", k), EncodePng(CountsOf(frame), 16));
    });
    options.backgrounds.paths.push_back(target.string());
  }
  return options;
}

// A sequence as the store takes it, with nothing embedded: a small mask and its coverage in each frame.
Sample Bare(const SequenceSource& source, const Scenario& scenario) {
  Sample sample;
  sample.name = fmt::format("{:06}", scenario.index);
  for (Frame& frame : source.Read(scenario.first_frame, scenario.frames)) {
    LabelledFrame& labelled = sample.frames.emplace_back();
    const int index = static_cast<int>(sample.frames.size()) - 1, height = frame.pixels.height(),
              width = frame.pixels.width();
    labelled.frame = std::move(frame);
    labelled.frame.index = index;
    labelled.frame.name = fmt::format("{:06}.png", index);
    labelled.mask = Mask(height, width);
    labelled.coverage = Image<std::uint16_t>(height, width);
    for (int y = 100; y < 105; ++y) {
      std::fill_n(labelled.mask.row(y) + 100, 5, std::uint8_t{255});
      std::fill_n(labelled.coverage.row(y) + 100, 5, static_cast<std::uint16_t>(9000 * (y - 98)));
    }
    labelled.annotation = {labelled.frame.name, index, labelled.frame.time_s, {}, {}};
  }
  return sample;
}

void RenderAll(const Inventory& inventory, const Scenario& scenario, TargetCamera& camera) {
  for (const TargetScenario& target : scenario.targets) {
    const TargetModel& model = inventory.models[static_cast<std::size_t>(target.request.model)];
    for (int k = 0; k < scenario.frames; k += target.frames_a_view)
      camera.Sharp(model, target.AttitudeAt(k), target.RangeAt(k));
  }
}

void EncodeAll(const Sample& sample) {
  for (const LabelledFrame& labelled : sample.frames) {
    EncodePng(CountsOf(labelled.frame), labelled.frame.bit_depth);
    EncodePng(labelled.mask);
    EncodePng(labelled.coverage, 16);
  }
}

void MeasureSetting(const std::string& name, const GenerateOptions& options, const fs::path& scratch, int runs,
                    std::map<std::string, double>& figures) {
  GenerateReport report;
  Time total, bound;
  for (int run = 0; run < runs; ++run) {  // the quickest of each: what others take away adds, and never helps
    const fs::path folder = scratch / fmt::format("{}-{}", name, run);
    const Time one = TimeOf([&] { report = Generate(options, folder, Existing::kRefuse); });
    if (run == 0 || one.cpu_s < total.cpu_s) total = one;
  }
  const Inventory inventory = OpenInventory(options);
  const std::vector<std::unique_ptr<SequenceSource>> files =  // without the inventory's memory for frames
      OpenSources({options.backgrounds.paths.begin(), options.backgrounds.paths.end()});
  std::vector<Scenario> scenarios;
  const auto plan_all = [&] { scenarios = PlanSequences(inventory, RequestsOf(inventory, options), options); };
  const Time plan = TimeOf(plan_all);
  const Time search = TimeOf(plan_all);  // frames and views are in memory now
  const auto files_of = [&](const Scenario& s) -> const SequenceSource& {
    return *files[static_cast<std::size_t>(s.source)];
  };
  for (int run = 0; run < runs; ++run) {
    SampleStoreWriter writer(scratch / fmt::format("{}-bare-{}", name, run), Existing::kRefuse, 0);
    const Time one = TimeOf([&] {
      ParallelFor(scenarios.size(),
                  [&](std::size_t i) { writer.WriteSequence(Bare(files_of(scenarios[i]), scenarios[i])); });
    });
    if (run == 0 || one.cpu_s < bound.cpu_s) bound = one;
  }
  // Where it goes: step by step, on one thread.
  double decode = 0, render = 0, make = 0, encode = 0, write = 0;
  {
    const ThreadLimit one_thread(1);
    TargetCamera camera(options, 0);
    SampleStoreWriter writer(scratch / (name + "-write"), Existing::kRefuse, 0);
    for (const Scenario& scenario : scenarios) {
      Sample sample;
      decode += TimeOf([&] { files_of(scenario).Read(scenario.first_frame, scenario.frames); }).cpu_s;
      render += TimeOf([&] { RenderAll(inventory, scenario, camera); }).cpu_s;
      make += TimeOf([&] { sample = MakeSample(inventory, scenario, options); }).cpu_s;
      encode += TimeOf([&] { EncodeAll(sample); }).cpu_s;
      write += TimeOf([&] { writer.WriteSequence(sample); }).cpu_s;
    }
  }

  const auto frames = static_cast<double>(report.frames);
  const auto ms = [&](double seconds) { return 1e3 * seconds / frames; };
  fmt::print("{}: {} frames, {} thread(s), {:.1f} placements a target\n", name, report.frames, ThreadCount(),
             report.mean_placements);
  fmt::print("  generate {:8.1f} frames/s of wall clock, {:6.3f} ms of processor a frame\n", frames / total.wall_s,
             ms(total.cpu_s));
  fmt::print("  bound    {:8.1f} frames/s of wall clock, {:6.3f} ms of processor a frame: generate reaches {:.0f} %\n",
             frames / bound.wall_s, ms(bound.cpu_s), 100 * bound.cpu_s / total.cpu_s);
  const std::map<std::string, double> parts = {{"1 plan: search, first decoding and rendering", plan.cpu_s},
                                               {"2 of it search: frames and views found in memory", search.cpu_s},
                                               {"3 decode, from files", decode},
                                               {"4 render what is written, from nothing", render},
                                               {"5 fuse: frames and views found in memory", make},
                                               {"6 encode", encode},
                                               {"7 hash and write", write - encode}};
  for (const auto& [part, seconds] : parts) fmt::print("  {:<49} {:6.3f} ms a frame\n", part, ms(seconds));
  figures[name + "_total_ms"] = ms(total.cpu_s);
  figures[name + "_bound_ms"] = ms(bound.cpu_s);
  figures[name + "_search_ms"] = ms(search.cpu_s);
  figures[name + "_fuse_ms"] = ms(make);
  figures[name + "_placements"] = report.mean_placements;
}

int Main(int argc, char** argv) {
  CLI::App program("Throughput of mirst generate beside its bound");
  int sequences = 12, threads = 1, runs = 3;
  fs::path json;
  program.add_option("--sequences", sequences, "of 40 to 60 frames, each setting");
  program.add_option("--threads", threads, "0 = all cores");
  program.add_option("--runs", runs, "of generate and of the bound; the quickest counts");
  program.add_option("--json", json, "write the figures, ms of processor a frame");
  CLI11_PARSE(program, argc, argv);
  const ThreadLimit limit(threads);
  const TemporaryFolder scratch("mirst-throughput");
  std::map<std::string, double> figures;
  MeasureSetting("320x256_8bit", RealSequences(sequences), scratch.path(), runs, figures);
  MeasureSetting("640x512_16bit", StandIns(sequences, scratch.path() / "frames"), scratch.path(), runs, figures);
  if (!json.empty()) {
    std::string text;
    for (const auto& [name, value] : figures)
      text += fmt::format("{}\"{}\": {:.4f}", text.empty() ? "" : ", ", name, value);
    WriteFileAtomically(json, "{" + text + "}\n");
  }
  return 0;
}

}  // namespace
}  // namespace mirst

int main(int argc, char** argv) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as the program does
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  try {
    return mirst::Main(argc, argv);
  } catch (const mirst::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
}
