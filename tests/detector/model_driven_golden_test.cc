// The model-driven methods against the raw outputs of their authors' programs: float32 files, so that 6e-8 of the
// largest value is the least difference that could be seen, and the gates are those of the reference's own page.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "datasets/frame_io.h"
#include "detector/model_driven/methods.h"
#include "tests/support/data_folder.h"
#include "tests/support/npy.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;

fs::path Goldens() { return GoldenFolder() / "model_driven"; }

std::vector<Image<float>> Frames(const std::string& series, int first, int count) {
  std::vector<Image<float>> frames;
  for (int i = first; i < first + count; ++i)
    frames.push_back(ReadFrame(Goldens() / "images" / fmt::format("{}{:02}.png", series, i)).pixels);
  return frames;
}
Image<float> OneFrame(const std::string& name) { return ReadFrame(Goldens() / "images" / (name + ".png")).pixels; }
std::vector<ImageView<const float>> Views(const std::vector<Image<float>>& frames) {
  return {frames.begin(), frames.end()};
}

template <class Pixel>
std::vector<double> Values(const std::vector<Image<Pixel>>& images) {
  std::vector<double> values;
  for (const Image<Pixel>& image : images) values.insert(values.end(), image.begin(), image.end());
  return values;
}

/// Largest difference over the largest golden value; NaN in the golden stands for 0.
double RelativeDifference(const std::vector<double>& values, const std::string& golden) {
  const NpyArray<float> expected = ReadNpy<float>(Goldens() / (golden + ".npy"));
  EXPECT_EQ(values.size(), expected.values.size()) << golden;
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double wanted = std::isnan(expected.values[i]) ? 0.0 : static_cast<double>(expected.values[i]);
    difference = std::max(difference, std::abs(values[i] - wanted));
    largest = std::max(largest, std::abs(wanted));
  }
  const double relative = largest > 0 ? difference / largest : difference;
  ::testing::Test::RecordProperty(golden, fmt::format("{:.3g}", relative));
  return relative;
}
/// Pixels that are > 0 in one and not in the other, float32 underflow aside.
int SupportDifferences(const std::vector<double>& values, const std::string& golden) {
  const NpyArray<float> expected = ReadNpy<float>(Goldens() / (golden + ".npy"));
  int differences = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    differences += (static_cast<float>(values[i]) > 0) != (expected.values[i] > 0) ? 1 : 0;
  return differences;
}

constexpr const char* kSingleFrames[] = {"gao3", "gao5", "pst1", "pst2"};

class ModelDrivenGolden : public testing::Test {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(Goldens()); }
};

TEST_F(ModelDrivenGolden, TopHatIsEqualToTheBit) {
  for (const std::string name : kSingleFrames) {
    EXPECT_EQ(RelativeDifference(Values<float>({TopHat(OneFrame(name))}), "tophat/" + name), 0) << name;
  }
}

TEST_F(ModelDrivenGolden, IpiAgreesWithEqualIterations) {
  const int iterations[] = {37, 24, 36, 22};
  for (int i = 0; i < 4; ++i) {
    const std::string name = kSingleFrames[i];
    const IpiResult result = Ipi(OneFrame(name));
    EXPECT_EQ(result.iterations, iterations[i]) << name;
    EXPECT_LE(RelativeDifference(Values<double>({result.target}), "ipi/" + name + "_T"), 1e-6) << name;
    if (name == "pst2") {
      EXPECT_LE(RelativeDifference(Values<double>({result.background}), "ipi/pst2_B"), 1e-6);
    }
  }
}

TEST_F(ModelDrivenGolden, PstnnAgreesWithEqualIterationsAndSupport) {
  const int iterations[] = {3, 3, 4, 3};
  for (int i = 0; i < 4; ++i) {
    const std::string name = kSingleFrames[i], golden = "pstnn/" + name;
    const Image<float> frame = OneFrame(name);
    const PstnnResult result = Pstnn(frame);
    EXPECT_EQ(result.iterations, iterations[i]) << name;
    EXPECT_LE(RelativeDifference(Values<double>({result.target}), golden + "_T"), 1e-6) << name;
    EXPECT_EQ(SupportDifferences(Values<double>({result.target}), golden + "_T"), 0) << name;
    if (fs::exists(Goldens() / (golden + "_W.npy"))) {
      EXPECT_LE(RelativeDifference(Values<double>({PstnnPrior(frame)}), golden + "_W"), 1e-6) << name;
    }
    if (fs::exists(Goldens() / (golden + "_B.npy"))) {
      EXPECT_LE(RelativeDifference(Values<double>({result.background}), golden + "_B"), 1e-6) << name;
    }
  }
}

