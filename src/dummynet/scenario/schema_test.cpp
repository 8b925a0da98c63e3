// Holds schema/scenario.schema.json to the parser: the same keys, the same words.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "dummynet/scenario/keys.hpp"

namespace dummynet::scenario {
namespace {

using Json = nlohmann::json;

Json schema() { return Json::parse(std::ifstream{DUMMYNET_SOURCE_DIR "/schema/scenario.schema.json"}); }

std::set<std::string> properties(const Json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.at("properties").items()) names.insert(name);
  return names;
}

std::set<std::string> words(std::span<const std::string_view> list) { return {list.begin(), list.end()}; }

TEST(Schema, KnowsTheKeysOfTheParserAndNoOthers) {
  const Json json = schema();
  EXPECT_EQ(properties(json), words(keys::kScenario));
  EXPECT_EQ(json.at("additionalProperties"), false);
  const Json& node = json.at("definitions").at("node").at("properties");
  EXPECT_EQ(properties(node.at("routes")), words(keys::kRoutes));
  const Json& topology = json.at("definitions").at("topology").at("properties");
  EXPECT_EQ(properties(topology.at("tree")), words(keys::kTree));
  EXPECT_EQ(properties(topology.at("dumbbell")), words(keys::kDumbbell));
  EXPECT_EQ(properties(json.at("definitions").at("endpoint").at("oneOf").at(1)), words(keys::kEndpoint));
  const std::pair<const char*, std::span<const std::string_view>> definitions[] = {
      {"topology", keys::kTopology}, {"node", keys::kNode},      {"link", keys::kWholeLink},
      {"process", keys::kProcess},   {"fate", keys::kWholeFate}, {"impairment", keys::kImpairment},
      {"event", keys::kEvent},       {"ready", keys::kReady},    {"expect", keys::kExpect},
      {"metric", keys::kMetric}};
  for (const auto& [name, list] : definitions) {
    const Json& definition = json.at("definitions").at(name);
    EXPECT_EQ(properties(definition), words(list)) << name;
    EXPECT_EQ(definition.at("additionalProperties"), false) << name;
  }
}

TEST(Schema, KnowsTheKeysOfEveryPropertyOfALink) {
  const Json definitions = schema().at("definitions");
  const auto map_of = [&](const char* name) { return definitions.at(name).at("oneOf").at(1); };
  const std::pair<Json, std::span<const std::string_view>> maps[] = {
      {map_of("jitter"), keys::kJitter},
      {map_of("jitter").at("properties").at("distribution").at("oneOf").at(1), keys::kDistribution},
      {map_of("loss"), keys::kLoss},
      {map_of("loss").at("properties").at("gemodel"), keys::kGemodel},
      {map_of("rate"), keys::kRate},
      {map_of("rate").at("properties").at("schedule").at("oneOf").at(1).at("items"), keys::kStep},
      {map_of("queue"), keys::kQueue},
      {map_of("reorder"), keys::kReorder}};
  for (const auto& [map, list] : maps) {
    EXPECT_EQ(properties(map), words(list));
    EXPECT_EQ(map.at("additionalProperties"), false);
  }
}

TEST(Schema, KnowsTheWordsOfTheParser) {
  const Json definitions = schema().at("definitions");
  const Json kinds = definitions.at("node").at("properties").at("kind").at("enum");
  EXPECT_EQ(kinds.get<std::set<std::string>>(), words(keys::kKinds));
  const Json link_kinds = definitions.at("link").at("properties").at("kind").at("enum");
  EXPECT_EQ(link_kinds.get<std::set<std::string>>(), words(keys::kLinkKinds));
  const Json addressing = schema().at("properties").at("addressing").at("enum");
  EXPECT_EQ(addressing.get<std::set<std::string>>(), words(keys::kAddressing));
  const auto words_of = [](const Json& enumeration) { return enumeration.at("enum").get<std::set<std::string>>(); };
  EXPECT_EQ(words_of(definitions.at("emulation")), words(keys::kEmulations));
  EXPECT_EQ(words_of(definitions.at("queue").at("oneOf").at(0)), words(keys::kQueueKinds));
  const Json jitter = definitions.at("jitter").at("oneOf").at(1).at("properties");
  EXPECT_EQ(words_of(jitter.at("distribution").at("oneOf").at(0)), words(keys::kDistributions));
  const Json event = definitions.at("event").at("properties");
  EXPECT_EQ(words_of(event.at("direction")), words(keys::kDirections));
  EXPECT_EQ(words_of(event.at("state")), words(keys::kStates));
  EXPECT_EQ(words_of(event.at("in_flight")), words(keys::kInFlight));
  const Json conditions = definitions.at("process").at("properties").at("depends_on").at("oneOf").at(1);
  EXPECT_EQ(conditions.at("additionalProperties").at("enum").get<std::set<std::string>>(), words(keys::kConditions));
}

TEST(Schema, AsksForOneConditionOfReadiness) {
  std::set<std::string> required;
  const Json json = schema();  // a temporary would be gone before the loop begins
  for (const Json& one : json.at("definitions").at("ready").at("oneOf")) {
    required.insert(one.at("required").at(0).get<std::string>());
  }
  std::set<std::string> wanted = words(keys::kReady);
  wanted.erase("timeout");
  EXPECT_EQ(required, wanted);
}

/// Every key of the parser is explained, and every one that is to come is named.
TEST(Documentation, NamesEveryKey) {
  std::ifstream file{DUMMYNET_SOURCE_DIR "/docs/scenario-format.md"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const Keys& all : {kScenarioKeys, kTopologyKeys, kTreeKeys,       kDumbbellKeys, kNodeKeys,         kRoutesKeys,
                          kLinkKeys,     kFateKeys,     kImpairmentKeys, kJitterKeys,   kDistributionKeys, kLossKeys,
                          kGemodelKeys,  kRateKeys,     kStepKeys,       kQueueKeys,    kReorderKeys,      kEventKeys,
                          kEndpointKeys, kProcessKeys,  kReadyKeys,      kExpectKeys,   kMetricKeys}) {
    for (const std::string_view key : all.known) {
      const std::string name{key};
      const bool is_in_example = std::ranges::any_of(
          std::string_view{"\n {`"}, [&](char before) { return text.find(before + name + ':') != std::string::npos; });
      EXPECT_TRUE(is_in_example || text.find('`' + name + '`') != std::string::npos) << name << " of " << all.where;
    }
    for (const std::string_view key : all.planned) {
      EXPECT_NE(text.find('`' + std::string{key} + '`'), std::string::npos) << key << " of " << all.where;
    }
  }
}

}  // namespace
}  // namespace dummynet::scenario
