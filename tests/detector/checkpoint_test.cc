#include "detector/checkpoint.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "core/version.h"
#include "detector/safetensors.h"
#include "tests/support/data_folder.h"

namespace mirst {
namespace {

std::string Refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
    return error.what();
  }
  return "no refusal";
}

bool Says(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  ADD_FAILURE() << "'" << text << "' lacks '" << part << "'";
  return false;
}

std::string WithHeader(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

TEST(Safetensors, KeepEveryTypeAndShapeBitByBit) {
  const TemporaryFolder folder;
  TensorFile file;
  file.tensors["scalar"] = torch::tensor(std::int64_t{1} << 40, torch::kLong);
  file.tensors["empty"] = torch::zeros({0, 3});
  file.tensors["transposed"] = torch::arange(6, torch::kFloat).view({2, 3}).t();
  file.tensors["half"] = torch::tensor({0.5, -3.25}).to(torch::kHalf);
  file.tensors["bfloat"] = torch::tensor({0.5, -3.25}).to(torch::kBFloat16);
  file.tensors["double"] = torch::tensor({1.0 / 3}, torch::kDouble);
  file.tensors["flags"] = torch::tensor({true, false, true});
  file.tensors["bytes"] = torch::tensor({0, 255}, torch::kByte);
  file.metadata = {{"made of", "nothing \"special\""}};
  WriteSafetensors(folder.path() / "all.safetensors", file);
  const TensorFile read = ReadSafetensors(folder.path() / "all.safetensors");
  EXPECT_EQ(read.metadata, file.metadata);
  ASSERT_EQ(read.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(read.tensors.at(name), tensor)) << name;
  }
}

TEST(Safetensors, LieOnDiskAsTheFormatSays) {
  const TemporaryFolder folder;
  WriteSafetensors(folder.path() / "a.safetensors", {{{"x", torch::tensor({1.0F, 2.0F})}}, {}});
  const std::string header = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  std::string padded = header;
  padded.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(ReadFile(folder.path() / "a.safetensors"), WithHeader(padded, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST(Safetensors, RefuseBrokenFilesInOneSentence) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "b.safetensors";
  const auto refusal = [&](const std::string& bytes) {
    WriteFileAtomically(path, bytes);
    return Refusal([&] { ReadSafetensors(path); });
  };
  const auto entry = [](const std::string& type, const std::string& shape, const std::string& offsets) {
    return R"({"x":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const std::string good = WithHeader(entry("F32", "[2]", "[0,8]"), std::string(8, 'a'));
  WriteFileAtomically(path, good);
  EXPECT_EQ(ReadSafetensors(path).tensors.size(), 1u);

  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(refusal(good.substr(0, length)), "no refusal") << length;
  }
  Says(refusal(""), "too few");
  Says(refusal("PK\3\4 a zip file of another program"), "no safetensors file");
  Says(refusal(good.substr(0, good.size() - 1)), "announces 8 bytes of values, the file holds 7");
  Says(refusal(good + "x"), "holds 9");
  Says(refusal(WithHeader("[1, 2]", "")), "no JSON object");
  Says(refusal(WithHeader("{\"x\":", "")), "not valid JSON");
  Says(refusal(WithHeader(entry("F31", "[2]", "[0,8]"), std::string(8, 'a'))), "unknown type 'F31'");
  Says(refusal(WithHeader(entry("F32", "[3]", "[0,8]"), std::string(8, 'a'))), "asks for 12 bytes");
  Says(refusal(WithHeader(entry("F32", "[-2]", "[0,8]"), std::string(8, 'a'))), "whole numbers from 0");
  Says(refusal(WithHeader(entry("F32", "[4611686018427387904, 4]", "[0,0]"), "")), "too large");
  Says(refusal(WithHeader(entry("F32", "[2]", "[4,12]"), std::string(12, 'a'))), "begin at byte 4, expected 0");
  Says(refusal(WithHeader(R"({"x":{"dtype":"F32","shape":[2]}})", std::string(8, 'a'))), "'data_offsets' is missing");
  Says(Refusal([&] { ReadSafetensors(folder.path() / "none.safetensors"); }), "none.safetensors");
}

PstfnetOptions FreeOptions() {
  PstfnetOptions options;
  options.size_mode = SizeMode::kFree;
  options.first_ptam_level = 4;
  return options;
}

CheckpointInfo SomeInfo() {
  CheckpointInfo info;
  info.options = FreeOptions();
  info.dataset_id = "1234abcd";
  info.config_json = R"({"epochs":3})";
  info.seed = 18446744073709551615U;
  info.steps = 1200;
  info.samples_seen = 4800;
  info.mean = 101.25;
  info.sigma = 17.5;
  info.threshold = -0.125;
  info.validation = {{"iou_seq", 0.5}, {"pd_seq", 0.75}};
  return info;
}

TEST(Checkpoint, GivesTheSameNetworkAndItsHistoryBack) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "net\xC3\xA9.safetensors";
  torch::manual_seed(1);
  Pstfnet network(FreeOptions());
  network(torch::randn({2, 1, 5, 32, 32}));  // running statistics other than the initial ones
  SaveCheckpoint(path, network, SomeInfo());
  LoadedPstfnet loaded = LoadPstfnet(path);
  CheckpointInfo expected = SomeInfo();
  expected.program_version = ProgramVersion();
  expected.git_revision = GitRevision();
  EXPECT_EQ(loaded.info, expected);
  EXPECT_EQ(ReadCheckpointInfo(path), expected);
  EXPECT_FALSE(loaded.network->is_training());
  network->eval();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor frames = torch::randn({1, 1, 5, 32, 48});
  EXPECT_TRUE(torch::equal(loaded.network(frames), network(frames)));
}

TEST(Checkpoint, RefusesANetworkOfAnotherSizeMode) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "free.safetensors";
  SaveCheckpoint(path, Pstfnet(FreeOptions()), {});
  PstfnetOptions options = FreeOptions();
  options.size_mode = SizeMode::kNative;
  Pstfnet native(options);
  Says(Refusal([&] { LoadCheckpoint(path, native); }), "size_mode = \"free\", asked for is size_mode = \"native\"");
  Says(Refusal([&] { LoadWeights(path, *native); }),
       "weights are of size_mode free, the network is of size_mode native");
  WriteSafetensors(folder.path() / "native.safetensors", {StateDict(*native), {}});
  Pstfnet free(FreeOptions());
  Says(Refusal([&] { LoadWeights(folder.path() / "native.safetensors", *free); }), "weights are of size_mode native");
}

