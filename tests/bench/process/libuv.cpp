// The same by libuv, as its guide shows it. Asked as in measure.hpp:
//   spawn IN_FLIGHT COUNT PROGRAM · exit-latency COUNT CHILD · callback MIB CHILD
#include <uv.h>

#include "measure.hpp"

namespace {

using namespace bench;
using Words = std::vector<std::string>;

struct Child;
/// Starts children of one command, so many at once, and reads all they print.
struct Crowd {
  Words command;
  std::size_t to_start;
  std::size_t ended = 0;
  double bytes = 0;
  std::string last_output{};
  bool keep_output = false;
  char buffer[65536]{};

  void start_one();
};

struct Child {
  Crowd& crowd;
  uv_process_t process{};
  uv_pipe_t pipes[2]{};
  int left = 3;  // two ends of file and one exit

  void done() {
    if (--left > 0) return;
    ++crowd.ended;
    if (crowd.to_start > 0) crowd.start_one();
    delete this;
  }
};

void closed(uv_handle_t* handle) { static_cast<Child*>(handle->data)->done(); }

void provide(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  Crowd& crowd = static_cast<Child*>(handle->data)->crowd;
  *buffer = uv_buf_init(crowd.buffer, sizeof crowd.buffer);
}

void got(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  Crowd& crowd = static_cast<Child*>(stream->data)->crowd;
  if (size < 0) return uv_close(reinterpret_cast<uv_handle_t*>(stream), closed);
  crowd.bytes += static_cast<double>(size);
  if (crowd.keep_output) crowd.last_output.append(buffer->base, static_cast<std::size_t>(size));
}

void exited(uv_process_t* process, std::int64_t status, int) {
  if (status != 0) std::exit(1);
  uv_close(reinterpret_cast<uv_handle_t*>(process), closed);
}

void Crowd::start_one() {
  --to_start;
  auto* const child = new Child{.crowd = *this};
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  uv_stdio_container_t stdio[3] = {};
  stdio[0].flags = UV_IGNORE;
  for (const std::size_t i : {0U, 1U}) {
    uv_pipe_init(uv_default_loop(), &child->pipes[i], 0);
    child->pipes[i].data = child;
    stdio[i + 1].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[i + 1].data.stream = reinterpret_cast<uv_stream_t*>(&child->pipes[i]);
  }
  uv_process_options_t options{};
  options.file = arguments[0];
  options.args = arguments.data();
  options.stdio = stdio;
  options.stdio_count = 3;
  options.exit_cb = exited;
  child->process.data = child;
  if (const int error = uv_spawn(uv_default_loop(), &child->process, &options); error != 0) {
    std::fprintf(stderr, "libuv: %s\n", uv_strerror(error));
    std::exit(1);
  }
  for (uv_pipe_t& pipe : child->pipes) uv_read_start(reinterpret_cast<uv_stream_t*>(&pipe), provide, got);
}

void run(Crowd& crowd, std::size_t count, std::size_t in_flight) {
  crowd.to_start = count;
  for (std::size_t i = 0; i < in_flight && crowd.to_start > 0; ++i) crowd.start_one();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

void exit_latency(const Words& words) {
  std::vector<double> values;
  Crowd crowd{.command = {words[3], "t"}, .to_start = 0, .keep_output = true};
  for (std::size_t i = 0; i < number(words, 2); ++i) {
    crowd.last_output.clear();
    run(crowd, 1, 1);
    values.push_back(microseconds_since_stamp(crowd.last_output, now()));
  }
  print_percentiles(std::move(values));
}

}  // namespace

int main(int count, char** arguments) {
  const Words words(arguments, arguments + count);
  const std::string measurement = words.size() > 3 ? words[1] : "";
  if (measurement == "spawn" && words.size() == 5) {
    Crowd crowd{.command = {words[4]}, .to_start = 0};
    run(crowd, number(words, 3) / 5 + 1, number(words, 2));
    std::printf("%.3f\n", microseconds_each(number(words, 3), [&] { run(crowd, number(words, 3), number(words, 2)); }));
  } else if (measurement == "exit-latency") {
    exit_latency(words);
  } else if (measurement == "callback") {
    Crowd crowd{.command = {words[3], "w", words[2]}, .to_start = 0};
    const Clock::time_point start = Clock::now();
    run(crowd, 1, 1);
    std::printf("%.3f\n", crowd.bytes / seconds_since(start) / 1e9);
  } else {
    std::fprintf(stderr, "no such measurement; see the head of libuv.cpp\n");
    return 2;
  }
}
