#include <fmt/format.h>

#include <charconv>

#include "dummynet/scenario/network_parser.hpp"

namespace dummynet::scenario {
namespace {

std::vector<net::InterfaceAddress> parse_addresses(Reader& reader, const Element& element) {
  std::vector<net::InterfaceAddress> addresses;
  for (const Element& item : reader.one_or_more(element, "`addresses`")) {
    const auto text = reader.text(item, "an address");
    if (!text) continue;
    if (const auto address = net::InterfaceAddress::parse(*text)) {
      addresses.push_back(*address);
    } else if (net::IpAddress::parse(*text)) {
      reader.complain(item.position,
                      fmt::format("{} lacks the length of its subnet; write e.g. `{}/24`", backticked(*text), *text));
    } else {
      reader.complain(item.position, fmt::format("{} is no address of an interface; write e.g. `10.1.0.1/24` or "
                                                 "`fd00::1/64`",
                                                 backticked(*text)));
    }
  }
  return addresses;
}

std::vector<net::IpAddress> parse_next_hops(Reader& reader, const Element& element) {
  std::vector<net::IpAddress> hops;
  for (const Element& item : reader.one_or_more(element, "`default`")) {
    const auto text = reader.text(item, "`default`");
    if (!text) continue;
    if (const auto hop = net::IpAddress::parse(*text)) {
      hops.push_back(*hop);
    } else {
      reader.complain(item.position,
                      fmt::format("{} is no address of a next hop; write e.g. `10.1.0.1`", backticked(*text)));
    }
  }
  return hops;
}

void parse_routes(Reader& reader, const Element& element, net::NodeSpec& node) {
  if (!reader.map(element, kRoutesKeys)) return;
  if (const Element* hops = find(element, "default")) node.default_routes = parse_next_hops(reader, *hops);
  if (const Element* computed = find(element, "computed")) {
    node.compute_routes = reader.boolean(*computed, "`computed`").value_or(true);
  }
}

void parse_sysctls(Reader& reader, const Element& element, net::NodeSpec& node) {
  if (!reader.is(element, Element::Kind::map, "`sysctls`")) return;
  for (const auto& [name, position, value] : element.members) {
    if (auto text = reader.text(value, fmt::format("the sysctl {}", backticked(name)))) {
      node.sysctls.emplace(name, std::move(*text));
    }
  }
}

/// A port from 1 to 65535; nothing for anything else.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// `8080: server`, `udp/53: "dns:5353"`
void parse_forward(Reader& reader, const Member& member, net::NodeSpec& node) {
  net::PortForward forward;
  std::string_view key = member.key;
  if (key.starts_with("udp/")) forward.protocol = net::PortForward::Protocol::udp;
  if (key.starts_with("udp/") || key.starts_with("tcp/")) key.remove_prefix(4);
  const auto port = parse_port(key);
  if (!port) {
    reader.complain(
        member.key_position,
        fmt::format("{} is no port to forward; write `8080` (tcp), `tcp/8080` or `udp/53`", backticked(member.key)));
  }
  const auto target = reader.text(member.value, "where a port is forwarded to");
  if (!target) return;
  const std::size_t colon = target->find(':');
  forward.node = target->substr(0, colon);
  const auto to_port = colon == std::string::npos ? std::optional<std::uint16_t>{0}
                                                  : parse_port(std::string_view{*target}.substr(colon + 1));
  if (!to_port || forward.node.empty()) {
    reader.complain(member.value.position,
                    fmt::format("{} is nowhere to forward to; write `node` or `node:port`", backticked(*target)));
  }
  if (!port || !to_port || forward.node.empty()) return;
  forward.port = *port;
  forward.to_port = *to_port;
  node.forwards.push_back(std::move(forward));
}

std::optional<net::EndpointSpec> parse_short_endpoint(Reader& reader, const Element& element) {
  const std::optional<std::string> text = reader.text(element, "an endpoint");
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  net::EndpointSpec endpoint;
  endpoint.node = text->substr(0, colon);
  if (colon != std::string::npos) endpoint.interface = text->substr(colon + 1);
  if (endpoint.node.empty() || (colon != std::string::npos && endpoint.interface.empty())) {
    reader.complain(element.position,
                    fmt::format("{} is no endpoint; write `node` or `node:interface`", backticked(*text)));
    return std::nullopt;
  }
  return endpoint;
}

std::optional<net::EndpointSpec> parse_endpoint(Reader& reader, const Element& element, std::string& parent) {
  if (!element.is_map()) return parse_short_endpoint(reader, element);
  reader.map(element, kEndpointKeys);
  const Element* node = find(element, "node");
  if (!node) {
    reader.complain(element.position, "an endpoint without `node`");
    return std::nullopt;
  }
  auto endpoint = parse_short_endpoint(reader, *node);
  if (!endpoint) return std::nullopt;
  if (const Element* interface = find(element, "interface")) {
    if (!endpoint->interface.empty()) reader.complain(interface->position, "this interface is named twice");
    endpoint->interface = reader.text(*interface, "`interface`").value_or("");
    if (interface->is_text() && interface->text.empty()) reader.complain(interface->position, "`interface` is empty");
  }
  if (const Element* addresses = find(element, "addresses")) endpoint->addresses = parse_addresses(reader, *addresses);
  if (const Element* below = find(element, "parent")) parent = reader.text(*below, "`parent`").value_or("");
  if (const Element* mac = find(element, "mac")) {
    const auto text = reader.text(*mac, "`mac`");
    if (text) endpoint->mac = net::MacAddress::parse(*text);
    if (text && !endpoint->mac) {
      reader.complain(mac->position, fmt::format("{} is no MAC address of an interface; write e.g. `02:00:00:00:00:01`",
                                                 backticked(*text)));
    }
  }
  return endpoint;
}

void parse_link_values(Reader& reader, const Element& element, net::LinkSpec& link) {
  constexpr std::uint64_t kMost = 0xffffffff;  // what can be is said by who plans it
  if (const Element* kind = find(element, "kind")) {
    link.kind = static_cast<net::LinkKind>(reader.word(*kind, "kind", keys::kLinkKinds).value_or(0));
  }
  if (const Element* id = find(element, "id")) {
    link.id = static_cast<std::uint32_t>(reader.integer(*id, "`id`", 0, kMost).value_or(0));
  }
  if (const Element* mtu = find(element, "mtu")) {
    if (const auto bytes = reader.integer(*mtu, "`mtu`", 0, kMost)) link.mtu = static_cast<std::uint32_t>(*bytes);
  }
  if (const Element* subnet = find(element, "subnet")) {
    const auto text = reader.text(*subnet, "`subnet`");
    if (text) link.subnet = net::Subnet::parse(*text);
    const auto address = text ? net::InterfaceAddress::parse(*text) : std::nullopt;
    if (address && !link.subnet) {
      reader.complain(subnet->position,
                      fmt::format("{} is an address in the subnet `{}`", backticked(*text), address->subnet().text()));
    } else if (text && !link.subnet) {
      reader.complain(subnet->position, fmt::format("{} is no subnet; write e.g. `10.1.0.0/24`", backticked(*text)));
    }
  }
}

}  // namespace

NodeSpec parse_node(Reader& reader, const Member& member) {
  NodeSpec node;
  node.name = node.network.name = member.key;
  node.position = member.key_position;
  if (member.value.is_null() || !reader.map(member.value, kNodeKeys)) return node;
  for (const auto& [key, position, value] : member.value.members) {
    if (key == "kind") {
      const auto kind = reader.word(value, "kind", keys::kKinds);
      node.has_kind = kind.has_value();
      node.network.kind = static_cast<net::NodeKind>(kind.value_or(0));
    }
    if (key == "environment") node.environment = reader.environment(value);
    if (key == "addresses") node.network.addresses = parse_addresses(reader, value);
    if (key == "sysctls") parse_sysctls(reader, value, node.network);
    if (key == "routes") parse_routes(reader, value, node.network);
    if (key == "outside") node.network.outside = reader.text(value, "`outside`").value_or("");
    if (key == "forwards" && reader.is(value, Element::Kind::map, "`forwards`")) {
      for (const Member& forward : value.members) parse_forward(reader, forward, node.network);
    }
  }
  return node;
}

std::optional<LinkSpec> parse_link(Reader& reader, const Element& element) {
  if (!reader.map(element, kLinkKeys)) return std::nullopt;
  LinkSpec link;
  link.position = element.position;
  parse_link_values(reader, element, link.network);
  const Element* endpoints = find(element, "endpoints");
  if (!endpoints) {
    reader.complain(element.position, "a link without `endpoints`; add e.g. `endpoints: [client, server]`");
    return std::nullopt;
  }
  if (!reader.is(*endpoints, Element::Kind::list, "`endpoints`")) return std::nullopt;
  if (endpoints->items.size() != 2) {
    reader.complain(endpoints->position, fmt::format("a link has two endpoints, not {}", endpoints->items.size()));
    return std::nullopt;
  }
  auto first = parse_endpoint(reader, endpoints->items[0], link.network.first_parent);
  auto second = parse_endpoint(reader, endpoints->items[1], link.network.second_parent);
  if (!first || !second) return std::nullopt;
  link.network.first = std::move(*first);
  link.network.second = std::move(*second);
  link.endpoints = {endpoints->items[0].position, endpoints->items[1].position};
  return link;
}

}  // namespace dummynet::scenario
