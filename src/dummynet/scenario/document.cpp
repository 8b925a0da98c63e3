#include "dummynet/scenario/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "dummynet/scenario/encoding.hpp"

namespace dummynet::scenario {
namespace {

/// Ends the reading at once, for what makes the rest meaningless.
struct Refused {
  Complaint complaint;
};

/// Byte offsets → lines and columns in characters, in constant time: a file may be one line of 1 MiB.
class Places {
 public:
  explicit Places(std::string_view text) : text_{text} {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(i + 1);
      if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U && continuations_.empty())
        continuations_.resize(text.size() + 1);
    }
    for (std::size_t i = 0; i + 1 < continuations_.size(); ++i) {
      continuations_[i + 1] = continuations_[i] + ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U ? 1 : 0);
    }
  }

  Position at(std::size_t offset) const {
    const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const auto line = static_cast<std::size_t>(next - line_starts_.begin());
    return at(line - 1, offset - line_starts_[line - 1]);
  }
  /// Both from 0, the column in bytes.
  Position at(std::size_t line, std::size_t column) const {
    line = std::min(line, line_starts_.size() - 1);
    const std::size_t start = line_starts_[line];
    const std::size_t offset = std::min(start + column, text_.size());
    std::size_t characters = offset - start;
    if (!continuations_.empty()) characters -= continuations_[offset] - continuations_[start];
    return {static_cast<int>(line) + 1, static_cast<int>(characters) + 1};
  }
  std::string_view line(std::size_t number) const {
    if (number >= line_starts_.size()) return {};
    const std::string_view rest = text_.substr(line_starts_[number]);
    return rest.substr(0, rest.find('\n'));
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> line_starts_{0};
  std::vector<std::size_t> continuations_;  // before each byte; empty for plain ASCII
};

/// yaml-cpp's events → our tree.
class Builder : public YAML::EventHandler {
 public:
  Builder(const Places& places, Complaints& complaints) : places_{places}, complaints_{complaints} {}

  std::optional<Element> root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{{at(mark), "a second document starts here; a scenario is one document"}};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_extras(mark, "", anchor);
    add(element(Element::Kind::null, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complaints_.push_back({at(mark), "aliases (`*name`) are not supported; write it out"});
    add(element(Element::Kind::null, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_extras(mark, tag, anchor);
    const bool is_quoted = tag == "!";
    // YAML's core schema: these plain words mean "nothing", as an absent value does.
    const bool null = !is_quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL");
    Element scalar = element(null && !expects_key() ? Element::Kind::null : Element::Kind::text, mark);
    scalar.text = value;
    scalar.quoted = is_quoted;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(element(Element::Kind::list, mark), mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(element(Element::Kind::map, mark), mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is being filled.
  struct Open {
    Element element;
    std::optional<Member> key;  // read, its value not yet
    std::unordered_map<std::string, Position> seen;
  };

  Position at(const YAML::Mark& mark) const {
    return mark.is_null() ? Position{}
                          : places_.at(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
  }
  Element element(Element::Kind kind, const YAML::Mark& mark) const {
    Element result;
    result.kind = kind;
    result.position = at(mark);
    return result;
  }
  bool expects_key() const { return !open_.empty() && open_.back().element.is_map() && !open_.back().key; }

  void refuse_extras(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0)
      complaints_.push_back({at(mark), "anchors (`&name`) are not supported; write it out where it is needed"});
    if (!tag.empty() && tag != "?" && tag != "!")
      complaints_.push_back({at(mark), fmt::format("tags ({}) are not supported; leave it out", backticked(tag))});
  }
  void open(Element opened, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_extras(mark, tag, anchor);
    if (open_.size() >= kMaxDepth) {
      throw Refused{{opened.position, fmt::format("nested deeper than {} levels", kMaxDepth)}};
    }
    open_.push_back({std::move(opened), std::nullopt, {}});
  }
  void close() {
    Element closed = std::move(open_.back().element);
    open_.pop_back();
    add(std::move(closed));
  }
  void add(Element added) {
    if (open_.empty()) {
      root = std::move(added);
    } else if (open_.back().element.is_list()) {
      open_.back().element.items.push_back(std::move(added));
    } else if (!open_.back().key) {
      add_key(std::move(added));
    } else {
      add_value(std::move(added));
    }
  }
  void add_key(Element key) {
    if (!key.is_text())
      complaints_.push_back({key.position, fmt::format("a key must be a text, this is {}", to_string(key.kind))});
    open_.back().key = Member{std::move(key.text), key.position, {}};
  }
  void add_value(Element value) {
    Open& map = open_.back();
    Member member = std::move(*map.key);
    map.key.reset();
    member.value = std::move(value);
    const auto [known, is_new] = map.seen.emplace(member.key, member.key_position);
    if (member.key == "<<") {
      complaints_.push_back({member.key_position, "merge keys (`<<`) are not supported; write it out"});
    } else if (!is_new) {
      complaints_.push_back({member.key_position, fmt::format("duplicate key {}; the first one is in line {}",
                                                              backticked(member.key), known->second.line)});
    } else {
      map.element.members.push_back(std::move(member));
    }
  }

  const Places& places_;
  Complaints& complaints_;
  std::vector<Open> open_;
  int documents_ = 0;
};

/// yaml-cpp's words, and ours for the most common mistake.
Complaint explain(const YAML::Exception& error, const Places& places) {
  if (error.mark.is_null()) return {{}, "not YAML: " + error.msg};
  const auto line = static_cast<std::size_t>(error.mark.line);
  for (const std::size_t candidate : {line, line == 0 ? line : line - 1}) {
    const std::string_view text = places.line(candidate);
    const std::size_t indentation = text.find_first_not_of(" \t");
    const std::size_t tab = text.substr(0, indentation).find('\t');
    if (tab != std::string_view::npos)
      return {places.at(candidate, tab), "a tab in the indentation; YAML wants spaces"};
  }
  return {places.at(line, static_cast<std::size_t>(error.mark.column)), "not YAML: " + error.msg};
}

}  // namespace

std::string_view to_string(Element::Kind kind) {
  switch (kind) {
    case Element::Kind::null:
      return "nothing";
    case Element::Kind::text:
      return "a text";
    case Element::Kind::list:
      return "a list";
    case Element::Kind::map:
      return "a map";
  }
  return "";
}

Document parse_document(std::string_view text) {
  Document document;
  if (text.size() > kMaxDocumentBytes) {
    document.complaints.push_back({{}, "larger than 1 MiB, which no scenario is"});
    return document;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark, as some editors leave it
  const Places places{text};
  if (const std::optional<Oddity> oddity = find_oddity(text)) {
    document.complaints.push_back({places.at(oddity->offset), "not a text file: " + oddity->what});
    return document;
  }

  Builder builder{places, document.complaints};
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
    document.root = std::move(builder.root);
    if (!document.root || (document.root->is_null() && document.complaints.empty())) {
      document.root.reset();
      document.complaints.push_back({{}, "the file is empty; a scenario has at least `nodes` and `processes`"});
    }
  } catch (const Refused& refused) {
    document.complaints.push_back(refused.complaint);
  } catch (const YAML::Exception& error) {
    document.complaints.push_back(explain(error, places));
  }
  sort_by_position(document.complaints);
  return document;
}

}  // namespace dummynet::scenario
