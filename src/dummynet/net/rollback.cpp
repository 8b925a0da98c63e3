#include "dummynet/net/rollback.hpp"

#include <algorithm>
#include <exception>

namespace dummynet::net {

namespace {

void carry_out(Rollback::Step& step, std::vector<std::string>& failures) {
  try {
    if (step.undo) step.undo();
  } catch (const std::exception& error) {
    failures.push_back(step.what + ": " + error.what());
  }
  if (step.over) step.over();
}

}  // namespace

Rollback::Id Rollback::add(Step step) {
  steps_.push_back({next_, std::move(step)});
  return next_++;
}

void Rollback::forget(Id id) {
  const auto found = std::find_if(steps_.begin(), steps_.end(), [id](const Numbered& one) { return one.id == id; });
  if (found == steps_.end()) return;
  const Step step = std::move(found->step);
  steps_.erase(found);
  if (step.over) step.over();
}

std::vector<std::string> Rollback::undo_since(Id first) {
  std::vector<std::string> failures;
  while (!steps_.empty() && steps_.back().id >= first) {
    Step step = std::move(steps_.back().step);
    steps_.pop_back();  // before: a step that throws is not tried again
    carry_out(step, failures);
  }
  return failures;
}

std::vector<std::string> Rollback::undo_about(const void* about) {
  std::vector<Step> chosen;
  for (std::size_t i = steps_.size(); i > 0; --i) {
    if (steps_[i - 1].step.about == about) chosen.push_back(std::move(steps_[i - 1].step));
  }
  std::erase_if(steps_, [about](const Numbered& one) { return one.step.about == about; });
  std::vector<std::string> failures;
  for (Step& step : chosen) carry_out(step, failures);
  return failures;
}

Rollback::Attempt::~Attempt() {
  // Whoever failed is being told why; that and not what came of the way back is the news.
  if (!kept_) rollback_.undo_since(since_);
}

}  // namespace dummynet::net
