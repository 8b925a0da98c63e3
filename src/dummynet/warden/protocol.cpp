#include "dummynet/warden/protocol.hpp"

#include <type_traits>
#include <utility>

namespace dummynet::warden {

namespace {

constexpr std::uint8_t kInMemfd = 0x80;

}  // namespace

Writer& Writer::begin(Type type, std::uint32_t id, bool body_in_memfd) {
  bytes_.clear();
  bytes_.number(static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) | (body_in_memfd ? kInMemfd : 0)));
  bytes_.number(id);
  return *this;
}

std::optional<Header> parse_header(std::string_view message) {
  os::ByteReader reader{message};
  const auto first = reader.number<std::uint8_t>();
  const auto type = static_cast<std::uint8_t>(first & ~kInMemfd);
  const auto id = reader.number<std::uint32_t>();
  const bool request =
      type >= static_cast<std::uint8_t>(Type::configure) && type <= static_cast<std::uint8_t>(Type::forget_undo);
  const bool reply =
      type >= static_cast<std::uint8_t>(Type::hello) && type <= static_cast<std::uint8_t>(Type::sysctls_were);
  if (!reader.good() || !(request || reply)) return std::nullopt;
  return Header{static_cast<Type>(type), id, (first & kInMemfd) != 0, message.substr(5)};
}

