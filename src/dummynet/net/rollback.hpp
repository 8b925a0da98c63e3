#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dummynet::net {

/// What has to be undone, the last first.
///
///     Rollback::Attempt attempt{rollback};     // a call of several steps: all of them or none
///     rollback.add({"delete left", this, [&] { … }});
///     make_left();
///     make_right();                             // when this throws, left is gone again
///     attempt.keep();
class Rollback {
 public:
  struct Step {
    std::string what;              ///< for messages: "take 10.0.0.1/24 off left"
    const void* about = nullptr;   ///< see undo_about()
    std::function<void()> undo{};  ///< may throw; a step is undone once, whatever comes of it
    std::function<void()> over{};  ///< called when the step was undone or forgotten; must not throw
  };
  using Id = std::uint64_t;

  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

  Id add(Step step);
  /// There is nothing to be undone any more. A step that is not there is fine.
  void forget(Id id);

  /// Each returns what could not be undone, "WHAT: why"; the other steps are undone all the same.
  std::vector<std::string> undo_all() { return undo_since(0); }
  /// Only the steps about one thing.
  std::vector<std::string> undo_about(const void* about);

  bool empty() const noexcept { return steps_.empty(); }

  /// Undoes at the end of the scope what was added in it, unless it was kept.
  class Attempt {
   public:
    explicit Attempt(Rollback& rollback) : rollback_{rollback}, since_{rollback.next_} {}
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    void keep() noexcept { kept_ = true; }

   private:
    Rollback& rollback_;
    Id since_;
    bool kept_ = false;
  };

 private:
  struct Numbered {
    Id id = 0;
    Step step;
  };
  std::vector<std::string> undo_since(Id first);

  std::vector<Numbered> steps_;
  Id next_ = 1;
};

}  // namespace dummynet::net
