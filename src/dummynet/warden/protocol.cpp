#include "dummynet/warden/protocol.hpp"

#include <cstring>

namespace dummynet::warden {

namespace {

constexpr std::uint8_t kInMemfd = 0x80;

}  // namespace

Writer& Writer::begin(Type type, std::uint32_t id, bool body_in_memfd) {
  bytes_.clear();
  return u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) | (body_in_memfd ? kInMemfd : 0))).u32(id);
}

Writer& Writer::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  bytes_.append(value);
  return *this;
}

Writer& Writer::texts(const std::vector<std::string>& values) {
  u32(static_cast<std::uint32_t>(values.size()));
  for (const std::string& value : values) text(value);
  return *this;
}

Writer& Writer::numbers(const std::vector<std::uint32_t>& values) {
  u32(static_cast<std::uint32_t>(values.size()));
  for (const std::uint32_t value : values) u32(value);
  return *this;
}

void Reader::take(void* into, std::size_t size) {
  if (rest_.size() < size) {
    good_ = false;
    rest_ = {};
    return;
  }
  std::memcpy(into, rest_.data(), size);
  rest_.remove_prefix(size);
}

std::string Reader::text() {
  const std::uint32_t size = u32();
  if (size > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::string value{rest_.substr(0, size)};
  rest_.remove_prefix(size);
  return value;
}

std::vector<std::string> Reader::texts() {
  const std::uint32_t count = u32();
  // Each has at least its length before it: a count beyond that is a lie, and not to be reserved for.
  if (count > rest_.size() / sizeof(std::uint32_t)) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::vector<std::string> values;
  values.reserve(count);
  for (std::uint32_t i = 0; i < count && good_; ++i) values.push_back(text());
  return values;
}

std::vector<std::uint32_t> Reader::numbers() {
  const std::uint32_t count = u32();
  if (count > rest_.size() / sizeof(std::uint32_t)) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::vector<std::uint32_t> values;
  values.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) values.push_back(u32());
  return values;
}

std::optional<Header> parse_header(std::string_view message) {
  Reader reader{message};
  const std::uint8_t first = reader.u8();
  const auto type = static_cast<std::uint8_t>(first & ~kInMemfd);
  const std::uint32_t id = reader.u32();
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
  Writer& writer;
  void operator()(bool value) { writer.flag(value); }
  void operator()(Source value) { writer.u8(static_cast<std::uint8_t>(value)); }
  void operator()(Undo::Kind value) { writer.u8(static_cast<std::uint8_t>(value)); }
  void operator()(Containment value) { writer.u8(static_cast<std::uint8_t>(value)); }
  void operator()(std::uint8_t value) { writer.u8(value); }
  void operator()(std::int32_t value) { writer.i32(value); }
  void operator()(std::uint32_t value) { writer.u32(value); }
  void operator()(std::uint64_t value) { writer.u64(value); }
  void operator()(const std::string& value) { writer.text(value); }
  void operator()(const std::vector<std::string>& value) { writer.texts(value); }
  void operator()(const std::vector<std::uint32_t>& values) { writer.numbers(values); }
  template <typename Item>
  void operator()(const std::vector<Item>& values);
};
struct Get {
  Reader& reader;
  void operator()(bool& value) { value = reader.flag(); }
  void operator()(Source& value) { value = bounded(Source::sampled); }
  void operator()(Undo::Kind& value) { value = bounded(Undo::Kind::cgroup); }
  void operator()(Containment& value) { value = bounded(Containment::pid_namespace); }
  void operator()(std::uint8_t& value) { value = reader.u8(); }
  void operator()(std::int32_t& value) { value = reader.i32(); }
  void operator()(std::uint32_t& value) { value = reader.u32(); }
  void operator()(std::uint64_t& value) { value = reader.u64(); }
  void operator()(std::string& value) { value = reader.text(); }
  void operator()(std::vector<std::string>& value) { value = reader.texts(); }
  void operator()(std::vector<std::uint32_t>& values) { values = reader.numbers(); }
  template <typename Item>
  void operator()(std::vector<Item>& values);
  template <typename Enum>
  Enum bounded(Enum last) {
    const std::uint8_t value = reader.u8();
    if (value <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(value);
    reader.spoil();
    return Enum{};
  }
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
void Put::operator()(const std::vector<Item>& values) {
  writer.u32(static_cast<std::uint32_t>(values.size()));
  for (const Item& item : values) fields(*this, item);
}
template <typename Item>
void Get::operator()(std::vector<Item>& values) {
  const std::uint32_t count = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.good(); ++i) {
    Item item;
    fields(*this, item);
    if (reader.good()) values.push_back(std::move(item));
  }
}

template <typename Message>
void write_fields(Writer& writer, const Message& message) {
  Put put{writer};
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
  Reader reader{body};
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
