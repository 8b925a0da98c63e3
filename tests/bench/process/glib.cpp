// The same by GLib: GSubprocess in a main loop, as its documentation shows it. Asked as in measure.hpp:
//   spawn IN_FLIGHT COUNT PROGRAM · exit-latency COUNT CHILD · callback MIB CHILD · kept MIB CHILD
#include <gio/gio.h>

#include "measure.hpp"

namespace {

using namespace bench;
using Words = std::vector<std::string>;

constexpr auto kCapture =
    static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

void demand(bool holds, const GError* error) {
  if (holds) return;
  std::fprintf(stderr, "glib: %s\n", error != nullptr ? error->message : "a child failed");
  std::exit(1);
}

GSubprocess* start(const Words& command) {
  std::vector<const char*> arguments;
  for (const std::string& word : command) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  GError* error = nullptr;
  GSubprocess* const process = g_subprocess_newv(arguments.data(), kCapture, &error);
  demand(process != nullptr, error);
  return process;
}

/// Everything that the command prints.
GBytes* communicate(const Words& command) {
  GSubprocess* const process = start(command);
  GBytes* out = nullptr;
  GBytes* err = nullptr;
  GError* error = nullptr;
  demand(g_subprocess_communicate(process, nullptr, nullptr, &out, &err, &error) != 0, error);
  demand(g_subprocess_get_successful(process) != 0, nullptr);
  g_bytes_unref(err);
  g_object_unref(process);
  return out;
}

/// Keeps so many at once going in a main loop.
struct Crowd {
  Words command;
  std::size_t to_start;
  std::size_t running = 0;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);

  void start_one() {
    --to_start;
    ++running;
    g_subprocess_communicate_async(start(command), nullptr, nullptr, ended, this);
  }
  static void ended(GObject* process, GAsyncResult* result, gpointer self) {
    auto* const crowd = static_cast<Crowd*>(self);
    GBytes* out = nullptr;
    GBytes* err = nullptr;
    GError* error = nullptr;
    demand(g_subprocess_communicate_finish(G_SUBPROCESS(process), result, &out, &err, &error) != 0, error);
    g_bytes_unref(out);
    g_bytes_unref(err);
    g_object_unref(process);
    --crowd->running;
    if (crowd->to_start > 0) crowd->start_one();
    if (crowd->running == 0) g_main_loop_quit(crowd->loop);
  }
};

void run(const std::string& program, std::size_t count, std::size_t in_flight) {
  if (in_flight == 1) {
    for (std::size_t i = 0; i < count; ++i) g_bytes_unref(communicate({program}));
    return;
  }
  Crowd crowd{.command = {program}, .to_start = count};
  while (crowd.to_start > 0 && crowd.running < in_flight) crowd.start_one();
  g_main_loop_run(crowd.loop);
  g_main_loop_unref(crowd.loop);
}

void exit_latency(const Words& words) {
  std::vector<double> values;
  for (std::size_t i = 0; i < number(words, 2); ++i) {
    GBytes* const out = communicate({words[3], "t"});
    const timespec time = now();
    gsize size = 0;
    const auto* const stamp = static_cast<const char*>(g_bytes_get_data(out, &size));
    values.push_back(microseconds_since_stamp({stamp, size}, time));
    g_bytes_unref(out);
  }
  print_percentiles(std::move(values));
}

struct Reader {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  char buffer[65536];
  double bytes = 0;

  void read(GInputStream* stream) {
    g_input_stream_read_async(stream, buffer, sizeof buffer, G_PRIORITY_DEFAULT, nullptr, got, this);
  }
  static void got(GObject* stream, GAsyncResult* result, gpointer self) {
    auto* const reader = static_cast<Reader*>(self);
    const gssize size = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, nullptr);
    if (size <= 0) return g_main_loop_quit(reader->loop);
    reader->bytes += static_cast<double>(size);
    reader->read(G_INPUT_STREAM(stream));
  }
};

void callback(const Words& words) {
  Reader reader;
  const Clock::time_point start_time = Clock::now();
  GSubprocess* const process = start({words[3], "w", words[2]});
  reader.read(g_subprocess_get_stdout_pipe(process));
  g_main_loop_run(reader.loop);
  demand(g_subprocess_wait_check(process, nullptr, nullptr) != 0, nullptr);
  std::printf("%.3f\n", reader.bytes / seconds_since(start_time) / 1e9);
}

void kept(const Words& words) {
  print_second_rate([&] {
    GBytes* const out = communicate({words[3], "w", words[2]});
    const gsize size = g_bytes_get_size(out);
    g_bytes_unref(out);
    return size;
  });
}

}  // namespace

int main(int count, char** arguments) {
  const Words words(arguments, arguments + count);
  const std::string measurement = words.size() > 3 ? words[1] : "";
  if (measurement == "spawn" && words.size() == 5) {
    run(words[4], number(words, 3) / 5 + 1, number(words, 2));
    std::printf("%.3f\n",
                microseconds_each(number(words, 3), [&] { run(words[4], number(words, 3), number(words, 2)); }));
  } else if (measurement == "exit-latency") {
    exit_latency(words);
  } else if (measurement == "callback") {
    callback(words);
  } else if (measurement == "kept") {
    kept(words);
  } else {
    std::fprintf(stderr, "no such measurement; see the head of glib.cpp\n");
    return 2;
  }
}
