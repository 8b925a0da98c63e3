// MonitorState, part: standard input and output of processes.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dummynet/core/monitor_state.hpp"
#include "dummynet/core/readiness.hpp"
#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/pipe.hpp"

namespace dummynet {

namespace {

constexpr int kLargePipeBytes = 1 << 20;
constexpr std::size_t kDefaultPipeBytes = 64U << 10U;

// A pipe that nobody reads sends SIGPIPE to the writing thread. The program we live in must not notice.
ssize_t write_without_sigpipe(int fd, std::string_view bytes) {
  sigset_t pipe;
  sigset_t before;
  sigset_t pending;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::sigpending(&pending);
  const bool was_pending = ::sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  if (written < 0 && error == EPIPE && !was_pending) {
    const timespec at_once{0, 0};
    ::sigtimedwait(&pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

os::Fd open_file(const std::string& path, int flags) {
  os::Fd file{::open(path.c_str(), flags | O_CLOEXEC, 0666)};
  if (!file) os::throw_errno(errno, path);
  return file;
}

}  // namespace

MonitorState::StandardStreams MonitorState::open_standard_streams(ProcessRecord& record) {
  StandardStreams theirs;
  const auto give = [&theirs](std::size_t number, os::Fd fd) {
    theirs.numbers[number] = fd.get();
    theirs.owned[number] = std::move(fd);
  };
  const RunOptions& options = record.options;
  if (options.descriptors) {
    theirs.numbers = options.descriptors->numbers;
    return theirs;
  }
  if (const auto* text = std::get_if<InputText>(&options.input)) {
    give(0, os::make_anonymous_file("dummynet-input", text->text));
  } else if (const auto* file = std::get_if<InputFile>(&options.input)) {
    give(0, open_file(file->path, O_RDONLY));
  } else if (std::holds_alternative<InputPipe>(options.input)) {
    os::Pipe pipe = os::make_pipe();
    os::check(::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK), "fcntl");
    record.input.fd = std::move(pipe.write);
    give(0, std::move(pipe.read));
  } else {
    if (!null_) null_ = open_file("/dev/null", O_RDONLY);
    theirs.numbers[0] = null_.get();
  }
  const auto open_output = [&](std::size_t number, OutputChannel& channel, const std::string& path) {
    if (!path.empty()) return give(number, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
    os::Pipe pipe = os::make_pipe();
    channel.fd = std::move(pipe.read);
    give(number, std::move(pipe.write));
  };
  open_output(1, record.out, options.out_file);
  if (options.merge_output) {
    theirs.numbers[2] = theirs.numbers[1];
  } else {
    open_output(2, record.err, options.err_file);
  }
  return theirs;
}

void MonitorState::watch_output(ProcessRecord& record, OutputChannel& channel) {
  if (!channel.fd) return;
  channel.watch = poller_.add(channel.fd.get(), EPOLLIN, [this, &record, &channel](std::uint32_t events) {
    read_output(record, channel, events);
  });
}

void MonitorState::read_output(ProcessRecord& record, OutputChannel& channel, std::uint32_t events) {
  if ((events & EPOLLIN) == 0) return close_output(record, channel);  // hung up and empty: no need to read the end
  run_deferred();                                                     // older output goes first
  if (!channel.fd) return;
  const bool deliver_now = may_call_back();
  std::string own(calling_back_ ? kDefaultPipeBytes + 3 : 0, '\0');  // what a callback looks at may be in buffer_
  std::string& buffer = calling_back_ ? own : buffer_;
  const std::size_t offset = deliver_now ? channel.held_back.size() : 0;
  std::memcpy(buffer.data(), channel.held_back.data(), offset);
  const ssize_t length = ::read(channel.fd.get(), buffer.data() + offset, buffer.size() - offset);
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (length <= 0) return close_output(record, channel);
  if (!channel.grown && static_cast<std::size_t>(length) >= kDefaultPipeBytes) {
    // It is written faster than read: fewer, larger reads. Refused beyond the user's share of pipe memory: pipe(7).
    channel.grown = true;
    ::fcntl(channel.fd.get(), F_SETPIPE_SZ, kLargePipeBytes);
  }
  record.last_output = Clock::now();
  if (record.finished) return;  // with leave_tree: nobody wants to hear it any more
  const std::string_view fresh{buffer.data() + offset, static_cast<std::size_t>(length)};
  channel.kept.append(fresh);
  const ReadMark mark{poller_.wake_up(), record.last_output};
  const ProcessPtr keep = find(record.id);
  look_for_readiness(record, channel, fresh, false);
  if (!record.options.on_output && !record.options.on_line) return;
  if (deliver_now) {
    delivering_ = true;
    deliver(record, channel, {buffer.data(), offset + static_cast<std::size_t>(length)}, mark);
    delivering_ = false;
    return;
  }
  defer([this, keep, &channel, text = std::string{fresh}, mark] {
    deliver(keep->record(), channel, channel.held_back + text, mark);
  });
}

void MonitorState::look_for_readiness(ProcessRecord& record, OutputChannel& channel, std::string_view bytes,
                                      bool at_end) {
  if (!record.readiness || !record.readiness->wants_lines()) return;
  const auto look = [&record](std::string_view line, bool) {
    if (record.readiness) record.readiness->line(line);
  };
  at_end ? channel.log_lines.finish(look) : channel.log_lines.feed(bytes, look);
}

void MonitorState::deliver(ProcessRecord& record, OutputChannel& channel, std::string_view bytes, ReadMark mark) {
  const std::size_t incomplete = incomplete_utf8_suffix(bytes);
  channel.held_back.assign(bytes.substr(bytes.size() - incomplete));
  bytes.remove_suffix(incomplete);
  if (bytes.empty()) return;
  if (record.options.on_output) {
    call_back([&] { record.options.on_output({channel.stream, bytes, mark.wake_up, mark.read_at}); });
  }
  deliver_lines(record, channel, bytes, false, mark);
}

void MonitorState::deliver_lines(ProcessRecord& record, OutputChannel& channel, std::string_view bytes, bool at_end,
                                 ReadMark mark) {
  if (!record.options.on_line) return;
  const auto tell = [&](std::string_view line, bool complete) {
    call_back([&] { record.options.on_line({channel.stream, line, complete, mark.wake_up, mark.read_at}); });
  };
  at_end ? channel.lines.finish(tell) : channel.lines.feed(bytes, tell);
}

void MonitorState::deliver_end(ProcessRecord& record, OutputChannel& channel, ReadMark mark) {
  if (const std::string rest = std::exchange(channel.held_back, {}); !rest.empty()) {
    // Not a character after all, but bytes all the same.
    if (record.options.on_output) {
      call_back([&] { record.options.on_output({channel.stream, rest, mark.wake_up, mark.read_at}); });
    }
    deliver_lines(record, channel, rest, false, mark);
  }
  deliver_lines(record, channel, {}, true, mark);
}

void MonitorState::close_output(ProcessRecord& record, OutputChannel& channel) {
  if (!channel.fd) return;
  cancel(channel.watch);
  channel.fd.reset();
  if (!record.finished) {
    const ProcessPtr keep = find(record.id);
    look_for_readiness(record, channel, {}, true);
    if (record.options.on_output || record.options.on_line) {
      defer([this, keep, &channel, mark = ReadMark{poller_.wake_up(), record.last_output}] {
        deliver_end(keep->record(), channel, mark);
      });
      run_deferred();
    }
  }
  finish_if_over(record);
}

// Takes what is in the pipe, now that nobody of its own writes any more, and closes it.
void MonitorState::drain_now(ProcessRecord& record, OutputChannel& channel) {
  while (channel.fd) {
    pollfd state{channel.fd.get(), POLLIN, 0};
    const int ready = ::poll(&state, 1, 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || (state.revents & POLLIN) == 0) return close_output(record, channel);
    read_output(record, channel, EPOLLIN);
  }
}

void MonitorState::write_input(ProcessRecord& record, std::string_view bytes) {
  if (!std::holds_alternative<InputPipe>(record.options.input)) {
    throw std::logic_error{"write_input needs RunOptions::input = InputPipe{}"};
  }
  if (!record.input.fd) return;  // it ended, or closed its end: as with any pipe, the bytes are lost
  record.input.queue.append(bytes);
  flush_input(record);
}

void MonitorState::close_input(ProcessRecord& record) {
  record.input.close_when_sent = true;
  if (record.input.fd) flush_input(record);
}

void MonitorState::flush_input(ProcessRecord& record) {
  InputChannel& input = record.input;
  const auto close = [&] {
    cancel(input.watch);
    input.fd.reset();
    input.queue.clear();
    input.sent = 0;
  };
  while (input.sent < input.queue.size()) {
    // A pipe without a reader would send SIGPIPE to the program that we live in: it must not have one blocked or taken.
    const ssize_t sent = write_without_sigpipe(input.fd.get(), std::string_view{input.queue}.substr(input.sent));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      if (input.watch == 0) {
        input.watch = poller_.add(input.fd.get(), EPOLLOUT, [this, &record](std::uint32_t) { flush_input(record); });
      }
      return;
    }
    if (sent < 0) return close();
    input.sent += static_cast<std::size_t>(sent);
  }
  input.queue.clear();
  input.sent = 0;
  if (input.close_when_sent) return close();
  cancel(input.watch);
}

}  // namespace dummynet
