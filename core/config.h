// Options: one plain struct a module, filled by default < file < flag, all faults reported at once. A struct takes part
// by a function `void Visit(OptionsVisitor&, ModuleOptions&)` in its own header that names each field once, with its
// unit, range and meaning; reading YAML, printing, and the JSON Schema all come from that one function.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mirst {

/// Closed interval of allowed values.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// A YAML document that files and `--set` assignments fill, before it is read into a struct.
class ConfigTree {
 public:
  ConfigTree();  ///< empty: all defaults
  ~ConfigTree();
  ConfigTree(ConfigTree&&) noexcept;
  ConfigTree& operator=(ConfigTree&&) noexcept;

  /// Throws kBadInput (unreadable), kUsage (not YAML; names line and column).
  static ConfigTree FromFile(const std::filesystem::path& path);
  static ConfigTree FromText(std::string_view yaml, std::string_view origin = "text");

  /// "a.b=c", c in YAML ("3", "[1, 2]", "text"). Throws kUsage.
  void Assign(std::string_view assignment);

 private:
  friend class OptionsReader;
  struct State;
  std::unique_ptr<State> state_;
};

/// Meets every field of an options struct in order.
class OptionsVisitor {
 public:
  virtual ~OptionsVisitor() = default;

  virtual void BeginGroup(std::string_view name, std::string_view description) = 0;
  virtual void EndGroup() = 0;
  virtual void Boolean(std::string_view name, bool& value, std::string_view description) = 0;
  virtual void Integer(std::string_view name, std::int64_t& value, Range range, std::string_view description) = 0;
  virtual void Real(std::string_view name, double& value, Range range, std::string_view description) = 0;
  virtual void OptionalReal(std::string_view name, std::optional<double>& value, Range range,
                            std::string_view description) = 0;
  virtual void Text(std::string_view name, std::string& value, std::string_view description) = 0;
  virtual void TextList(std::string_view name, std::vector<std::string>& value, std::string_view description) = 0;
  /// One of `names`, by its index.
  virtual void Choice(std::string_view name, int& index, const std::vector<std::string>& names,
                      std::string_view description) = 0;
  /// [low, high] with low <= high, both inside `range`.
  virtual void Interval(std::string_view name, std::pair<double, double>& value, Range range,
                        std::string_view description) = 0;
  /// A value with a form of its own, here as JSON text; `schema` is its JSON Schema. `read` takes what the tree holds
  /// and returns the faults that it finds in it.
  using ReadJson = std::function<std::vector<std::string>(std::string_view json)>;
  virtual void Structure(std::string_view name, std::string_view json, const ReadJson& read, std::string_view schema,
                         std::string_view description) = 0;

  void Integer(std::string_view name, int& value, Range range, std::string_view description) {
    std::int64_t wide = value;
    range.low = std::max(range.low, -2147483648.0);
    range.high = std::min(range.high, 2147483647.0);
    Integer(name, wide, range, description);
    value = static_cast<int>(wide);
  }
  template <class Enum>
  void Choice(std::string_view name, Enum& value, const std::vector<std::string>& names, std::string_view description) {
    int index = static_cast<int>(value);
    Choice(name, index, names, description);
    value = static_cast<Enum>(index);
  }
  /// A struct with a Visit function of its own.
  template <class Options>
  void Group(std::string_view name, Options& options, std::string_view description) {
    BeginGroup(name, description);
    Visit(*this, options);
    EndGroup();
  }
};

/// Fills a struct from a tree and collects every fault with its path and place ("scr.range (smoke.yaml:12): ...").
class OptionsReader final : public OptionsVisitor {
 public:
  explicit OptionsReader(const ConfigTree& tree);
  ~OptionsReader() override;

  void BeginGroup(std::string_view name, std::string_view description) override;
  void EndGroup() override;
  void Boolean(std::string_view name, bool& value, std::string_view description) override;
  void Integer(std::string_view name, std::int64_t& value, Range range, std::string_view description) override;
  void Real(std::string_view name, double& value, Range range, std::string_view description) override;
  void OptionalReal(std::string_view name, std::optional<double>& value, Range range,
                    std::string_view description) override;
  void Text(std::string_view name, std::string& value, std::string_view description) override;
  void TextList(std::string_view name, std::vector<std::string>& value, std::string_view description) override;
  void Choice(std::string_view name, int& index, const std::vector<std::string>& names,
              std::string_view description) override;
  void Interval(std::string_view name, std::pair<double, double>& value, Range range,
                std::string_view description) override;
  void Structure(std::string_view name, std::string_view json, const ReadJson& read, std::string_view schema,
                 std::string_view description) override;
  using OptionsVisitor::Choice;
  using OptionsVisitor::Integer;

  /// Adds a fault that concerns several fields; `path` is "a.b".
  void AddFault(std::string_view path, std::string_view message);
  /// Unknown keys join the faults; throws kUsage listing all of them, one a line, when there are any.
  void Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The ways to print a struct.
enum class OptionsFormat {
  kYaml,        ///< with each field's description as a comment; reads back to the same struct
  kJson,        ///< one line
  kJsonSchema,  ///< draft 2020-12, additionalProperties false
};

class OptionsPrinter final : public OptionsVisitor {
 public:
  explicit OptionsPrinter(OptionsFormat format);
  ~OptionsPrinter() override;

  void BeginGroup(std::string_view name, std::string_view description) override;
  void EndGroup() override;
  void Boolean(std::string_view name, bool& value, std::string_view description) override;
  void Integer(std::string_view name, std::int64_t& value, Range range, std::string_view description) override;
  void Real(std::string_view name, double& value, Range range, std::string_view description) override;
  void OptionalReal(std::string_view name, std::optional<double>& value, Range range,
                    std::string_view description) override;
  void Text(std::string_view name, std::string& value, std::string_view description) override;
  void TextList(std::string_view name, std::vector<std::string>& value, std::string_view description) override;
  void Choice(std::string_view name, int& index, const std::vector<std::string>& names,
              std::string_view description) override;
  void Interval(std::string_view name, std::pair<double, double>& value, Range range,
                std::string_view description) override;
  void Structure(std::string_view name, std::string_view json, const ReadJson& read, std::string_view schema,
                 std::string_view description) override;
  using OptionsVisitor::Choice;
  using OptionsVisitor::Integer;

  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads and validates: `AddFaults(OptionsReader&, const Options&)`, found by its argument, reports what concerns
/// several fields.
template <class Options>
Options ReadOptions(const ConfigTree& tree) {
  Options options;
  OptionsReader reader(tree);
  Visit(reader, options);
  AddFaults(reader, options);
  reader.Finish();
  return options;
}

template <class Options>
std::string PrintOptions(Options options, OptionsFormat format) {
  OptionsPrinter printer(format);
  Visit(printer, options);
  return printer.text();
}

}  // namespace mirst