TEST(Checkpoint, TheTrainingOfTheNormalisationMayDiffer) {
  const TemporaryFolder folder;
  SaveCheckpoint(folder.path() / "a.safetensors", Pstfnet(FreeOptions()), SomeInfo());
  PstfnetOptions options = FreeOptions();
  options.bn_frames = BatchNormFrames::kJoint;
  Pstfnet joint(options);
  EXPECT_EQ(LoadCheckpoint(folder.path() / "a.safetensors", joint).steps, 1200);
}

TEST(Checkpoint, RefusesWrongNamesAndShapesAndLeavesTheNetworkAlone) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "w.safetensors";
  Pstfnet network(FreeOptions());
  const torch::Tensor before = network->named_parameters()["final.weight"].detach().clone();
  const auto refusal = [&](const std::function<void(std::map<std::string, torch::Tensor>&)>& spoil) {
    TensorFile file{StateDict(*network), {}};
    for (auto& entry : file.tensors) entry.second = torch::zeros_like(entry.second);
    spoil(file.tensors);
    WriteSafetensors(path, file);
    return Refusal([&] { LoadWeights(path, *network); });
  };
  Says(refusal([](auto& tensors) { tensors.erase("final.bias"); }), "tensor 'final.bias' is missing");
  Says(refusal([](auto& tensors) { tensors["extra"] = torch::zeros(1); }), "the network has no tensor 'extra'");
  Says(refusal([](auto& tensors) {
         tensors["final.weight"] = torch::zeros({1, 9, 1, 1});
       }),
       "shape (1, 9, 1, 1), the network's is (1, 8, 1, 1)");
  EXPECT_TRUE(torch::equal(network->named_parameters()["final.weight"], before));
}

TEST(Checkpoint, RefusesASidecarThatDoesNotFit) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "a.safetensors", json = folder.path() / "a.json";
  Pstfnet network(FreeOptions());
  SaveCheckpoint(path, network, SomeInfo());
  const std::string text = ReadFile(json);
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    WriteFileAtomically(json, changed.replace(at, from.size(), to));
    return Refusal([&] { LoadPstfnet(path); });
  };
  Says(refusal("\"schema_version\": 1", "\"schema_version\": 2"), "version 2, this program reads version 1");
  Says(refusal("\"pstfnet\"", "\"unet\""), "network 'unet' is unknown");
  Says(refusal("\"size_mode\": \"free\"", "\"size_mode\": \"both\""), "size_mode");
  Says(refusal("\"sigma\": 17.5", "\"sigma\": 0.0"), "allowed is > 0");
  Says(refusal("\"steps\"", "\"stages\""), "'steps' is missing");
  Says(refusal("\"weights_sha256\": \"", "\"weights_sha256\": \"0"), "not the weights that a.json describes");
  std::filesystem::remove(json);
  Says(Refusal([&] { LoadPstfnet(path); }), "a.json");
}

TEST(Checkpoint, HasTheNamesOfTheAuthorsRelease) {
  const std::filesystem::path path = test::GoldenFolder() / "deep" / "pstfnet" / "state_dict.tsv";
  MIRST_REQUIRE_PATH(path);
  const std::string table = ReadFile(path);
  const std::map<std::string, torch::Tensor> state = StateDict(*Pstfnet());
  EXPECT_EQ(state.size(), 1388u);
  for (const auto& [name, tensor] : state) {
    std::string shape;
    for (const std::int64_t extent : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    EXPECT_NE(table.find("\t" + name + "\t" + shape + "\t"), std::string::npos) << name << " " << shape;
  }
}

}  // namespace
}  // namespace mirst
