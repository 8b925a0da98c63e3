#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Output : public MonitorTest {
 protected:
  ProcessMonitor monitor;
};

std::string random_bytes(std::size_t size) {
  std::mt19937 random{7};
  std::string bytes(size, '\0');
  for (char& one : bytes) one = static_cast<char>(random());
  return bytes;
}

long peak_memory_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return -1;
}

TEST_F(Output, OfAnyVolumeGoesThroughACallbackInBoundedMemory) {
  std::uint64_t bytes = 0;
  RunOptions options{.capture_limit_bytes = 0};
  options.on_output = [&](const OutputChunk& chunk) { bytes += chunk.bytes.size(); };
  monitor.run_process({"true"});
  std::ofstream{"/proc/self/clear_refs"} << "5\n";  // proc(5): the peak begins anew
  const long before = peak_memory_kib();

  const RunInfo info = monitor.run_process({"head", "-c", "100000000", "/dev/zero"}, options);

  EXPECT_EQ(bytes, 100'000'000U);
  EXPECT_LT(peak_memory_kib() - before, 20'000);
  EXPECT_TRUE(info.out.text().empty());
  EXPECT_EQ(info.out.dropped_bytes(), 100'000'000U);
}

TEST_F(Output, OfBothStreamsIsReadAtTheSameTime) {
  const RunInfo info = monitor.run_process("head -c 3000000 /dev/zero >&2 & head -c 3000000 /dev/zero; wait");

  EXPECT_EQ(info.out.text().size(), 3'000'000U);
  EXPECT_EQ(info.err.text().size(), 3'000'000U);
}

TEST_F(Output, IsByteExact) {
  const std::string bytes = random_bytes(3'000'000);  // NULs and what is no UTF-8 among them
  std::string chunks;
  RunOptions options;
  options.input = InputText{bytes};
  options.on_output = [&](const OutputChunk& chunk) { chunks += chunk.bytes; };

  const RunInfo info = monitor.run_process({"cat"}, options);

  EXPECT_TRUE(info.out.text() == bytes);
  EXPECT_TRUE(chunks == bytes);
  EXPECT_EQ(info.out.dropped_bytes(), 0U);
}

TEST_F(Output, CharactersAreNeverSplit) {
  std::vector<std::string> chunks;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { chunks.emplace_back(chunk.bytes); };
  const std::string go = path("go");
  const ProcessHandle process = monitor.run_process_async(
      "printf 'a\\342\\202'; until [ -e " + go + " ]; do sleep 0.01; done; printf '\\254b'", options);

  serve_until(monitor, [&] { return process->info().out.text() == "a\xE2\x82"; });
  write_file(go, "");
  serve_to_the_end(monitor);

  EXPECT_THAT(chunks, ElementsAre("a",
                                  "\xE2\x82\xAC"
                                  "b"));
}

TEST_F(Output, HalfACharacterAtTheEndIsDeliveredAsItIs) {
  std::string chunks;
  std::vector<std::string> lines;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { chunks += chunk.bytes; };
  options.on_line = [&](const OutputLine& line) { lines.emplace_back(line.text); };

  const RunInfo info = monitor.run_process("printf 'a\\342\\202'", options);

  EXPECT_EQ(info.out.text(), "a\xE2\x82");
  EXPECT_EQ(chunks, "a\xE2\x82");
  EXPECT_THAT(lines, ElementsAre("a\xE2\x82"));
}

TEST_F(Output, LinesAreNeverSplit) {
  std::vector<std::string> lines;
  RunOptions options;
  options.on_line = [&](const OutputLine& line) {
    lines.push_back(std::string{line.text} + (line.complete ? "" : " (incomplete)"));
  };
  const std::string go = path("go");
  const ProcessHandle process = monitor.run_process_async(
      "printf 'one\\ntw'; until [ -e " + go + " ]; do sleep 0.01; done; printf 'o\\n\\nlast'", options);

  serve_until(monitor, [&] { return process->info().out.text() == "one\ntw"; });
  EXPECT_THAT(lines, ElementsAre("one"));
  write_file(go, "");
  serve_to_the_end(monitor);

  EXPECT_THAT(lines, ElementsAre("one", "two", "", "last (incomplete)"));
}

TEST_F(Output, AVeryLongLineComesInPieces) {
  std::string joined;
  std::size_t pieces = 0;
  std::size_t complete = 0;
  RunOptions options;
  options.on_line = [&](const OutputLine& line) {
    joined += line.text;
    ++pieces;
    complete += line.complete ? 1 : 0;
  };

  monitor.run_process("head -c 5000000 /dev/zero | tr '\\0' x; echo", options);

  EXPECT_TRUE(joined == std::string(5'000'000, 'x'));
  EXPECT_GE(pieces, 5U);
  EXPECT_EQ(complete, 1U);
}

TEST_F(Output, MergedKeepsTheExactOrder) {
  std::string expected;
  for (int i = 0; i < 500; ++i) expected += "o" + std::to_string(i) + "\ne" + std::to_string(i) + '\n';

  const RunInfo info = monitor.run_process("i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done",
                                           {.merge_output = true});

  EXPECT_EQ(info.out.text(), expected);
  EXPECT_TRUE(info.err.empty());
}

TEST_F(Output, BeyondTheCaptureLimitHeadAndTailAreKept) {
  std::string all;
  for (int i = 1; i <= 20'000; ++i) all += std::to_string(i) + '\n';

  const RunInfo info = monitor.run_process({"seq", "20000"}, {.capture_limit_bytes = 1000});

  EXPECT_EQ(info.out.head(), all.substr(0, 500));
  EXPECT_EQ(info.out.tail(), all.substr(all.size() - 500));
  EXPECT_EQ(info.out.dropped_bytes(), all.size() - 1000);
  EXPECT_EQ(info.out.total_bytes(), all.size());
}

TEST_F(Output, GoesToFilesOnRequest) {
  const RunInfo info =
      monitor.run_process("echo out; echo err >&2", {.out_file = path("out"), .err_file = path("err")});
  const RunInfo merged =
      monitor.run_process("echo out; echo err >&2", {.merge_output = true, .out_file = path("both")});

  EXPECT_EQ(content(path("out")), "out\n");
  EXPECT_EQ(content(path("err")), "err\n");
  EXPECT_EQ(content(path("both")), "out\nerr\n");
  EXPECT_TRUE(info.out.empty() && info.err.empty() && merged.out.empty() && merged.err.empty());
}

TEST_F(Output, ItsEndIsAttachedToEveryFailure) {
  const std::string print = "seq 1000; echo famous >&2; echo words; ";
  monitor.run_process_async(print + "exit 1");
  monitor.run_process_async(print + "sleep 0.3", {.timeout = 1ms, .stop_signal = SIGURG, .grace = 60s});
  monitor.run_process_async(print, {.daemon = true});

  std::size_t told = 0;
  while (told < 3) {
    const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });
    for (const std::exception_ptr& one : group.errors()) {
      EXPECT_THAT(describe(one), HasSubstr("famous"));
      EXPECT_THAT(describe(one), HasSubstr("1000\n    words"));
      EXPECT_THAT(describe(one), testing::Not(HasSubstr("500\n")));
      ++told;
    }
  }
  EXPECT_EQ(told, 3U);
}

