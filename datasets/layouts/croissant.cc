// croissant.json. Context and terms follow the Croissant specification 1.1, its appendix 1, and the RAI vocabulary 1.0.
#include <fmt/format.h>

#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"
#include "datasets/layouts/metadata.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

Json Context() {
  Json context = {{"@language", "en"},
                  {"@vocab", "http://schema.org/"},
                  {"sc", "http://schema.org/"},
                  {"cr", "http://mlcommons.org/croissant/"},
                  {"rai", "http://mlcommons.org/croissant/RAI/"},
                  {"dct", "http://purl.org/dc/terms/"},
                  {"prov", "http://www.w3.org/ns/prov#"},
                  {"conformsTo", "dct:conformsTo"},
                  {"data", {{"@id", "cr:data"}, {"@type", "@json"}}},
                  {"dataType", {{"@id", "cr:dataType"}, {"@type", "@vocab"}}},
                  {"examples", {{"@id", "cr:examples"}, {"@type", "@json"}}}};
  for (const char* term :
       {"annotation", "arrayShape",  "citeAs",    "column",        "containedIn", "equivalentProperty",
        "excludes",   "extract",     "field",     "fileProperty",  "fileObject",  "fileSet",
        "format",     "includes",    "isArray",   "isLiveDataset", "jsonPath",    "key",
        "md5",        "parentField", "recordSet", "references",    "regex",       "readLines",
        "sdVersion",  "separator",   "source",    "subField",      "transform",   "unArchive",
        "value"})
    context[term] = fmt::format("cr:{}", term);
  return context;
}

std::string FormatOf(const fs::path& file) {
  const std::string extension = LowerExtension(file);
  if (extension == ".tar") return "application/x-tar";
  if (extension == ".json") return "application/json";
  if (extension == ".csv") return "text/csv";
  if (extension == ".yaml") return "application/yaml";
  return "text/plain";
}

/// Files directly in the folder by hash, sub-folders as sets.
Json Distribution(const fs::path& folder) {
  Json list = Json::array();
  Json archives = Json::array();
  for (const fs::path& file : ListFiles(folder)) {
    const std::string name = file.filename().string();
    list.push_back({{"@type", "cr:FileObject"},
                    {"@id", name},
                    {"name", name},
                    {"contentUrl", name},
                    {"contentSize", fmt::format("{} B", fs::file_size(file))},
                    {"encodingFormat", FormatOf(file)},
                    {"sha256", Sha256OfFile(file)}});
    if (LowerExtension(file) == ".tar") archives.push_back({{"@id", name}});
  }
  const auto add_set = [&](const std::string& id, const std::string& format, const std::string& includes) {
    Json set = {{"@type", "cr:FileSet"}, {"@id", id}, {"name", id}, {"encodingFormat", format}, {"includes", includes}};
    if (!archives.empty()) set["containedIn"] = archives;
    list.push_back(std::move(set));
  };
  if (!archives.empty()) {
    add_set("image-files", "image/png", "*/*.png");
    list.back()["excludes"] = "*/*.*.png";
    add_set("mask-files", "image/png", "*/*.mask.png");
    add_set("annotation-files", "application/json", "*/*.json");
    return list;
  }
  for (const fs::path& path : ListFolders(folder)) {
    const std::string name = path.filename().string();
    const bool is_text = name == "annotations" || name == "Annotations" || name == "labels" || name.ends_with("_idx");
    add_set(name + "-files", is_text ? "text/plain" : "image/png", name + "/**");
  }
  return list;
}

Json Field(const std::string& id, const char* description, const char* type) {
  return {{"@type", "cr:Field"},
          {"@id", id},
          {"name", id.substr(id.find('/') + 1)},
          {"description", description},
          {"dataType", type}};
}

Json FileField(const std::string& id, const char* description, const std::string& file_set) {
  Json field = Field(id, description, "sc:ImageObject");
  field["source"] = {{"fileSet", {{"@id", file_set}}}, {"extract", {{"fileProperty", "content"}}}};
  return field;
}

Json Splits(const Described& set) {
  static constexpr std::array<const char*, 3> kTerms = {"cr:TrainingSplit", "cr:ValidationSplit", "cr:TestSplit"};
  std::set<std::string> used;
  for (const std::size_t i : set.chosen) used.insert(set.reader.sequences()[i].split);
  Json data = Json::array();
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) {
    if (used.contains(std::string(kSplitNames[i])))
      data.push_back({{"splits/name", kSplitNames[i]}, {"splits/url", kTerms[i]}});
  }
  return {
      {"@type", "cr:RecordSet"},
      {"@id", "splits"},
      {"name", "splits"},
      {"dataType", "cr:Split"},
      {"key", {{"@id", "splits/name"}}},
      {"field", {Field("splits/name", "Name of the split.", "sc:Text"), Field("splits/url", "Its meaning.", "sc:URL")}},
      {"data", data}};
}

Json Sequences(const Described& set) {
  Json split = Field("sequences/split", "Split; no background source lies in two.", "sc:Text");
  split["references"] = {{"field", {{"@id", "splits/name"}}}};
  Json data = Json::array();
  for (const std::size_t i : set.chosen) {
    const LayoutSequence& sequence = set.reader.sequences()[i];
    data.push_back({{"sequences/name", sequence.name},
                    {"sequences/split", sequence.split},
                    {"sequences/frames", sequence.frames.size()}});
  }
  return {{"@type", "cr:RecordSet"},
          {"@id", "sequences"},
          {"name", "sequences"},
          {"key", {{"@id", "sequences/name"}}},
          {"field",
           {Field("sequences/name", "Name of the sequence.", "sc:Text"), split,
            Field("sequences/frames", "Number of its frames.", "sc:Integer")}},
          {"data", data}};
}

