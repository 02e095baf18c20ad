#include "detector/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"
#include "detector/network_traits.h"
#include "detector/safetensors.h"
#include "detector/torch_error.h"

namespace mirst {
namespace {

std::filesystem::path SidecarPath(std::filesystem::path weights) { return weights.replace_extension(".json"); }

std::string ShapeText(const torch::Tensor& tensor) {
  return fmt::format("({})", fmt::join(tensor.sizes().vec(), ", "));
}

std::string OptionsJson(const PstfnetOptions& options) { return PrintOptions(options, OptionsFormat::kJson); }

std::string OptionsJson(const CheckpointInfo& info) {
  return info.network == "pstfnet" ? OptionsJson(info.options) : info.network_options;
}

std::string ToJsonText(const CheckpointInfo& info, const std::string& weights_sha256) {
  Json json;
  json["schema_version"] = kCheckpointSchemaVersion;
  json["network"] = info.network;
  json["options"] = ParseJson(OptionsJson(info));
  json["weights_sha256"] = weights_sha256;
  json["dataset_id"] = info.dataset_id;
  json["program"] = {{"version", info.program_version}, {"git", info.git_revision}};
  json["seed"] = info.seed;
  json["steps"] = info.steps;
  json["samples_seen"] = info.samples_seen;
  json["normalisation"] = {{"mean", Finite(info.mean, "mean")}, {"sigma", Finite(info.sigma, "sigma")}};
  json["threshold"] = Finite(info.threshold, "threshold");
  json["validation"] = Json::object();
  for (const auto& [id, value] : info.validation) json["validation"][id] = Finite(value, id);
  json["config"] = ParseJson(info.config_json);
  return Dump(json, 2) + "\n";
}

struct Sidecar {
  CheckpointInfo info;
  std::string weights_sha256;
};

Sidecar ParseSidecar(const std::string& text) {
  const Json json = ParseJson(text);
  const int version = Get<int>(json, "schema_version");
  if (version != kCheckpointSchemaVersion) {
    throw BadInput(
        fmt::format("checkpoint schema version {}, this program reads version {}", version, kCheckpointSchemaVersion));
  }
  Sidecar sidecar;
  CheckpointInfo& info = sidecar.info;
  info.network = Get<std::string>(json, "network");
  const std::vector<std::string> known = NetworkNames();
  if (std::find(known.begin(), known.end(), info.network) == known.end()) {
    throw BadInput(fmt::format("network '{}' is unknown; known: {}", info.network, fmt::join(known, ", ")));
  }
  const Json options = Get<Json>(json, "options");
  if (info.network != "pstfnet") {
    info.network_options = options.dump();
  } else {
    try {
      info.options = ReadOptions<PstfnetOptions>(ConfigTree::FromText(options.dump(), "options"));
    } catch (const Error& error) {
      throw BadInput(error.what());  // a file's fault, not the command line's
    }
  }
  sidecar.weights_sha256 = Get<std::string>(json, "weights_sha256");
  info.dataset_id = Get<std::string>(json, "dataset_id");
  const Json program = Get<Json>(json, "program");
  info.program_version = Get<std::string>(program, "version");
  info.git_revision = Get<std::string>(program, "git");
  info.seed = Get<std::uint64_t>(json, "seed");
  info.steps = Get<std::int64_t>(json, "steps");
  info.samples_seen = Get<std::int64_t>(json, "samples_seen");
  const Json normalisation = Get<Json>(json, "normalisation");
  info.mean = Get<double>(normalisation, "mean");
  info.sigma = Get<double>(normalisation, "sigma");
  if (!(info.sigma > 0)) throw BadInput(fmt::format("normalisation.sigma is {}, allowed is > 0", info.sigma));
  info.threshold = Get<double>(json, "threshold");
  info.validation = Get<std::map<std::string, double>>(json, "validation");
  info.config_json = Get<Json>(json, "config").dump();
  return sidecar;
}

Sidecar ReadSidecar(const std::filesystem::path& weights) {
  const std::filesystem::path path = SidecarPath(weights);
  const std::string text = ReadFile(path);
  return InContext(path.string(), [&] { return ParseSidecar(text); });
}

/// One sentence about the token layer, the usual reason for names that do not agree; else nothing.
std::string SizeModeHint(std::string_view name, std::string_view found, std::string_view wanted) {
  if (name.find(".attention.proj.") == std::string_view::npos) return "";
  return fmt::format(" (the weights are of size_mode {}, the network is of size_mode {})", found, wanted);
}

}  // namespace

std::map<std::string, torch::Tensor> StateDict(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> state;
  for (const auto& item : module.named_parameters()) state.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace(item.key(), item.value());
  return state;
}

void SaveCheckpoint(const std::filesystem::path& weights, const Pstfnet& network, CheckpointInfo info) {
  info.options = network->options();
  WriteCheckpoint(weights, *network, std::move(info));
}

void WriteCheckpoint(const std::filesystem::path& weights, const torch::nn::Module& network, CheckpointInfo info) {
  info.program_version = ProgramVersion();
  info.git_revision = GitRevision();
  WriteSafetensors(weights, {StateDict(network), {{"network", info.network}, {"options", OptionsJson(info)}}});
  WriteFileAtomically(SidecarPath(weights), ToJsonText(info, Sha256OfFile(weights)));
}

CheckpointInfo ReadCheckpointInfo(const std::filesystem::path& weights) { return ReadSidecar(weights).info; }

void LoadWeights(const std::filesystem::path& weights, torch::nn::Module& module) {
  const TensorFile file = ReadSafetensors(weights);
  const std::map<std::string, torch::Tensor> state = StateDict(module);
  InContext(weights.string(), [&] {
    for (const auto& [name, tensor] : state) {
      const auto found = file.tensors.find(name);
      if (found == file.tensors.end()) {
        throw BadInput(fmt::format("tensor '{}' is missing{}", name, SizeModeHint(name, "free", "native")));
      }
      const bool single_values = found->second.numel() == 1 && tensor.numel() == 1;  // some files store counts as (1)
      if (found->second.sizes() != tensor.sizes() && !single_values) {
        throw BadInput(fmt::format("tensor '{}' has the shape {}, the network's is {}", name, ShapeText(found->second),
                                   ShapeText(tensor)));
      }
    }
    for (const auto& [name, tensor] : file.tensors) {
      if (state.count(name) == 0) {
        throw BadInput(fmt::format("the network has no tensor '{}'{}", name, SizeModeHint(name, "native", "free")));
      }
    }
    TranslateTorchErrors([&] {
      const torch::NoGradGuard no_gradient;
      for (const auto& [name, tensor] : state) tensor.copy_(file.tensors.at(name).view_as(tensor));
    });
  });
}

CheckpointInfo LoadDescribedWeights(const std::filesystem::path& weights, torch::nn::Module& network) {
  const Sidecar sidecar = ReadSidecar(weights);
  const std::string sha256 = Sha256OfFile(weights);
  if (sha256 != sidecar.weights_sha256) {
    throw BadInput(fmt::format("{}: not the weights that {} describes (SHA-256 {}..., expected {}...)",
                               weights.string(), SidecarPath(weights).filename().string(), sha256.substr(0, 12),
                               sidecar.weights_sha256.substr(0, 12)));
  }
  LoadWeights(weights, network);
  return sidecar.info;
}

CheckpointInfo LoadCheckpoint(const std::filesystem::path& weights, Pstfnet& network) {
  const Sidecar sidecar = ReadSidecar(weights);
  if (sidecar.info.network != "pstfnet") {
    throw BadInput(
        fmt::format("{}: weights of the network {}, expected pstfnet", weights.string(), sidecar.info.network));
  }
  PstfnetOptions wanted = network->options();
  wanted.bn_frames = sidecar.info.options.bn_frames;
  const Json asked = ParseJson(OptionsJson(wanted)), found = ParseJson(OptionsJson(sidecar.info.options));
  for (const auto& [key, value] : asked.items()) {
    if (found.at(key) != value) {
      throw BadInput(fmt::format("{}: the weights are of a network with {} = {}, asked for is {} = {}",
                                 weights.string(), key, found.at(key).dump(), key, value.dump()));
    }
  }
  return LoadDescribedWeights(weights, *network);
}

LoadedPstfnet LoadPstfnet(const std::filesystem::path& weights) {
  LoadedPstfnet loaded;
  loaded.network = Pstfnet(ReadCheckpointInfo(weights).options);
  loaded.info = LoadCheckpoint(weights, loaded.network);
  loaded.network->eval();
  return loaded;
}

}  // namespace mirst
