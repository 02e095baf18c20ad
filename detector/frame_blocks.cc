#include "detector/frame_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
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
  Blocks(const TruthSet& truth, MapSource& maps, Progress& progress, const LookAtFrame& look)
      : truth_(truth), maps_(maps), progress_(progress), look_(look) {}

  std::vector<ScoredFrame> Take(const std::vector<Piece>& pieces) {
    std::vector<ScoredFrame> block;
    for (const Piece& piece : pieces) {
      std::unique_ptr<SequenceMaps>& maps = open_[piece.sequence];
      if (!maps && !maps_.needs_images()) maps = maps_.Open(truth_.sequences[piece.sequence]);
      for (std::size_t i = 0; i < piece.count; ++i) block.push_back({piece.sequence, piece.first + i, {}, {}, {}});
    }
    if (maps_.needs_images()) MakeMaps(pieces, block);
    // A frame is read, looked at and done with on one thread, while its pixels are in the processor's cache.
    std::atomic<std::size_t> next = 0;
    ParallelFor(static_cast<std::size_t>(ThreadCount()), [&](std::size_t worker) {
      for (std::size_t i = next++; i < block.size(); i = next++) {
        ThrowIfInterrupted();
        LookAt(block[i], worker);
      }
    });
    for (const Piece& piece : pieces) {
      if (piece.first + piece.count == truth_.sequences[piece.sequence].frames.size()) open_.erase(piece.sequence);
    }
    return block;
  }

 private:
  void MakeMaps(const std::vector<Piece>& pieces, std::vector<ScoredFrame>& block) {
    const auto make = [&](std::size_t k) {
      const Piece& piece = pieces[k];
      std::unique_ptr<SequenceMaps>& maps = open_.at(piece.sequence);
      if (!maps) maps = maps_.Open(truth_.sequences[piece.sequence]);
      std::vector<Image<float>> scores = maps->Read(piece.first, piece.count);
      for (std::size_t i = 0; i < piece.count; ++i) block[piece.place + i].scores = std::move(scores[i]);
    };
    if (maps_.is_concurrent()) {
      ParallelFor(pieces.size(), make);
    } else {
      for (std::size_t k = 0; k < pieces.size(); ++k) make(k);
    }
  }

  void LookAt(ScoredFrame& frame, std::size_t worker) {
    const TruthSequence& sequence = truth_.sequences[frame.sequence];
    InContext(PlaceOf(sequence, frame.frame),
              [&] { frame.truth = ReadTruth(sequence.frames[frame.frame], WithImage::kNo); });
    if (!maps_.needs_images()) frame.scores = std::move(open_.at(frame.sequence)->Read(frame.frame, 1).front());
    const Mask& mask = frame.truth.mask;
    if (frame.scores.height() != mask.height() || frame.scores.width() != mask.width()) {
      throw BadInput(fmt::format("{}: the prediction is {} x {} px, the truth {} x {}", PlaceOf(sequence, frame.frame),
                                 frame.scores.width(), frame.scores.height(), mask.width(), mask.height()));
    }
    InContext(PlaceOf(sequence, frame.frame), [&] { look_(frame, worker); });
    progress_.Advance(1);
  }

  const TruthSet& truth_;
  MapSource& maps_;
  Progress& progress_;
  const LookAtFrame& look_;
  std::map<std::size_t, std::unique_ptr<SequenceMaps>> open_;
};

}  // namespace

void ForBlocks(const TruthSet& truth, MapSource& maps, Progress& progress, const LookAtFrame& look,
               const std::function<void(std::vector<ScoredFrame>&)>& finish) {
  const std::size_t frames_of_a_block = kFramesOfAThread * static_cast<std::size_t>(ThreadCount());
  Blocks blocks(truth, maps, progress, look);
  std::vector<Piece> pieces;
  std::size_t held = 0;
  const auto take = [&] {
    if (held == 0) return;
    std::vector<ScoredFrame> block = blocks.Take(pieces);
    finish(block);
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
      if (held == frames_of_a_block) take();
    }
  }
  take();
}

}  // namespace mirst
