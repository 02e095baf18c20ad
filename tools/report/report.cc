#include "tools/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "datasets/inspection.h"
#include "datasets/labelled_set.h"
#include "tools/report/display_copy.h"
#include "tools/report/distributions.h"
#include "tools/report/page_parts.h"
#include "tools/report/results.h"
#include "tools/report/sequence_pages.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMark = R"(<meta name="generator" content="mirst report">)";

bool IsReport(const fs::path& folder) {
  const fs::path page = folder / "index.html";
  return fs::exists(page) && ReadFile(page).substr(0, 1000).find(kMark) != std::string::npos;
}

void CheckOut(const fs::path& out, ExistingReport existing) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) throw BadInput(fmt::format("{} is a file, expected a folder", out.string()));
  if (fs::is_empty(out)) return;
  if (!IsReport(out))
    throw BadInput(fmt::format("{} holds files that are no report; name an empty or a new folder", out.string()));
  if (existing == ExistingReport::kRefuse)
    throw BadInput(fmt::format("{} already holds a report; --force replaces it", out.string()));
}

/// A folder beside `out` that becomes `out` when all is written, and is removed when something fails.
class Staging {
 public:
  explicit Staging(const fs::path& out) : out_(fs::absolute(out / ".").parent_path()), folder_(out_) {
    folder_ += ".partial";
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored)) {  // what a killed run left
      if (entry.path().filename() != "data" && entry.path().filename() != "index.html")
        throw BadInput(fmt::format("{} holds files that are no report, but is needed for a while", folder_.string()));
    }
    fs::remove_all(folder_, ignored);
    CreateFolder(folder_ / "data");
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const fs::path& folder() const { return folder_; }
  void Commit() {
    std::error_code fault;
    fs::remove_all(out_, fault);
    if (!fault) fs::rename(folder_, out_, fault);
    if (fault) throw BadInput(fmt::format("cannot write {}: {}", out_.string(), fault.message()));
  }

 private:
  fs::path out_, folder_;
};

/// What a README beside a source or model states now. `path` is relative to one of the roots, which one is not
/// recorded: a root that is the source itself ("." or nothing) must bear its name, and roots that disagree state
/// nothing.
std::string LicenceOf(const std::vector<std::string>& roots, const std::string& name, const std::string& path) {
  std::set<std::string> licences;
  for (const std::string& text : roots) {
    const fs::path root = fs::absolute(fs::path(text) / ".").parent_path(), place = root / path;
    const bool is_root = path.empty() || path == ".";
    if (!fs::exists(place) || (is_root && root.filename() != name && root.stem() != name)) continue;
    for (const fs::path& folder : {place, place.parent_path(), root, root.parent_path()}) {
      const std::optional<std::string> licence = fs::is_directory(folder) ? StatedLicence(folder) : std::nullopt;
      if (!licence) continue;
      licences.insert(*licence);
      break;
    }
  }
  return licences.size() == 1 ? *licences.begin() : "not stated";
}
constexpr std::string_view kOwnLicence = "Apache-2.0 (made by mirst)";

std::vector<std::string> RootsOf(const Json& config, const char* kind) {
  try {
    return config.at(kind).at("paths").get<std::vector<std::string>>();
  } catch (const Json::exception&) {  // another version's options, or a plain folder's
    return {};
  }
}

/// Sources with the splits they lie in, models, options: where everything came from.
Json Provenance(const Manifest& manifest) {
  const Json config = ParseJson(manifest.config_json);
  const std::vector<std::string> source_roots = RootsOf(config, "backgrounds"), model_roots = RootsOf(config, "models");
  std::map<std::string, Json> sources, models;
  for (const ManifestSequence& sequence : manifest.sequences) {
    const ManifestBackground& background = sequence.background;
    auto [source, is_new] = sources.try_emplace(background.source);
    if (is_new) {
      source->second = {
          {"source", background.source},
          {"kind", background.kind},
          {"path", background.path},
          {"sha256", background.sha256},
          {"licence", background.kind == "procedural" ? std::string(kOwnLicence)
                                                      : LicenceOf(source_roots, background.source, background.path)},
          {"splits", Json::object()}};
    }
    Json& splits = source->second["splits"];
    splits[sequence.split] = GetOr<int>(splits, sequence.split, 0) + 1;
    std::set<std::string> of_sequence;
    for (const ManifestModel& model : sequence.models) {
      auto [entry, first] = models.try_emplace(model.path);
      if (first) {
        entry->second = {
            {"path", model.path},
            {"sha256", model.sha256},
            {"licence", model.path.starts_with("builtin:") ? std::string(kOwnLicence)
                                                           : LicenceOf(model_roots, model.path, model.path)},
            {"sequences", 0}};
      }
      if (of_sequence.insert(model.path).second) entry->second["sequences"] = entry->second["sequences"].get<int>() + 1;
    }
  }
  Json provenance = {{"seed", manifest.seed},
                     {"program_version", manifest.program_version},
                     {"program_git", manifest.program_git},
                     {"mask_convention", manifest.mask_convention},
                     {"hashed_files", manifest.files.size()},
                     {"config", config},
                     {"sources", Json::array()},
                     {"models", Json::array()}};
  for (auto& [name, source] : sources) provenance["sources"].push_back(std::move(source));
  for (auto& [path, model] : models) provenance["models"].push_back(std::move(model));
  return provenance;
}

