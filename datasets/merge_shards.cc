#include "datasets/merge_shards.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/sample_store.h"
#include "datasets/store_folder.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

// A folder that sequences are taken from, locked.
struct ShardFolder {
  explicit ShardFolder(const fs::path& path)
      : folder(path),
        journal(path),
        lock(path / kUnfinishedFile, FileLock::Kind::kExclusive,
             fmt::format("writing a shard into {}", path.string())) {}
  fs::path folder;
  SequenceJournal journal;
  FileLock lock;
};

WriteJob JobOf(const fs::path& folder) {
  const std::optional<WriteJob> job = SequenceJournal(folder).ReadJob();
  if (job) return *job;
  throw BadInput(fmt::format("{} holds {}", folder.string(),
                             HoldsDataset(folder) ? "a whole data set, expected shards" : "no shard of a data set"));
}

bool SameFolder(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// Folders other than the output, each once, of one job.
std::vector<std::unique_ptr<ShardFolder>> OpenShards(const std::vector<fs::path>& shards, const fs::path& out,
                                                     const WriteJob& job) {
  std::vector<std::unique_ptr<ShardFolder>> opened;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (SameFolder(shards[i], shards[k])) throw BadInput(fmt::format("{} is named twice", shards[i].string()));
    }
    if (const std::string difference = Difference(JobOf(shards[i]), job); !difference.empty()) {
      throw BadInput(fmt::format("{} and {} are shards of different jobs: {} (there: {}; here: {})", shards[i].string(),
                                 shards.front().string(), difference, shards[i].string(), shards.front().string()));
    }
    if (SameFolder(shards[i], out)) continue;
    opened.push_back(std::make_unique<ShardFolder>(shards[i]));
    opened.back()->journal.SetJob(job);
  }
  return opened;
}

struct Found {
  FinishedSequence sequence;
  const ShardFolder* shard = nullptr;
};

// What the output lacks, from the shards.
std::map<std::string, Found> FindSequences(const std::vector<std::unique_ptr<ShardFolder>>& shards, const WriteJob& job,
                                           const SampleStoreWriter& writer, const fs::path& out) {
  std::map<std::string, Found> found;
  for (const auto& shard : shards) {
    for (int i = 0; i < job.sequences; ++i) {
      const std::string name = SequenceName(i);
      std::optional<FinishedSequence> sequence = shard->journal.Find(name);
      if (!sequence) continue;
      const auto twice = [&](const fs::path& other) {
        return BadInput(
            fmt::format("sequence {} is there twice: in {} and in {}", name, other.string(), shard->folder.string()));
      };
      if (const auto before = found.find(name); before != found.end()) throw twice(before->second.shard->folder);
      if (writer.IsFinished(name)) {
        // A merge that was cut off between two steps has left the record, but no frame.
        if (fs::exists(shard->folder / "image" / name)) throw twice(out);
        shard->journal.Forget(name);
        continue;
      }
      found[name] = {std::move(*sequence), shard.get()};
    }
  }
  return found;
}

void CheckFiles(const std::map<std::string, Found>& found, const fs::path& out) {
  std::vector<const Found*> list;
  for (const auto& [name, one] : found) list.push_back(&one);
  Progress progress("check", static_cast<std::int64_t>(list.size()), "sequences");
  ParallelFor(list.size(), [&](std::size_t i) {
    const fs::path& folder = list[i]->shard->folder;
    if (const std::string changed = FirstChangedFile(list[i]->sequence, folder, out); !changed.empty())
      throw BadInput(fmt::format("{} is not as it was written; run its shard again", (folder / changed).string()));
    progress.Advance();
  });
}

void RemoveRest(const ShardFolder& shard) {
  shard.journal.Remove();
  std::error_code ignored;
  for (const std::string_view kind : kImageFolders) fs::remove(shard.folder / kind, ignored);  // where empty
  fs::remove(shard.folder / kAnnotationsFolder, ignored);
  RemoveQuietly(shard.folder / kStagingFolder);
  shard.lock.RemoveFile();
  fs::remove(shard.folder, ignored);
}

}  // namespace

MergeReport MergeShards(const std::vector<fs::path>& shards, const fs::path& folder) {
  const WriteJob job = JobOf(shards.at(0));
  if (HoldsDataset(folder)) throw BadInput(fmt::format("{} holds a whole data set already", folder.string()));
  const std::vector<std::unique_ptr<ShardFolder>> others = OpenShards(shards, folder, job);
  SampleStoreWriter writer(folder, Existing::kResume, job, {});
  const std::map<std::string, Found> found = FindSequences(others, job, writer, folder);
  std::vector<std::string> missing;
  for (int i = 0; i < job.sequences; ++i) {
    if (const std::string name = SequenceName(i); !writer.IsFinished(name) && !found.contains(name))
      missing.push_back(name);
  }
  if (!missing.empty()) throw BadInput(MissingSequences(missing, job.sequences) + "; run their shards again");
  if (!found.empty()) {
    CheckFiles(found, folder);
    writer.Begin(0);
  }
  for (const auto& [name, one] : found) {
    writer.TakeSequence(one.sequence, one.shard->folder);
    one.shard->journal.Forget(name);
  }
  MergeReport report{writer.Finish(), job.sequences, static_cast<int>(found.size())};
  for (const auto& shard : others) RemoveRest(*shard);
  return report;
}

}  // namespace mirst