namespace {

// One list of fields per message serves both directions, so that they cannot drift apart.
struct Put {
  os::ByteWriter& bytes;
  void operator()(os::Number auto value) { bytes.number(value); }
  void operator()(bool value) { bytes.flag(value); }
  void operator()(os::Enumeration auto value) { bytes.choice(value); }
  void operator()(const std::string& value) { bytes.text(value); }
  template <typename Item>
  void operator()(const std::vector<Item>& values);
};
struct Get {
  os::ByteReader& bytes;
  template <os::Number Value>
  void operator()(Value& value) {
    value = bytes.number<Value>();
  }
  void operator()(bool& value) { value = bytes.flag(); }
  void operator()(Source& value) { value = bytes.choice(Source::sampled); }
  void operator()(Undo::Kind& value) { value = bytes.choice(Undo::Kind::cgroup); }
  void operator()(Containment& value) { value = bytes.choice(Containment::pid_namespace); }
  void operator()(std::string& value) { value = bytes.text(); }
  template <typename Item>
  void operator()(std::vector<Item>& values);
};

template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Configure> {
  io(m.version), io(m.sandbox), io(m.host_network), io(m.isolate), io(m.use_cgroups), io(m.run), io(m.directory);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Hello> {
  io(m.version), io(m.containment), io(m.own_pid_namespace), io(m.accounts_cpu), io(m.accounts_memory), io(m.pid);
  io(m.maps_to_root), io(m.guardian), io(m.cgroup), io(m.notices);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Defaults> {
  io(m.cwd), io(m.environment);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Limit> {
  io(m.resource), io(m.value);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Start> {
  io(m.arguments), io(m.program), io(m.must_exist), io(m.cwd), io(m.clear_environment), io(m.environment), io(m.node);
  io(m.change_identity), io(m.uid), io(m.gid), io(m.groups), io(m.own_user_namespace), io(m.controlling_terminal);
  io(m.leave_tree), io(m.limits);
  io(m.account_memory), io(m.memory_bytes), io(m.cpu_thousandths), io(m.processes);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Signal> {
  io(m.number), io(m.whole_tree);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Refusal> {
  io(m.step), io(m.error_number), io(m.object), io(m.interpreter_missing);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Usage> {
  io(m.cpu_us), io(m.cpu_user_us), io(m.cpu_system_us), io(m.cpu_source), io(m.memory_now_bytes);
  io(m.memory_now_source), io(m.memory_peak_bytes), io(m.memory_peak_source), io(m.max_rss_bytes);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Started> {
  io(m.pid), io(m.notices);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Ended> {
  io(m.code), io(m.status), io(m.tree_empty), fields(io, m.usage);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Member> {
  io(m.pid), io(m.command);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, TreeGone> {
  io(m.killed), fields(io, m.usage);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, AllGone> {
  io(m.stuck);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Sysctl> {
  io(m.name), io(m.value);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, NewFile> {
  io(m.path), io(m.if_there), io(m.shared), io(m.has_content), io(m.content);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, NewNode> {
  io(m.name), io(m.files), io(m.sysctls);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, MakeNodes> {
  io(m.nodes);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, NodesMade> {
  io(m.first), io(m.count);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, SetSysctls> {
  io(m.node), io(m.sysctls);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, SysctlsWere> {
  io(m.values);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, DropNode> {
  io(m.node);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Undo> {
  io(m.kind), io(m.number), io(m.object), io(m.value);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, ForgetUndo> {
  io(m.number);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, NodeFile> {
  io(m.node), io(m.path), io(m.content);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, SocketRequest> {
  io(m.node), io(m.domain), io(m.type), io(m.protocol);
}
template <typename Io, typename M>
void fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, SocketOwner> {
  io(m.in_tree), io(m.holder), io(m.command);
}

template <typename Item>
constexpr bool kHasFields = std::is_class_v<Item> && !std::is_same_v<Item, std::string>;
template <typename Item>
constexpr std::size_t kLeastBytes = kHasFields<Item> ? 1 : sizeof(std::uint32_t);

template <typename Item>
void Put::operator()(const std::vector<Item>& values) {
  bytes.count(values.size());
  for (const Item& item : values) {
    if constexpr (kHasFields<Item>) {
      fields(*this, item);
    } else {
      (*this)(item);
    }
  }
}
template <typename Item>
void Get::operator()(std::vector<Item>& values) {
  const std::size_t count = bytes.count(kLeastBytes<Item>);
  if constexpr (!kHasFields<Item>) values.reserve(count);
  for (std::size_t i = 0; i < count && bytes.good(); ++i) {
    Item item{};
    if constexpr (kHasFields<Item>) {
      fields(*this, item);
    } else {
      (*this)(item);
    }
    values.push_back(std::move(item));
  }
}

template <typename Message>
void write_fields(Writer& writer, const Message& message) {
  Put put{writer.body()};
  fields(put, message);
}

}  // namespace

void write(Writer& writer, const Configure& message) { write_fields(writer, message); }
void write(Writer& writer, const Hello& message) { write_fields(writer, message); }
void write(Writer& writer, const Defaults& message) { write_fields(writer, message); }
void write(Writer& writer, const Start& message) { write_fields(writer, message); }
void write(Writer& writer, const Signal& message) { write_fields(writer, message); }
void write(Writer& writer, const Refusal& message) { write_fields(writer, message); }
void write(Writer& writer, const Started& message) { write_fields(writer, message); }
void write(Writer& writer, const Ended& message) { write_fields(writer, message); }
void write(Writer& writer, const Usage& message) { write_fields(writer, message); }
void write(Writer& writer, const TreeGone& message) { write_fields(writer, message); }
void write(Writer& writer, const AllGone& message) { write_fields(writer, message); }
void write(Writer& writer, const MakeNodes& message) { write_fields(writer, message); }
void write(Writer& writer, const NodesMade& message) { write_fields(writer, message); }
void write(Writer& writer, const SetSysctls& message) { write_fields(writer, message); }
void write(Writer& writer, const SysctlsWere& message) { write_fields(writer, message); }
void write(Writer& writer, const DropNode& message) { write_fields(writer, message); }
void write(Writer& writer, const Undo& message) { write_fields(writer, message); }
void write(Writer& writer, const ForgetUndo& message) { write_fields(writer, message); }
void write(Writer& writer, const NodeFile& message) { write_fields(writer, message); }
void write(Writer& writer, const SocketRequest& message) { write_fields(writer, message); }
void write(Writer& writer, const SocketOwner& message) { write_fields(writer, message); }

template <typename Message>
std::optional<Message> parse(std::string_view body) {
  os::ByteReader reader{body};
  Get get{reader};
  Message message;
  fields(get, message);
  if (!reader.done()) return std::nullopt;
  return message;
}

template std::optional<Configure> parse(std::string_view);
template std::optional<Hello> parse(std::string_view);
template std::optional<Defaults> parse(std::string_view);
template std::optional<Start> parse(std::string_view);
template std::optional<Signal> parse(std::string_view);
template std::optional<Refusal> parse(std::string_view);
template std::optional<Started> parse(std::string_view);
template std::optional<Ended> parse(std::string_view);
template std::optional<Usage> parse(std::string_view);
template std::optional<TreeGone> parse(std::string_view);
template std::optional<AllGone> parse(std::string_view);
template std::optional<MakeNodes> parse(std::string_view);
template std::optional<NodesMade> parse(std::string_view);
template std::optional<SetSysctls> parse(std::string_view);
template std::optional<SysctlsWere> parse(std::string_view);
template std::optional<DropNode> parse(std::string_view);
template std::optional<Undo> parse(std::string_view);
template std::optional<ForgetUndo> parse(std::string_view);
template std::optional<NodeFile> parse(std::string_view);
template std::optional<SocketRequest> parse(std::string_view);
template std::optional<SocketOwner> parse(std::string_view);

}  // namespace dummynet::warden