/// `<` may end the script that holds the text.
std::string InScript(const std::string& json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) c == '<' ? text += "\\u003c" : text += c;
  return text;
}

/// Fills the places {{name}} of the page; what is filled in is not searched for places again.
std::string Page(const std::string& title, const std::string& data) {
  const std::map<std::string_view, std::string> texts = {
      {"generator", std::string(kMark)},
      {"title", Escaped(title)},
      {"style", std::string(kPageCss)},
      {"program", Escaped(fmt::format("{} (git {})", ProgramVersion(), GitRevision()))},
      {"data", InScript(data)},
      {"library", std::string(kPageLibrary)},
      {"library_licence", Escaped(kPageLibraryLicence)},
      {"script", std::string(kPageScript)}};
  std::string page;
  std::string_view rest = kPageHtml;
  for (std::size_t at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    const std::size_t end = rest.find("}}", at);
    page += rest.substr(0, at);
    page += texts.at(rest.substr(at + 2, end - at - 2));
    rest.remove_prefix(end + 2);
  }
  return page.append(rest);
}

}  // namespace

std::string Escaped(std::string_view text) {
  static const std::map<char, std::string_view> kEntities = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string html;
  for (const char c : text) {
    const auto entity = kEntities.find(c);
    entity == kEntities.end() ? html += c : html += entity->second;
  }
  return html;
}

WrittenReport WriteReport(const ReportSources& sources, const fs::path& out, ExistingReport existing) {
  CheckOut(out, existing);
  const LabelledSet set(sources.data);
  const Manifest& manifest = set.manifest();
  if (manifest.sequences.empty())
    throw BadInput(fmt::format("the data set {} holds no sequence", set.folder().string()));
  const ReportResults results = OpenResults(sources.results, manifest.dataset_id);
  const std::string training = sources.training.empty() ? "null" : TrainingJson(sources.training);
  const Json provenance = Provenance(manifest);
  const std::string scr_mode = GetOr<std::string>(GetOr<Json>(provenance["config"], "scr", Json::object()), "mode", "");

  Staging staging(out);
  WrittenReport written{out / "index.html"};
  ReportDistributions distributions;
  std::string entries;
  for (const ManifestSequence& sequence : manifest.sequences) written.frames += sequence.frames;
  Progress progress("report", written.frames, "frames");
  for (const ManifestSequence& sequence : manifest.sequences) {
    ThrowIfInterrupted();
    const std::string key = fmt::format("{:05}", written.sequences++);
    const fs::path folder = staging.folder() / "data" / key;
    CreateFolder(folder);
    const SequencePages pages = InContext(fmt::format("sequence {}", sequence.name), [&] {
      return WriteSequencePages(set, sequence, results.predictions, key, folder);
    });
    distributions.Add(pages.statistics, pages.targets, pages.targets_in_frame, scr_mode);
    entries += (entries.empty() ? "" : ",\n") + pages.entry_json;
    progress.Advance(sequence.frames);
  }
  Json detectors = Json::array();
  for (const PredictedMasks& masks : results.predictions) detectors.push_back(masks.id());
  const std::string name = fs::absolute(sources.data / ".").parent_path().filename().string();
  const Json head = {{"name", name},
                     {"dataset_id", manifest.dataset_id},
                     {"layout", NameOf(set.layout())},
                     {"scr_edges", ScrBinEdges()},
                     {"area_edges", AreaBinEdges()},
                     {"low_scr", kLowScrLimit},
                     {"smoke_run_windows", kSmokeRunWindows},
                     {"drawn_false_alarms", kDrawnFalseAlarms},
                     {"jpeg_quality", kJpegQuality},
                     {"detectors", detectors}};
  const std::string data = fmt::format(
      "{{\"head\":{},\n\"sequences\":[{}],\n\"distributions\":{},\n\"evaluations\":{},\n\"training\":{},\n"
      "\"provenance\":{}}}",
      Dump(head), entries, distributions.ToJson(), results.evaluations_json, training, Dump(provenance));
  WriteFileAtomically(staging.folder() / "index.html", Page(name, data));
  staging.Commit();
  return written;
}

}  // namespace mirst
