#include "datasets/annotations/voc.h"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <limits>
#include <memory>

#include "core/error.h"
#include "datasets/annotations/text_lines.h"

namespace mirst {
namespace {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

const xmlNode* ChildOf(const xmlNode* node, std::string_view name) {
  for (const xmlNode* child = node == nullptr ? nullptr : node->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && reinterpret_cast<const char*>(child->name) == name) return child;
  }
  return nullptr;
}

/// The text of a child element; empty where it is not there.
std::string TextOf(const xmlNode* node, std::string_view name) {
  const xmlNode* child = ChildOf(node, name);
  if (child == nullptr) return {};
  const std::unique_ptr<xmlChar, void (*)(void*)> text(xmlNodeGetContent(child), xmlFree);
  std::string value = text ? reinterpret_cast<const char*>(text.get()) : "";
  const std::size_t first = value.find_first_not_of(" \t\r\n"), last = value.find_last_not_of(" \t\r\n");
  return first == std::string::npos ? "" : value.substr(first, last - first + 1);
}

double NumberOf(const xmlNode* node, std::string_view name) {
  const std::string text = TextOf(node, name);
  const auto number = RealNumber(text);
  if (!number) throw BadInput(fmt::format("<{}> is '{}', expected a number", name, text));
  return *number;
}

int Side(const xmlNode* size, std::string_view name) {
  const auto side = WholeNumber(TextOf(size, name));
  return side && *side >= 0 && *side <= std::numeric_limits<int>::max() ? static_cast<int>(*side) : 0;
}

TargetBox ParseObject(const xmlNode* object) {
  const xmlNode* ends = ChildOf(object, "bndbox");
  TargetBox box{0, TextOf(object, "name")};
  if (box.class_name.empty() || ends == nullptr) throw BadInput("an <object> lacks its <name> or <bndbox>");
  box.x = NumberOf(ends, "xmin") - 1;
  box.y = NumberOf(ends, "ymin") - 1;
  box.width = NumberOf(ends, "xmax") - box.x;
  box.height = NumberOf(ends, "ymax") - box.y;
  if (box.width <= 0 || box.height <= 0) throw BadInput("a <bndbox> ends before it begins");
  return box;
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace

std::string VocXml(const VocPicture& picture) {
  std::string xml = fmt::format(
      "<annotation>\n  <folder>{}</folder>\n  <filename>{}</filename>\n  <size><width>{}</width><height>{}</height>"
      "<depth>1</depth></size>\n  <segmented>{}</segmented>\n",
      Escaped(picture.folder), Escaped(picture.file_name), picture.width, picture.height, picture.has_masks ? 1 : 0);
  for (const TargetBox& box : picture.boxes) {
    xml += fmt::format(
        "  <object>\n    <name>{}</name>\n    "
        "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>\n"
        "    <bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>\n  </object>\n",
        Escaped(box.class_name.empty() ? "target" : box.class_name), box.x + 1, box.y + 1, box.x + box.width,
        box.y + box.height);
  }
  return xml + "</annotation>\n";
}

VocPicture ParseVoc(std::string_view xml) {
  if (xml.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw BadInput("the file is too large");
  const Document document(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr) throw BadInput("it is not valid XML");
  VocPicture picture;
  picture.folder = TextOf(root, "folder");
  picture.file_name = TextOf(root, "filename");
  picture.width = Side(ChildOf(root, "size"), "width");
  picture.height = Side(ChildOf(root, "size"), "height");
  picture.has_masks = TextOf(root, "segmented") == "1";
  for (const xmlNode* child = root->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && std::string_view(reinterpret_cast<const char*>(child->name)) == "object")
      picture.boxes.push_back(ParseObject(child));
  }
  return picture;
}

}  // namespace mirst