TEST_F(Output, FoundInOneWakeUpIsMarkedEqual) {
  std::vector<std::uint64_t> marks;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { marks.push_back(chunk.wake_up); };
  const std::string go = path("go");
  const ProcessHandle process = monitor.run_process_async(
      "echo o; echo e >&2; echo > " + path("written") + "; until [ -e " + go + " ]; do sleep 0.01; done; echo later",
      options);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("written")); }));

  serve_until(monitor, [&] { return marks.size() == 2; });
  write_file(go, "");
  serve_to_the_end(monitor);

  ASSERT_EQ(marks.size(), 3U);
  EXPECT_EQ(marks[0], marks[1]);
  EXPECT_GT(marks[2], marks[1]);
}

class Input : public Output {};

TEST_F(Input, IsEmptyByDefault) { EXPECT_EQ(monitor.run_process({"cat"}).out.text(), ""); }

TEST_F(Input, MayBeAText) {
  RunOptions options;
  options.input = InputText{"some\ntext"};

  EXPECT_EQ(monitor.run_process({"cat"}, options).out.text(), "some\ntext");
}

TEST_F(Input, MayBeAFile) {
  write_file(path("file"), "from a file");
  RunOptions options;
  options.input = InputFile{path("file")};

  EXPECT_EQ(monitor.run_process({"cat"}, options).out.text(), "from a file");
}

TEST_F(Input, MayBeWrittenBeyondWhatAPipeHolds) {
  const std::string bytes = random_bytes(2'000'000);
  RunOptions options;
  options.input = InputPipe{};
  const ProcessHandle process = monitor.run_process_async({"cat"}, options);

  process->write_input(std::string_view{bytes}.substr(0, 1'500'000));
  process->write_input(std::string_view{bytes}.substr(1'500'000));
  process->close_input();
  serve_to_the_end(monitor);

  EXPECT_TRUE(process->info().out.text() == bytes);
}

TEST_F(Input, StaysOpenUntilItIsClosed) {
  RunOptions options;
  options.input = InputPipe{};
  const ProcessHandle process = monitor.run_process_async({"cat"}, options);

  process->write_input("question\n");
  serve_until(monitor, [&] { return process->info().out.text() == "question\n"; });
  EXPECT_TRUE(process->is_running());
  process->close_input();
  serve_to_the_end(monitor);

  EXPECT_EQ(process->info().exit_code(), 0);
}

TEST_F(Input, ThatNobodyReadsHarmsNobody) {
  RunOptions options;
  options.input = InputPipe{};
  const ProcessHandle process = monitor.run_process_async("exec <&-; echo closed; exec sleep 1000", options);
  serve_until(monitor, [&] { return !process->info().out.empty(); });

  process->write_input(std::string(1'000'000, 'x'));  // SIGPIPE would kill us
  process->close_input();
  process->stop();

  EXPECT_FALSE(process->is_running());
  process->write_input("too late");
}

TEST_F(Input, IsRefusedWithoutAPipe) {
  const ProcessHandle process = monitor.run_process_async({"sleep", "1000"});

  EXPECT_THROW(process->write_input("x"), std::logic_error);
  monitor.stop();
}

}  // namespace
}  // namespace dummynet::test
