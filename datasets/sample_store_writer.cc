#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <string>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/sample_store.h"
#include "datasets/stage_sample.h"
#include "datasets/store_folder.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

// What a sequence's own files tell; the rest of the entry, the true split too, is the manifest's matter.
ManifestSequence EntryOf(const Sample& sample) {
  const Frame& first = sample.frames.front().frame;
  ManifestSequence entry;
  entry.name = sample.name;
  entry.split = kSplitNames.front();
  entry.frames = static_cast<int>(sample.frames.size());
  entry.width = first.pixels.width();
  entry.height = first.pixels.height();
  entry.bit_depth = first.bit_depth;
  return entry;
}

bool SameShape(const ManifestSequence& a, const ManifestSequence& b) {
  return a.frames == b.frames && a.width == b.width && a.height == b.height && a.bit_depth == b.bit_depth;
}

std::string ReadableBytes(std::uintmax_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

// The texts of train.txt, val.txt and test.txt. Throws kInternal when a source lies in two splits.
std::map<std::string, std::string> SplitLists(const std::vector<ManifestSequence>& sequences) {
  std::map<std::string, std::string> lists, split_of_source;
  for (const std::string_view split : kSplitNames) lists[std::string(split)];
  for (const ManifestSequence& sequence : sequences) {
    InContext(fmt::format("sequence {}", sequence.name), [&] {
      const auto list = lists.find(sequence.split);
      if (list == lists.end()) throw InternalError(fmt::format("unknown split '{}'", sequence.split));
      list->second += sequence.name + "\n";
      const auto [source, is_new] = split_of_source.emplace(sequence.background.source, sequence.split);
      if (!is_new && source->second != sequence.split && !sequence.background.source.empty()) {
        throw InternalError(fmt::format("the background source {} lies in the splits {} and {}", source->first,
                                        source->second, sequence.split));
      }
    });
  }
  return lists;
}

}  // namespace

struct SampleStoreWriter::State {
  State(fs::path where, Existing what) : folder(std::move(where)), existing(what), journal(folder) {}

  fs::path folder;
  Existing existing;
  SequenceJournal journal;
  std::optional<WriteJob> job;
  Shard shard;
  bool had_folder = false, had_marker = false;
  std::optional<FileLock> lock, shard_lock;
  std::mutex mutex;               // guards what follows
  std::set<std::string> started;  // or finished before
  std::set<std::string> found;    // finished before
  bool finished = false;

  ~State();
  bool resumes() const { return existing == Existing::kResume || !shard.IsWhole(); }
  fs::path Staging(const std::string& sequence) const { return folder / kStagingFolder / sequence; }
  void TakeLocks();
  void FindFinished();
  void Start(const std::string& sequence);
  void MoveIntoPlace(const std::string& sequence) const;
  void RemoveSequence(const std::string& sequence) const;
  std::string WriteManifest(Manifest manifest, std::map<std::string, FileHashes> hashes);
};

void SampleStoreWriter::State::TakeLocks() {
  std::error_code ignored;
  had_folder = fs::exists(folder, ignored);
  if (had_folder) CheckReplaceable(folder, resumes() ? Existing::kResume : existing);
  had_marker = HoldsUnfinishedDataset(folder);
  CreateFolder(folder);
  const std::string busy = fmt::format("writing a data set into {}", folder.string());
  lock.emplace(folder / kUnfinishedFile, shard.IsWhole() ? FileLock::Kind::kExclusive : FileLock::Kind::kShared, busy);
  if (shard.IsWhole()) return;
  CreateFolder(folder / kJournalFolder);
  shard_lock.emplace(folder / kJournalFolder / fmt::format("shard-{}-of-{}.lock", shard.index, shard.count),
                     FileLock::Kind::kExclusive,
                     fmt::format("writing the shard {} of a data set into {}", ToString(shard), folder.string()));
}

void SampleStoreWriter::State::FindFinished() {
  const std::optional<WriteJob> there = journal.ReadJob();
  if (!there) return;
  if (const std::string difference = Difference(*there, *job); !difference.empty()) {
    throw BadInput(fmt::format("{} was begun by another job: {}; resume it as it was begun, or name another folder",
                               folder.string(), difference));
  }
  journal.SetJob(*job);
  Progress progress("check", job->sequences, "sequences");
  ParallelFor(static_cast<std::size_t>(job->sequences), [&](std::size_t i) {
    progress.Advance();
    if (!shard.Holds(static_cast<int>(i))) return;
    const std::string name = SequenceName(static_cast<int>(i));
    const std::optional<FinishedSequence> sequence = journal.Find(name);
    if (!sequence) return;
    if (const std::string changed = FirstChangedFile(*sequence, folder); !changed.empty()) {
      LogWarning(fmt::format("sequence {} counts as missing: {} is not as it was written", name, changed));
      return journal.Forget(name);
    }
    const std::lock_guard guard(mutex);
    found.insert(name);
    started.insert(name);
  });
}