Json RecordSets(const Described& set, const Json& distribution) {
  Json sets = Json::array();
  if (Json splits = Splits(set); !splits["data"].empty()) sets.push_back(std::move(splits));
  sets.push_back(Sequences(set));
  Json fields = Json::array();
  for (const Json& entry : distribution) {
    const std::string id = entry["@id"];
    if (entry["@type"] != "cr:FileSet") continue;
    if (id.starts_with("image") || id == "JPEGImages-files")
      fields.push_back(FileField("frames/image", "Grey frame, 8 or 16 bits.", id));
    if (id.starts_with("mask-") || id == "masks-files")
      fields.push_back(FileField("frames/mask", "Pixels of the targets are above 127.", id));
  }
  if (!fields.empty())
    sets.push_back({{"@type", "cr:RecordSet"}, {"@id", "frames"}, {"name", "frames"}, {"field", fields}});
  return sets;
}

/// Sources and models that the native manifest names, as entities.
Json Entities(const Manifest& manifest) {
  Json entities = Json::array();
  std::set<std::string> seen;
  const auto add = [&](const std::string& name, const std::string& sha256, const std::string& what) {
    if (!name.empty() && seen.insert(name + sha256).second)
      entities.push_back({{"@type", "prov:Entity"},
                          {"@id", "source/" + name},
                          {"name", name},
                          {"description", what},
                          {"sha256", sha256}});
  };
  for (const ManifestSequence& sequence : manifest.sequences) {
    add(sequence.background.source, sequence.background.sha256,
        fmt::format("background sequence ({})", sequence.background.kind));
    for (const ManifestModel& model : sequence.models) add(model.path, model.sha256, "3-D model");
  }
  return entities;
}

void AddProvenance(const Described& set, Json& json) {
  const Manifest* manifest = set.reader.manifest();
  const std::string version = manifest != nullptr ? manifest->program_version : std::string(ProgramVersion());
  const std::string git = manifest != nullptr ? manifest->program_git : std::string(GitRevision());
  Json activity = {{"@type", "prov:Activity"},
                   {"name", manifest != nullptr ? "mirst generate" : "mirst convert"},
                   {"prov:wasAssociatedWith",
                    {{"@type", "prov:SoftwareAgent"}, {"name", "mirst"}, {"version", version}, {"identifier", git}}}};
  if (manifest != nullptr) {
    const Json entities = Entities(*manifest);
    activity["description"] = fmt::format("seed {}, data set id {}", manifest->seed, manifest->dataset_id);
    for (const Json& entity : entities) activity["prov:used"].push_back({{"@id", entity["@id"]}});
    json["prov:wasDerivedFrom"] = entities;
  }
  json["prov:wasGeneratedBy"] = activity;
}

void AddResponsibleAi(const Described& set, Json& json) {
  const bool is_made = set.reader.manifest() != nullptr;
  json["rai:dataCollection"] = is_made ? "Rendered 3-D targets embedded into background sequences at a controlled "
                                         "signal-to-clutter ratio; prov:used names sequences and models."
                                       : "Converted from a set in the layout " + set.report.from + ".";
  json["rai:dataCollectionType"] = is_made ? "Software Collection" : "Others";
  json["rai:dataAnnotationProtocol"] =
      is_made ? "Masks, boxes and tracks follow exactly from the rendered targets; nobody drew them."
              : "As in the set it was converted from.";
  json["rai:annotationsPerItem"] = "one set of labels a frame";
  std::string limits =
      is_made ? "Targets are simulated; their backgrounds are of few places and cameras." : "Not told by the set.";
  for (const std::string& loss : set.report.losses) limits += fmt::format(" This layout does not hold {}.", loss);
  json["rai:dataLimitations"] = limits;
  json["rai:dataUseCases"] = "Training and evaluation of detectors of small infrared targets in sequences.";
  json["rai:personalSensitiveInformation"] =
      "None is recorded by the program; thermal backgrounds may show people from afar.";
}

}  // namespace

std::string CroissantJson(const fs::path& folder, const Described& set) {
  const Publication& publication = set.publication;
  Json json = {
      {"@context", Context()},
      {"@type", "sc:Dataset"},
      {"name", set.name},
      {"conformsTo", {"http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"}},
      {"description", fmt::format("Infrared small-target sequences: {} sequences, {} frames, in the layout {}.",
                                  set.report.sequences, set.report.frames, set.report.to)}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  add("license", publication.license);
  add("url", publication.url);
  add("datePublished", publication.published);
  if (!publication.creator.empty()) json["creator"] = {{"@type", "sc:Person"}, {"name", publication.creator}};
  if (set.reader.manifest() != nullptr) json["version"] = set.reader.manifest()->dataset_id;
  AddProvenance(set, json);
  AddResponsibleAi(set, json);
  json["distribution"] = Distribution(folder);
  json["recordSet"] = RecordSets(set, json["distribution"]);
  return Dump(json, 1) + "\n";
}

}  // namespace mirst
