// The table of docs/embedding.md: thousands of embeddings over real backgrounds, each measured again on its written
// counts; then the same with one part of the method taken away at a time. Deterministic by --seed.
//   embedding_table --backgrounds $MIRST_DATA/backgrounds --count 10000
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>

#include "bench/embedding_cases.h"
#include "bench/embedding_statistics.h"
#include "bench/embedding_variants.h"
#include "core/error.h"
#include "core/parallel.h"

namespace mirst::bench {
namespace {

const std::vector<double> kAreas_px{1, 2, 3, 4, 6, 9, 12, 16, 20, 25, 30, 36, 42, 49, 56, 64, 72, 80};

struct Flags {
  std::filesystem::path backgrounds;
  std::uint32_t count = 10000;
  std::uint64_t seed = 0;
  int threads = 1;
};

/// What one variant made of one embedding.
struct Outcome {
  bool solved = false;
  double error = 0;  ///< signed, in units of SCR
  double bound = 0;  ///< max(0.02 S, 1 / (2 N sigma_b))
  FrameChange inside, around;
  double contour_ratio = 0;
};

struct Row {
  Embedding embedding;
  std::array<Outcome, kVariants.size()> outcomes;
  Outcome background;  ///< no target at all
};

Outcome Judge(const WrittenPair& pair, const Embedding& e) {
  Outcome outcome;
  const ScrMeasurement& m = pair.measured;
  outcome.solved = true;
  outcome.error = e.request.polarity * m.signed_scr() - e.request.scr;
  outcome.bound = std::max(0.02 * e.request.scr, 1 / (2.0 * m.target_px * m.sigma_background));
  outcome.inside = ChangeInside(pair.frames[0], pair.frames[1], e.written->mask);
  outcome.around = ChangeAround(pair.frames[0], pair.frames[1], e.target.box);
  outcome.contour_ratio = ContourRatio(pair.frames[0], e.written->mask);
  return outcome;
}

Row MakeRow(const std::vector<Clip>& clips, const std::vector<PooledTemplate>& pool, const RandomKey& key) {
  Row row;
  row.embedding = DrawEmbedding(clips, pool, key);
  const Embedding& e = row.embedding;
  if (!e.written) return row;
  for (std::size_t i = 0; i < kVariants.size(); ++i) {
    RandomStream noise(key.For(Purpose::kTemporalNoise).WithObject(static_cast<std::uint16_t>(i)));
    if (const auto pair = Write(kVariants[i], e, noise)) row.outcomes[i] = Judge(*pair, e);
  }
  const Frame &first = e.clip->frames[e.frame], &second = e.clip->frames[e.frame + 1];
  row.background = Judge({{first.pixels, second.pixels}, e.written->written}, e);
  row.embedding.written->image = {};  // judged; the mask too is no longer needed
  row.embedding.written->mask = {};
  return row;
}

double Percent(int part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void PrintGroups(const std::vector<Row>& rows, const std::string& title,
                 const std::function<std::string(const Embedding&)>& group_of) {
  fmt::print(
      "\n| {} | n | re-placed % | quantised % | clipped % | weak % | refused % | median abs dS | p99 abs dS | "
      "within % |\n|---|---|---|---|---|---|---|---|---|---|\n",
      title);
  std::map<std::string, std::vector<const Row*>> groups;
  for (const Row& row : rows) groups[group_of(row.embedding)].push_back(&row);
  for (const auto& [name, members] : groups) {
    int replaced = 0, quantised = 0, clipped = 0, weak = 0, refused = 0, within = 0;
    std::vector<double> errors;
    for (const Row* row : members) {
      const Embedding& e = row->embedding;
      replaced += e.placements > 1 ? 1 : 0;
      if (!e.written) {
        ++refused;
        continue;
      }
      quantised += e.quantised() ? 1 : 0;
      clipped += e.written->clipped_share > 0 ? 1 : 0;
      weak += e.written->weak ? 1 : 0;
      within += e.within_bound() ? 1 : 0;
      errors.push_back(std::abs(e.error()));
    }
    const std::size_t n = members.size();
    fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.2f} | {:.2f} | {:.2f} | {:.5f} | {:.4f} | {:.2f} |\n", name, n,
               Percent(replaced, n), Percent(quantised, n), Percent(clipped, n), Percent(weak, n), Percent(refused, n),
               Quantile(errors, 0.5), Quantile(errors, 0.99), Percent(within, errors.size()));
  }
}

void PrintErrors(const std::vector<Row>& rows) {
  std::vector<double> magnitudes, errors, relative;
  double worst = 0;
  int within = 0;
  for (const Row& row : rows) {
    const Embedding& e = row.embedding;
    if (!e.written) continue;
    errors.push_back(e.error());
    magnitudes.push_back(std::abs(e.error()));
    relative.push_back(std::abs(e.error()) / e.request.scr);
    worst = std::max(worst, std::abs(e.error()) / std::max(0.02 * e.request.scr, e.written->rounding_bound));
    within += e.within_bound() ? 1 : 0;
  }
  fmt::print("\n{} written, {} within |dS| <= max(0.02 S, 1 / (2 N sigma_b)); the worst reaches {:.4f} of it\n",
             errors.size(), within, worst);
  fmt::print(
      "dS: median of |dS| {:.6f}, signed median {:+.6f}, p95 {:.5f}, p99 {:.5f}; |dS| / S: median {:.2e}, p99 "
      "{:.4f}\n",
      Quantile(magnitudes, 0.5), Quantile(errors, 0.5), Quantile(magnitudes, 0.95), Quantile(magnitudes, 0.99),
      Quantile(relative, 0.5), Quantile(relative, 0.99));
}

/// Over the frames that a codec left partly frozen (hdd-*) the repeated shares; over all the rest.
void PrintVariant(const std::string& name, const std::vector<Row>& rows,
                  const std::function<const Outcome&(const Row&)>& outcome_of, bool has_target) {
  std::vector<double> errors, relative, contours;
  int within = 0;
  std::size_t written = 0;
  FrameChange frozen_inside, frozen_around;
  std::vector<double> changes;
  for (const Row& row : rows) {
    if (!row.embedding.written) continue;
    ++written;
    const Outcome& outcome = outcome_of(row);
    if (!outcome.solved) continue;
    errors.push_back(std::abs(outcome.error));
    relative.push_back(std::abs(outcome.error) / row.embedding.request.scr);
    within += std::abs(outcome.error) <= outcome.bound + 1e-9 ? 1 : 0;
    contours.push_back(outcome.contour_ratio);
    if (outcome.around.squares > 0) changes.push_back(outcome.inside.mean_square() / outcome.around.mean_square());
    if (!row.embedding.clip->background.starts_with("hdd-")) continue;
    for (const auto& [sum, part] : {std::pair{&frozen_inside, &outcome.inside}, {&frozen_around, &outcome.around}}) {
      sum->repeated += part->repeated;
      sum->pixels += part->pixels;
    }
  }
  const std::string scr = has_target
                              ? fmt::format("{:.1f} | {:.5f} | {:.4f} | {:.3f}", Percent(within, written),
                                            Quantile(errors, 0.5), Quantile(errors, 0.99), Quantile(relative, 0.99))
                              : "- | - | - | -";
  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.2f} | {:.2f} |\n", name, scr, 100 * frozen_inside.repeated_share(),
             100 * frozen_around.repeated_share(), Quantile(changes, 0.5), Quantile(contours, 0.5));
}

