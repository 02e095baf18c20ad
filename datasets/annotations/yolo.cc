#include "datasets/annotations/yolo.h"

#include <fmt/format.h>

#include <sstream>

#include "core/error.h"
#include "datasets/annotations/text_lines.h"

namespace mirst {
namespace {

TargetBox ParseLine(const std::string& line, int width, int height, const std::vector<std::string>& classes) {
  std::istringstream words(line);
  std::vector<double> numbers;
  for (std::string word; words >> word;) {
    const auto number = RealNumber(word);
    if (!number) throw BadInput(fmt::format("found '{}', expected a number", word));
    numbers.push_back(*number);
  }
  if (numbers.size() != 5) throw BadInput(fmt::format("found {} numbers, expected 5", numbers.size()));
  const double index = numbers[0];
  if (!(index >= 0 && index < static_cast<double>(classes.size()) &&
        index == static_cast<double>(static_cast<int>(index))))
    throw BadInput(fmt::format("the class is {}, allowed: 0 to {}", index, static_cast<int>(classes.size()) - 1));
  TargetBox box{0, classes[static_cast<std::size_t>(index)]};
  box.width = numbers[3] * width;
  box.height = numbers[4] * height;
  box.x = numbers[1] * width - box.width / 2;
  box.y = numbers[2] * height - box.height / 2;
  return box;
}

}  // namespace

std::string YoloLines(const std::vector<TargetBox>& boxes, int width, int height, ClassNumbers& classes) {
  std::string lines;
  for (const TargetBox& box : boxes) {
    lines += fmt::format("{} {} {} {} {}\n", classes.Of(box.class_name), (box.x + box.width / 2) / width,
                         (box.y + box.height / 2) / height, box.width / width, box.height / height);
  }
  return lines;
}

std::vector<TargetBox> ParseYolo(std::string_view text, int width, int height,
                                 const std::vector<std::string>& classes) {
  std::vector<TargetBox> boxes;
  const std::vector<std::string> lines = Split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find_first_not_of(" \t\r") == std::string::npos) continue;
    InContext(fmt::format("line {}", i + 1), [&] { boxes.push_back(ParseLine(lines[i], width, height, classes)); });
  }
  return boxes;
}

}  // namespace mirst
