#include "dummynet/warden/reply_queue.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <span>
#include <system_error>

#include "dummynet/os/message_socket.hpp"

namespace dummynet::warden {

/// True when it is on its way; false with EAGAIN, or when nobody is there to receive it.
bool ReplyQueue::send(std::string_view bytes, const std::vector<os::Fd>& fds, std::optional<pid_t> about) {
  int numbers[os::FdList::kMax];
  for (std::size_t i = 0; i < fds.size(); ++i) numbers[i] = fds[i].get();
  const bool sent = os::send_message(socket_.get(), bytes, std::span{numbers, fds.size()}, MSG_DONTWAIT, about);
  if (!sent && errno != EAGAIN) closed_ = true;
  return sent;
}

void ReplyQueue::send_or_keep(std::vector<os::Fd> fds, std::optional<pid_t> about) {
  if (waiting_.empty() && (send(writer_.bytes(), fds, about) || closed_)) return;
  waiting_.push_back({std::string{writer_.bytes()}, about, std::move(fds)});
}

void ReplyQueue::flush() {
  while (!waiting_.empty() && !closed_) {
    const Reply& next = waiting_.front();
    bool sent = false;
    try {
      sent = send(next.bytes, next.fds, next.about);
    } catch (const std::system_error&) {
      // The process it was about has been reaped meanwhile: its number means nothing any more, the news still does.
      sent = send(next.bytes, next.fds, std::nullopt);
    }
    if (!sent) return;
    waiting_.pop_front();
  }
}

}  // namespace dummynet::warden
