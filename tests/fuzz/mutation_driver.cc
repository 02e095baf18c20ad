// A main for fuzz targets where the compiler has no libFuzzer: mutates seed inputs by keyed random numbers, so that a
// round can be repeated by its number. Arguments: first round, number of rounds.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/fuzz/fuzz_seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

const std::vector<std::string> kWords{
    "nan",  "inf",      "-1", "1e38", "1e-38",  "4294967295", "2147483648", "0", "99999999999999999999",
    "#INF", "\n",       " ",  "/",    "refs 3", "kids 9",     "f 1 2 3\n",  "[", "{",
    "}",    "\xff\xfe", "*",  "&a"};

std::string Mutate(std::string text, mirst::RandomStream& random) {
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(random.Integer(static_cast<std::uint32_t>(n)));
  };
  for (std::size_t change = 0, changes = 1 + below(8); change < changes; ++change) {
    const std::size_t place = below(text.size() + 1),
                      length = below(std::min<std::size_t>(40, text.size() - place + 1));
    switch (below(6)) {
      case 0:
        text.erase(place, length);
        break;
      case 1:
        text.insert(place, text.substr(below(text.size() + 1), below(60)));
        break;
      case 2:
        text.replace(place, std::min<std::size_t>(length, 3), kWords[below(kWords.size())]);
        break;
      case 3:
        if (place < text.size()) text[place] = static_cast<char>(below(256));
        break;
      case 4:
        text.resize(place);
        break;
      default:
        text.insert(place, kWords[below(kWords.size())]);
        break;
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  const std::uint64_t rounds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 4000;
  const std::vector<std::string> seeds = mirst::fuzz::Seeds();
  for (std::uint64_t round = first; round < first + rounds; ++round) {
    mirst::RandomStream random({.seed = round, .purpose = mirst::Purpose::kTest});
    const std::size_t kind = round % seeds.size();
    std::string input(1, static_cast<char>(kind));
    input += Mutate(seeds[kind], random);
    std::cerr << "round " << round << '\r';  // known when it crashes
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::cerr << '\n';
  return 0;
}