void SampleStoreWriter::State::Start(const std::string& sequence) {
  {
    const std::lock_guard guard(mutex);
    if (!started.insert(sequence).second) throw InternalError("a sequence of this name was written before");
  }
  // Whatever a run that was killed has left of it.
  if (resumes()) RemoveSequence(sequence);
}

// Files without a record are rubbish that the next run removes; a record without files would be a lie.
void SampleStoreWriter::State::RemoveSequence(const std::string& sequence) const {
  journal.Forget(sequence);
  for (const std::string_view kind : kImageFolders) RemoveQuietly(folder / kind / sequence);
  RemoveQuietly(folder / AnnotationsPath(sequence));
  RemoveQuietly(Staging(sequence));
}

void SampleStoreWriter::State::MoveIntoPlace(const std::string& sequence) const {
  const fs::path staging = Staging(sequence);
  CreateFolder(folder / kAnnotationsFolder);
  Rename(staging / "annotations.jsonl", folder / AnnotationsPath(sequence));
  for (const std::string_view kind : kImageFolders) {
    if (!fs::exists(staging / kind)) continue;
    CreateFolder(folder / kind);
    Rename(staging / kind, folder / kind / sequence);
  }
  RemoveQuietly(staging);
}

SampleStoreWriter::SampleStoreWriter(fs::path folder, Existing existing, std::uintmax_t expected_bytes)
    : state_(std::make_unique<State>(std::move(folder), existing)) {
  state_->TakeLocks();
  Begin(expected_bytes);
}

SampleStoreWriter::SampleStoreWriter(fs::path folder, Existing existing, WriteJob job, Shard shard)
    : state_(std::make_unique<State>(std::move(folder), existing)) {
  state_->job = std::move(job);
  state_->shard = shard;
  state_->TakeLocks();
  if (state_->resumes()) state_->FindFinished();
}

void SampleStoreWriter::Begin(std::uintmax_t expected_bytes) {
  const std::vector<fs::path> old_parts = state_->resumes() ? std::vector<fs::path>{} : PartsOf(state_->folder);
  if (const std::uintmax_t free = FreeBytes(state_->folder) + BytesOf(old_parts); free < expected_bytes) {
    throw BadInput(fmt::format("the data set needs about {}, {} has {} free", ReadableBytes(expected_bytes),
                               state_->folder.string(), ReadableBytes(free)));
  }
  for (const fs::path& part : old_parts) {
    std::error_code error;
    fs::remove_all(part, error);
    if (error) throw BadInput(fmt::format("cannot remove {}: {}", part.string(), error.message()));
  }
  state_->journal.WriteJobFile(state_->job.value_or(WriteJob{}));
}

// Runs in destructors of constructors that failed, too: the folder is left as it was found.
SampleStoreWriter::State::~State() {
  if (finished) return;
  std::error_code ignored;
  fs::remove(folder / kStagingFolder, ignored);  // only when empty: other shards may be at work there
  if (!started.empty() || had_marker || !shard.IsWhole() || !lock) return;
  journal.Remove();
  lock->RemoveFile();
  if (!had_folder) fs::remove(folder, ignored);
}

SampleStoreWriter::~SampleStoreWriter() = default;

bool SampleStoreWriter::IsFinished(const std::string& sequence) const { return state_->found.contains(sequence); }

void SampleStoreWriter::WriteSequence(const Sample& sample) { WriteSequence(sample, {}); }

void SampleStoreWriter::WriteSequence(const Sample& sample, const ManifestSequence& entry) {
  InContext(fmt::format("sequence {}", sample.name), [&] {
    CheckSample(sample);
    const ManifestSequence own = EntryOf(sample);
    if (state_->job && (entry.name != own.name || !SameShape(entry, own)))
      throw InternalError("the manifest's name, frames, size or bit depth differ from the sample's");
    state_->Start(sample.name);
    try {
      std::map<std::string, FileHashes> hashes = StageSample(sample, state_->Staging(sample.name));
      state_->MoveIntoPlace(sample.name);
      state_->journal.Record({state_->job ? entry : own, std::move(hashes)});
    } catch (...) {
      state_->RemoveSequence(sample.name);
      const std::lock_guard guard(state_->mutex);
      state_->started.erase(sample.name);
      throw;
    }
  });
}

