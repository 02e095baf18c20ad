#include "datasets/sequence_journal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "datasets/store_folder.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kJobFile = "job.json";

Json AsJson(const WriteJob& job) { return {{"sequences", job.sequences}, {"manifest", ParseJson(ToJson(job.header))}}; }

std::string Short(const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : Dump(value);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// Lists of plain values are compared as wholes: an interval's two numbers belong together.
std::string FirstDifference(const Json& there, const Json& here, const std::string& path) {
  if (there == here) return {};
  if (!there.is_object() || !here.is_object())
    return fmt::format("{} is {} there and {} here", path, Short(there), Short(here));
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& [key, value] : there.items()) {
    if (!here.contains(key)) return fmt::format("{} is {} there and missing here", below(key), Short(value));
    if (const std::string text = FirstDifference(value, here[key], below(key)); !text.empty()) return text;
  }
  for (const auto& [key, value] : here.items()) {
    if (!there.contains(key)) return fmt::format("{} is missing there and {} here", below(key), Short(value));
  }
  return fmt::format("the order of {}", path);
}

}  // namespace

std::string SequenceName(int index) { return fmt::format("{:06}", index); }

std::string MissingSequences(const std::vector<std::string>& missing, int of) {
  constexpr std::size_t kNamed = 5;
  const std::vector<std::string> named(missing.begin(),
                                       missing.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, missing.size())));
  return fmt::format("{} of {} sequences are missing: {}{}", missing.size(), of, fmt::join(named, ", "),
                     missing.size() > kNamed ? ", ..." : "");
}

std::string Difference(const WriteJob& there, const WriteJob& here) {
  // The config first: it names what the user changed, and the inputs often follow from it.
  const Json a = AsJson(there), b = AsJson(here);
  for (const char* key : {"config", "seed", "program", "inputs"}) {
    if (const std::string text = FirstDifference(a["manifest"][key], b["manifest"][key], key); !text.empty())
      return text;
  }
  return FirstDifference(a, b, "");
}

std::string FirstChangedFile(const FinishedSequence& sequence, const fs::path& folder, const fs::path& or_below) {
  for (const auto& [path, hashes] : sequence.files) {
    std::error_code ignored;
    const bool elsewhere = !or_below.empty() && !fs::exists(folder / path, ignored);
    try {
      if (Sha256OfFile((elsewhere ? or_below : folder) / path) != hashes.file) return path;
    } catch (const Error&) {
      return path;  // missing, or not to be read
    }
  }
  return {};
}

SequenceJournal::SequenceJournal(const fs::path& folder) : folder_(folder / kJournalFolder) {}

fs::path SequenceJournal::PathOfRecord(const std::string& name) const {
  return folder_ / "sequences" / (name + ".json");
}

std::optional<WriteJob> SequenceJournal::ReadJob() const {
  const fs::path file = folder_ / kJobFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  return InContext(file.string(), [&] {
    const Json json = ParseJson(ReadFile(file));
    return WriteJob{Get<int>(json, "sequences"), ParseManifest(Dump(Get<Json>(json, "manifest")))};
  });
}

void SequenceJournal::SetJob(const WriteJob& job) { job_hash_ = Sha256OfText(Dump(AsJson(job))); }

void SequenceJournal::WriteJobFile(const WriteJob& job) {
  SetJob(job);
  CreateFolder(folder_ / "sequences");
  WriteFileAtomically(folder_ / kJobFile, Dump(AsJson(job), 1) + "\n");
}

void SequenceJournal::Record(const FinishedSequence& sequence) const {
  Json files = Json::object();
  for (const auto& [path, hashes] : sequence.files) files[path] = {hashes.content, hashes.file};
  const Json json = {{"job", job_hash_}, {"sequence", ParseJson(ToJson(sequence.entry))}, {"files", files}};
  WriteFileAtomically(PathOfRecord(sequence.entry.name), Dump(json) + "\n");
}

std::optional<FinishedSequence> SequenceJournal::Find(const std::string& name) const {
  try {
    const Json json = ParseJson(ReadFile(PathOfRecord(name)));
    if (Get<std::string>(json, "job") != job_hash_) return std::nullopt;
    FinishedSequence sequence;
    sequence.entry = ParseManifestSequence(Dump(Get<Json>(json, "sequence")));
    const Json files = Get<Json>(json, "files");
    for (const auto& [path, hashes] : files.items()) {
      const auto pair = hashes.get<std::array<std::string, 2>>();
      sequence.files[path] = {pair[0], pair[1]};
    }
    if (sequence.entry.name != name || sequence.files.empty()) return std::nullopt;
    return sequence;
  } catch (const Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void SequenceJournal::Forget(const std::string& name) const { RemoveQuietly(PathOfRecord(name)); }

void SequenceJournal::Remove() const { RemoveQuietly(folder_); }

}  // namespace mirst
