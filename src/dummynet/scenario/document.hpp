#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/scenario/complaint.hpp"

namespace dummynet::scenario {

struct Member;

/// A piece of a YAML document: a text, a list or a map, with its place.
struct Element {
  enum class Kind { null, text, list, map };

  Kind kind = Kind::null;
  Position position;
  std::string text;             ///< of a text: always as written; nothing is taken for a number or a boolean here
  bool quoted = false;          ///< a text in quotes, or a block
  std::vector<Element> items;   ///< of a list
  std::vector<Member> members;  ///< of a map, in the order of the file, each key once

  bool is_null() const noexcept { return kind == Kind::null; }
  bool is_text() const noexcept { return kind == Kind::text; }
  bool is_list() const noexcept { return kind == Kind::list; }
  bool is_map() const noexcept { return kind == Kind::map; }
};
struct Member {
  std::string key;
  Position key_position;
  Element value;
};

/// "a text", "a list", … for messages.
std::string_view to_string(Element::Kind kind);

/// The bounds of a document. Beyond them lie mistakes and attacks, no scenarios.
inline constexpr std::size_t kMaxDocumentBytes = 1U << 20U;
inline constexpr std::size_t kMaxDepth = 64;

struct Document {
  std::optional<Element> root;  ///< absent when the text could not be read at all
  Complaints complaints;        ///< sorted by position
};

/// Reads the subset of YAML 1.2 that scenarios are written in: one document of plain maps, lists and texts. Refused
/// with a complaint: anchors, aliases, merge keys, tags, keys that are no text or come twice, a second document, deep
/// nesting, text that is no UTF-8. Pure; takes time linear in the text.
Document parse_document(std::string_view text);

}  // namespace dummynet::scenario
