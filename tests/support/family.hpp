#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dummynet::test {

/// All that descends from this program, whatever it does to get away: while this lives, orphans come to us
/// (PR_SET_CHILD_SUBREAPER, prctl(2)). So "we have no child" means that nothing of it is left, and no other run on this
/// machine can be taken for it. For a program without other children.
class Family {
 public:
  Family();
  /// Kills what is left.
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  struct Member {
    pid_t pid = 0;
    pid_t parent = 0;
    std::string name;     ///< /proc/PID/comm
    std::string program;  ///< /proc/PID/exe, as far as we may look
  };

  /// A child in a session of its own, which runs `body` and then exits with 0; with 125 when it throws.
  pid_t start(const std::function<void()>& body);
  /// Everybody there is at the moment, children before their own; who comes and goes meanwhile may be missed.
  static std::vector<Member> members();
  /// Takes leave of those who have ended. True: nobody is left.
  bool is_gone();
  /// How this child ended, as waitpid(2) tells; nothing before is_gone() has met its end.
  std::optional<int> status(pid_t child) const;
  /// "1234 (iperf3, S in poll_schedule_timeout) …", for messages.
  static std::string names();
  /// Kills everybody; false when that takes longer than kPatience.
  bool kill_all();

 private:
  std::map<pid_t, int> ended_;
};

}  // namespace dummynet::test