void PrintVariants(const std::vector<Row>& rows) {
  fmt::print(
      "\n| variant | within % | median abs dS | p99 abs dS | p99 abs dS / S | repeated inside % | around % | "
      "change inside / around | contour ratio |\n|---|---|---|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < kVariants.size(); ++i) {
    PrintVariant(
        ToString(kVariants[i]), rows, [i](const Row& row) -> const Outcome& { return row.outcomes[i]; }, true);
  }
  PrintVariant(
      "no target", rows, [](const Row& row) -> const Outcome& { return row.background; }, false);
}

std::string SizeGroup(const Embedding& e) {
  const int px = e.mask_px();
  return px <= 1    ? " 1 px"
         : px <= 4  ? " 2 to 4 px"
         : px <= 9  ? " 5 to 9 px"
         : px <= 25 ? "10 to 25 px"
         : px <= 49 ? "26 to 49 px"
                    : "50 to 81 px";
}
std::string ScrGroup(const Embedding& e) {
  const double scr = e.request.scr;
  return scr < 1 ? "0.3 to 1" : scr < 3 ? "1 to 3" : scr < 5 ? "3 to 5" : scr < 8 ? "5 to 8" : "8 to 10";
}

void Run(const Flags& flags) {
  const ThreadLimit threads(flags.threads);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Clip> clips = ReadClips(flags.backgrounds, 4, 5);
  const std::vector<PooledTemplate> pool = RenderPool(kAreas_px);
  std::vector<Row> rows(flags.count);
  ParallelFor(rows.size(), [&](std::size_t i) {
    rows[i] = MakeRow(clips, pool,
                      {.seed = flags.seed, .sequence = static_cast<std::uint32_t>(i), .purpose = Purpose::kPlacement});
  });
  fmt::print("{} embeddings, seed {}, {} clips, {} templates, {:.0f} s\n", flags.count, flags.seed, clips.size(),
             pool.size(), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  PrintErrors(rows);
  PrintGroups(rows, "all", [](const Embedding&) { return "all"; });
  PrintGroups(rows, "depth",
              [](const Embedding& e) { return e.request.rule.zeros_are_background ? "16 bit" : "8 bit"; });
  PrintGroups(rows, "polarity", [](const Embedding& e) { return e.request.polarity > 0 ? "hot" : "cold"; });
  PrintGroups(rows, "mask", SizeGroup);
  PrintGroups(rows, "SCR asked for", ScrGroup);
  PrintGroups(rows, "background", [](const Embedding& e) { return e.clip->background; });
  PrintVariants(rows);
}

}  // namespace
}  // namespace mirst::bench

int main(int argc, char** argv) {
  mirst::bench::Flags flags;
  if (const char* data = std::getenv("MIRST_DATA")) flags.backgrounds = std::filesystem::path(data) / "backgrounds";
  CLI::App program("Embeddings over real backgrounds: does each have the SCR asked for, and what is each part worth?");
  program.add_option("--backgrounds", flags.backgrounds, "Folder of hdd-*, cptv16-* and tno-* (default $MIRST_DATA)");
  program.add_option("--count", flags.count, "Embeddings")->capture_default_str();
  program.add_option("--seed", flags.seed, "Seed")->capture_default_str();
  program.add_option("--threads", flags.threads, "Threads, 0 = all cores; the table does not depend on it")
      ->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  try {
    mirst::bench::Run(flags);
  } catch (const mirst::Error& error) {
    fmt::print(stderr, "embedding_table: error: {}\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
