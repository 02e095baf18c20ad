// `mirst model info | init | run`: networks from the outside, to be compared with other implementations.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "core/json.h"
#include "detector/model_files.h"
#include "detector/network_traits.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct ModelFlags : CommonFlags {
  std::string arch = "pstfnet";
  std::string formula = "hash";
  std::uint64_t weight_seed = 1;
  std::filesystem::path weights, input, output;
};

double Giga(std::int64_t macs) { return 1e-9 * static_cast<double>(macs); }

std::string PublishedText(const PublishedTraining& t) {
  return fmt::format("{} {:g}, weight decay {:g}, {}; {} epochs, batch {}, {} px; initial weights {}; loss: {}",
                     NameOf(t.optimiser), t.learning_rate, t.weight_decay, t.rate, t.epochs, t.batch, t.crop_px,
                     NameOf(t.initial_weights), t.loss);
}

Json PublishedJson(const NetworkTraits& traits) {
  const PublishedTraining& t = traits.training;
  Json statistics = Json::array();
  for (const InputStatistics& s : traits.statistics) {
    statistics.push_back({{"data_set", s.data_set}, {"mean", s.mean}, {"sigma", s.sigma}});
  }
  return {{"source", traits.source},
          {"optimiser", NameOf(t.optimiser)},
          {"learning_rate", t.learning_rate},
          {"weight_decay", t.weight_decay},
          {"rate", t.rate},
          {"epochs", t.epochs},
          {"batch", t.batch},
          {"crop_px", t.crop_px},
          {"initial_weights", NameOf(t.initial_weights)},
          {"loss", t.loss},
          {"input_statistics", statistics}};
}

void PrintInfo(const ModelFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const ModelInfo info = DescribeModel(flags.arch, LoadConfig(flags));
  ModelStage all{"all", 0, 0, 0};
  for (const ModelStage& stage : info.stages) {
    all.macs += stage.macs;
    all.attention_macs += stage.attention_macs;
    all.inference_macs += stage.inference_macs;
  }
  std::vector<ModelStage> stages = info.stages;
  stages.push_back(all);
  if (flags.json) {
    Json json = {{"arch", info.arch},
                 {"options", ParseJson(info.options_json)},
                 {"input_shape", info.input_shape},
                 {"parameters", info.parameters},
                 {"buffers", info.buffers},
                 {"layers", Json::array()},
                 {"stages", Json::array()},
                 {"published", PublishedJson(TraitsOf(info.arch))}};
    for (const ModelLayer& layer : info.layers) {
      json["layers"].push_back(
          {{"name", layer.name}, {"kind", layer.kind}, {"shapes", layer.shapes}, {"parameters", layer.parameters}});
    }
    for (const ModelStage& stage : stages) {
      json["stages"].push_back({{"name", stage.name},
                                {"gmacs", Giga(stage.macs)},
                                {"attention_gmacs", Giga(stage.attention_macs)},
                                {"inference_gmacs", Giga(stage.inference_macs)}});
    }
    PrintLine(Dump(json, 2));
    return;
  }
  std::size_t width = 0;
  for (const ModelLayer& layer : info.layers) width = std::max(width, layer.name.size());
  for (const ModelLayer& layer : info.layers) {
    std::string shapes;
    for (const auto& shape : layer.shapes)
      shapes += fmt::format("{}({})", shapes.empty() ? "" : " ", fmt::join(shape, ","));
    PrintLine(fmt::format("{:<{}}  {:<12} {:>9}  {}", layer.name, width, layer.kind, layer.parameters, shapes));
  }
  PrintLine(fmt::format("\n{} parameters, {} stored values that are not trained; options {}", info.parameters,
                        info.buffers, info.options_json));
  const NetworkTraits& traits = TraitsOf(info.arch);
  PrintLine(
      fmt::format("{}; window {}, height and width multiples of {}", traits.source, traits.window, traits.stride));
  PrintLine(fmt::format("published training: {}", PublishedText(traits.training)));
  PrintLine(fmt::format("GMAC for one input of ({}):", fmt::join(info.input_shape, ", ")));
  PrintLine(fmt::format("{:<10} {:>16} {:>10} {:>18}", "stage", "conv and linear", "attention", "done in inference"));
  for (const ModelStage& stage : stages) {
    PrintLine(fmt::format("{:<10} {:>16.3f} {:>10.3f} {:>18.3f}", stage.name, Giga(stage.macs),
                          Giga(stage.attention_macs), Giga(stage.inference_macs)));
  }
}