void SampleStoreWriter::TakeSequence(const FinishedSequence& sequence, const fs::path& folder) {
  const std::string& name = sequence.entry.name;
  InContext(fmt::format("sequence {}", name), [&] {
    const auto take = [&](const fs::path& path) {
      std::error_code error;
      if (!fs::exists(folder / path, error)) return;  // taken before a run that was killed
      const fs::path to = state_->folder / path;
      CreateFolder(to.parent_path());
      RemoveQuietly(to);
      fs::rename(folder / path, to, error);
      if (error != std::errc::cross_device_link) {
        if (error)
          throw BadInput(
              fmt::format("cannot move {} to {}: {}", (folder / path).string(), to.string(), error.message()));
        return;
      }
      const fs::path staging = state_->Staging(name);
      RemoveQuietly(staging);
      CreateFolder(staging);
      fs::copy(folder / path, staging / "taken", fs::copy_options::recursive, error);
      if (error)
        throw BadInput(fmt::format("cannot copy {} to {}: {}", (folder / path).string(), to.string(), error.message()));
      Rename(staging / "taken", to);
      RemoveQuietly(staging);
      RemoveQuietly(folder / path);
    };
    take(AnnotationsPath(name));
    for (const std::string_view kind : kImageFolders) take(fs::path(kind) / name);
    state_->journal.Record(sequence);
    const std::lock_guard guard(state_->mutex);
    state_->started.insert(name);
  });
}

std::string SampleStoreWriter::Finish(Manifest manifest) {
  const std::lock_guard guard(state_->mutex);
  if (state_->finished) throw InternalError("the data set is finished already");
  std::sort(manifest.sequences.begin(), manifest.sequences.end(),
            [](const ManifestSequence& a, const ManifestSequence& b) { return a.name < b.name; });
  std::map<std::string, FileHashes> hashes;
  std::set<std::string_view> names;
  for (const ManifestSequence& sequence : manifest.sequences) {
    InContext(fmt::format("sequence {}", sequence.name), [&] {
      if (!names.insert(sequence.name).second) throw InternalError("the manifest names it twice");
      if (!state_->started.contains(sequence.name))
        throw InternalError("it stands in the manifest and was not written");
      std::optional<FinishedSequence> written = state_->journal.Find(sequence.name);
      if (!written) throw BadInput("its record has vanished");
      if (!SameShape(written->entry, sequence))
        throw InternalError("the manifest's frames, size or bit depth differ from what was written");
      hashes.merge(written->files);
    });
  }
  if (names.size() != state_->started.size()) throw InternalError("the manifest lacks a sequence that was written");
  return state_->WriteManifest(std::move(manifest), std::move(hashes));
}

std::string SampleStoreWriter::Finish() {
  Manifest manifest = state_->job.value().header;
  std::vector<std::string> missing;
  for (int i = 0; i < state_->job->sequences; ++i) {
    const std::string name = SequenceName(i);
    std::optional<FinishedSequence> sequence = state_->journal.Find(name);
    if (sequence) {
      manifest.sequences.push_back(std::move(sequence->entry));
    } else {
      missing.push_back(name);
    }
  }
  if (!missing.empty())
    throw BadInput(fmt::format("{}: {}", state_->folder.string(), MissingSequences(missing, state_->job->sequences)));
  return Finish(std::move(manifest));
}

std::string SampleStoreWriter::State::WriteManifest(Manifest manifest, std::map<std::string, FileHashes> hashes) {
  for (const auto& [split, list] : SplitLists(manifest.sequences)) {
    WriteFileAtomically(folder / ListPath(split), list);
    hashes[ListPath(split)] = {"", Sha256OfText(list)};
  }
  std::map<std::string, std::string> content_hashes;
  manifest.files.clear();
  for (auto& [path, both] : hashes) {
    manifest.files[path] = std::move(both.file);
    if (!both.content.empty()) content_hashes[path] = std::move(both.content);
  }
  manifest.dataset_id = DatasetId(content_hashes);
  RemoveQuietly(folder / kStagingFolder);
  WriteFileAtomically(folder / kManifestFile, ToJson(manifest));
  finished = true;
  journal.Remove();
  lock->RemoveFile();
  return manifest.dataset_id;
}

std::optional<std::string> FinishedDatasetId(const fs::path& folder, const WriteJob& job) {
  if (!HoldsDataset(folder)) return std::nullopt;
  const Manifest manifest = SampleStoreReader(folder).manifest();
  WriteJob there{static_cast<int>(manifest.sequences.size()), manifest};
  there.header.dataset_id.clear();
  there.header.sequences.clear();
  there.header.files.clear();
  if (const std::string difference = Difference(there, job); !difference.empty())
    throw BadInput(fmt::format("{} holds the data set of another job: {}", folder.string(), difference));
  for (const std::string_view left : {kStagingFolder, kJournalFolder, kUnfinishedFile}) RemoveQuietly(folder / left);
  return manifest.dataset_id;
}

}  // namespace mirst