TEST_F(ModelDrivenGolden, WslcmAgrees) {
  for (const std::string name : kSingleFrames) {
    EXPECT_LE(RelativeDifference(Values<double>({Wslcm(OneFrame(name))}), "wslcm/" + name), 1e-6) << name;
  }
}

struct Window {
  std::string series;
  int first, iterations;
  std::string golden;
};

TEST_F(ModelDrivenGolden, WsnmStiptAgreesAtTheCountsOfTheOriginal) {
  for (const Window& w : {Window{"wsnm_", 1, 3, "wsnm_01_T"}, Window{"wsnm_", 5, 3, "wsnm_05_T"},
                          Window{"asttv_", 1, 3, "asttv_01_T"}, Window{"imnn_", 2, 5, "imnn_02_T"}}) {
    const std::vector<Image<float>> frames = Frames(w.series, w.first, 4);
    WsnmStiptOptions options;
    options.iterations = w.iterations;
    const std::vector<double> values = Values(WsnmStipt(Views(frames), options).targets);
    EXPECT_LE(RelativeDifference(values, "wsnm_stipt/" + w.golden), 1e-6) << w.golden;
    EXPECT_EQ(SupportDifferences(values, "wsnm_stipt/" + w.golden), 0) << w.golden;
  }
}

TEST_F(ModelDrivenGolden, AsttvNtlaAgreesFromTheSameStart) {
  for (const Window& w : {Window{"asttv_", 1, 57, "asttv_01"}, Window{"imnn_", 2, 56, "imnn_02"}}) {
    const std::vector<Image<float>> frames = Frames(w.series, w.first, 3);
    const AsttvNtlaResult result = AsttvNtla(Views(frames));
    EXPECT_EQ(result.iterations, w.iterations) << w.golden;
    EXPECT_LE(RelativeDifference(Values(result.targets), "asttv_ntla/" + w.golden + "_T"), 1e-6) << w.golden;
    if (w.golden == "asttv_01") {
      EXPECT_LE(RelativeDifference(Values(result.backgrounds), "asttv_ntla/asttv_01_B"), 1e-6);
    }
  }
}

TEST_F(ModelDrivenGolden, ImnnLwecAgreesWithEqualIterationsAndSupport) {
  for (const Window& w :
       {Window{"imnn_", 2, 2, "imnn_02"}, Window{"wsnm_", 1, 2, "wsnm_01"}, Window{"imnnB_", 1, 2, "imnnB"}}) {
    const std::vector<Image<float>> frames = Frames(w.series, w.first, 3);
    const ImnnLwecResult result = ImnnLwec(Views(frames));
    EXPECT_EQ(result.iterations, w.iterations) << w.golden;
    for (std::size_t f = 0; f < 3; ++f) {
      const std::string golden = fmt::format("imnn_lwec/{}_f{}", w.golden, f + 1);
      const std::vector<double> target = Values<double>({result.targets[f]});
      if (fs::exists(Goldens() / (golden + "_T.npy"))) {
        EXPECT_LE(RelativeDifference(target, golden + "_T"), 1e-6) << golden;
        EXPECT_EQ(SupportDifferences(target, golden + "_T"), 0) << golden;
      }
      if (fs::exists(Goldens() / (golden + "_B.npy"))) {
        EXPECT_LE(RelativeDifference(Values<double>({result.backgrounds[f]}), golden + "_B"), 1e-6) << golden;
      }
      if (fs::exists(Goldens() / (golden + "_prior.npy"))) {  // 0..4
        EXPECT_LE(4 * RelativeDifference(Values<double>({ImnnLwecPrior(frames[f])}), golden + "_prior"), 1e-6);
      }
    }
  }
}

}  // namespace
}  // namespace mirst::test