void Initialise(const ModelFlags& flags) {
  const WeightFormula formula = flags.formula == "hash"      ? WeightFormula::kHash
                                : flags.formula == "default" ? WeightFormula::kDefault
                                                             : WeightFormula::kPublished;
  InitialiseModel(flags.arch, LoadConfig(flags), formula, flags.weight_seed, flags.output);
  if (flags.json) {
    PrintLine(Dump({{"event", "result"}, {"weights", flags.output.string()}}));
  } else {
    PrintLine(fmt::format("weights {}", flags.output.string()));
  }
}

void RunOnce(const ModelFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const ModelRun run = RunModel(flags.arch, LoadConfig(flags), flags.weights, flags.input, flags.output);
  if (flags.json) {
    PrintLine(Dump({{"event", "result"},
                    {"output", flags.output.string()},
                    {"input_shape", run.input_shape},
                    {"output_shape", run.output_shape},
                    {"seconds", run.seconds}}));
    return;
  }
  PrintLine(fmt::format("({}) -> ({}) in {:.3f} s, {}", fmt::join(run.input_shape, ", "),
                        fmt::join(run.output_shape, ", "), run.seconds, flags.output.string()));
}

void AddArchitectureFlags(CLI::App& command, ModelFlags& flags) {
  command.add_option("--arch", flags.arch, fmt::format("Network: {}", fmt::join(NetworkNames(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--config", flags.config, "Options of the network, YAML")->type_name("FILE");
  command.add_option("--set", flags.assignments, "One option, such as attention_layout=compat; repeatable")
      ->type_name("KEY=VALUE");
}

}  // namespace

void AddModelCommand(CLI::App& program) {
  CLI::App* model = program.add_subcommand(
      "model",
      "Look into networks and run them from file to file\n"
      "info prints layers, parameters and multiply-accumulate operations; init writes weights made by formula; run\n"
      "takes an array through the network, so that it can be compared with any other implementation.");
  model->require_subcommand(1);
  const auto flags = std::make_shared<ModelFlags>();

  CLI::App* info = model->add_subcommand("info", "Layers, parameters and cost of a network");
  AddArchitectureFlags(*info, *flags);
  AddCommonFlags(*info, *flags, WithOptions::kNo);
  info->callback([flags] { PrintInfo(*flags); });

  CLI::App* init = model->add_subcommand("init", "Write weights made by formula");
  AddArchitectureFlags(*init, *flags);
  init->add_option(
          "--formula", flags->formula,
          "hash: from a counter, the same in every implementation (docs/training.md); default: LibTorch's own; "
          "published: as the network's published training begins")
      ->check(CLI::IsMember({"hash", "default", "published"}))
      ->capture_default_str();
  init->add_option("--seed", flags->weight_seed, "Of the formula")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{4294967295}))
      ->capture_default_str();
  init->add_option("--output", flags->output, "Weights to write, .safetensors")->type_name("FILE")->required();
  AddCommonFlags(*init, *flags, WithOptions::kNo);
  init->callback([flags] { Initialise(*flags); });

  CLI::App* run = model->add_subcommand("run", "Take one array through a network");
  AddArchitectureFlags(*run, *flags);
  run->add_option("--weights", flags->weights, "Weights, .safetensors")->type_name("FILE")->required();
  run->add_option("--input", flags->input, "Array, .npy float32 or float64, as listed below; batch may be left out")
      ->type_name("FILE")
      ->required();
  run->add_option("--output", flags->output, "Array to write, .npy, as listed below")->type_name("FILE")->required();
  AddCommonFlags(*run, *flags, WithOptions::kNo);
  run->callback([flags] { RunOnce(*flags); });

  std::string shapes = "Networks:\n";
  for (const NetworkTraits& traits : AllNetworks()) {
    shapes += fmt::format("  {:<13} {}; sizes that are multiples of {}\n{:15} -> {}\n", traits.arch, traits.input_shape,
                          traits.stride, "", traits.output);
  }
  run->footer(shapes);
  model->footer(
      "Examples:\n"
      "  mirst model info --arch pstfnet --set msfm=false\n"
      "  mirst model info --arch dnanet --set channels=3\n"
      "  mirst model init --arch pstfnet --formula hash --seed 1 --output out/hash.safetensors\n"
      "  mirst model run --arch pstfnet --set attention_layout=compat --weights out/hash.safetensors \\\n"
      "      --input frames.npy --output logits.npy");
}

}  // namespace mirst
