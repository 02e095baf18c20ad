#include "datasets/annotations/mot.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "datasets/annotations/text_lines.h"

namespace mirst {
namespace {

constexpr double kLargestNumber = 1e9;

std::vector<double> NumbersIn(std::string_view line) {
  std::vector<double> numbers;
  for (const std::string& word : Split(line, ',')) {
    const std::size_t first = word.find_first_not_of(" \t\r"), last = word.find_last_not_of(" \t\r");
    const auto number =
        first == std::string::npos ? std::nullopt : RealNumber(std::string_view(word).substr(first, last - first + 1));
    if (!number || std::abs(*number) > kLargestNumber)
      throw BadInput(fmt::format("found '{}', expected a number", word));
    numbers.push_back(*number);
  }
  if (numbers.size() < 6) throw BadInput(fmt::format("found {} numbers, expected 6 to 9", numbers.size()));
  return numbers;
}

std::string ClassName(int number, const std::vector<std::string>& classes) {
  const bool is_known = number >= 1 && number <= static_cast<int>(classes.size());
  return is_known ? classes[static_cast<std::size_t>(number) - 1] : fmt::format("class {}", number);
}

void AddLine(std::string_view line, const std::vector<std::string>& classes, MotTruth& truth) {
  const std::vector<double> numbers = NumbersIn(line);
  const int frame = static_cast<int>(numbers[0]), id = static_cast<int>(numbers[1]);
  if (frame < 1 || id < 1)
    throw BadInput(fmt::format("found frame {} and id {}, both count from 1", numbers[0], numbers[1]));
  if (numbers.size() > 6 && numbers[6] == 0) {
    ++truth.left_out;
    return;
  }
  TargetBox box{id, ClassName(numbers.size() > 7 ? static_cast<int>(numbers[7]) : 1, classes)};
  box.x = numbers[2] - 1;
  box.y = numbers[3] - 1;
  box.width = numbers[4];
  box.height = numbers[5];
  if (numbers.size() > 8) box.visibility = numbers[8];
  truth.boxes[frame].push_back(std::move(box));
}

}  // namespace

std::string MotLines(const std::vector<TargetBox>& boxes, int frame, ClassNumbers& classes) {
  std::string lines;
  for (const TargetBox& box : boxes) {
    lines += fmt::format("{},{},{},{},{},{},1,{},{}\n", frame, box.id, box.x + 1, box.y + 1, box.width, box.height,
                         classes.Of(box.class_name) + 1, box.visibility);
  }
  return lines;
}

MotTruth ParseMot(std::string_view text, const std::vector<std::string>& classes) {
  MotTruth truth;
  const std::vector<std::string> lines = Split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find_first_not_of(" \t\r") == std::string::npos) continue;
    InContext(fmt::format("line {}", i + 1), [&] { AddLine(lines[i], classes, truth); });
  }
  return truth;
}

}  // namespace mirst
