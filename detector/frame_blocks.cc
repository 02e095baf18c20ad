#include "detector/frame_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

constexpr std::size_t kFramesOfAThread = 8;

/// Consecutive frames of one sequence; `place` is that of the first in its block.
struct Piece {
  std::size_t sequence, first, count, place;
};

class Blocks {
 public:
  Blocks(const TruthSet& truth, MapSource& maps, Progress& progress)
      : truth_(truth), maps_(maps), progress_(progress) {}

  std::vector<ScoredFrame> Read(const std::vector<Piece>& pieces) {
    std::vector<ScoredFrame> block;
    for (const Piece& piece : pieces) {
      open_.try_emplace(piece.sequence);  // before the pieces are looked at beside each other
      for (std::size_t i = 0; i < piece.count; ++i) block.push_back({piece.sequence, piece.first + i, {}, {}});
    }
    ParallelFor(block.size(), [&](std::size_t i) {
      const TruthSequence& sequence = truth_.sequences[block[i].sequence];
      InContext(PlaceOf(sequence, block[i].frame),
                [&] { block[i].truth = ReadTruth(sequence.frames[block[i].frame], WithImage::kNo); });
    });
    const auto look = [&](std::size_t i) { ReadMaps(pieces[i], block); };
    if (maps_.is_concurrent()) {
      ParallelFor(pieces.size(), look);
    } else {
      for (std::size_t i = 0; i < pieces.size(); ++i) look(i);
    }
    for (const Piece& piece : pieces) {
      if (piece.first + piece.count == truth_.sequences[piece.sequence].frames.size()) open_.erase(piece.sequence);
    }
    return block;
  }

 private:
  void ReadMaps(const Piece& piece, std::vector<ScoredFrame>& block) {
    const TruthSequence& sequence = truth_.sequences[piece.sequence];
    std::unique_ptr<SequenceMaps>& maps = open_.at(piece.sequence);
    if (!maps) maps = maps_.Open(sequence);
    std::vector<Image<float>> scores = maps->Read(piece.first, piece.count);
    progress_.Advance(static_cast<std::int64_t>(piece.count));
    for (std::size_t i = 0; i < piece.count; ++i) {
      ScoredFrame& frame = block[piece.place + i];
      const Mask& mask = frame.truth.mask;
      frame.scores = std::move(scores[i]);
      if (frame.scores.height() == mask.height() && frame.scores.width() == mask.width()) continue;
      throw BadInput(fmt::format("{}: the prediction is {} x {} px, the truth {} x {}", PlaceOf(sequence, frame.frame),
                                 frame.scores.width(), frame.scores.height(), mask.width(), mask.height()));
    }
  }

  const TruthSet& truth_;
  MapSource& maps_;
  Progress& progress_;
  std::map<std::size_t, std::unique_ptr<SequenceMaps>> open_;
};

}  // namespace

void ForBlocks(const TruthSet& truth, MapSource& maps, Progress& progress,
               const std::function<void(std::vector<ScoredFrame>&)>& visit) {
  const std::size_t frames_of_a_block = kFramesOfAThread * static_cast<std::size_t>(ThreadCount());
  Blocks blocks(truth, maps, progress);
  std::vector<Piece> pieces;
  std::size_t held = 0;
  const auto finish = [&] {
    if (held == 0) return;
    std::vector<ScoredFrame> block = blocks.Read(pieces);
    visit(block);
    pieces.clear();
    held = 0;
  };
  for (std::size_t s = 0; s < truth.sequences.size(); ++s) {
    const std::size_t frames = truth.sequences[s].frames.size();
    for (std::size_t first = 0; first < frames;) {
      const std::size_t count = std::min(frames - first, frames_of_a_block - held);
      pieces.push_back({s, first, count, held});
      first += count;
      held += count;
      if (held == frames_of_a_block) finish();
    }
  }
  finish();
}

}  // namespace mirst
