#include "dummynet/core/sudo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "dummynet/core/password_prompt.hpp"
#include "dummynet/core/warden_launch.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/pipe.hpp"

namespace dummynet {

namespace {

constexpr int kWordsDeadlineMs = 5'000;
constexpr std::size_t kMaxWords = 2'000;
constexpr const char* kMendPassword =
    "set DUMMYNET_SUDO_PASSWD, or run in a terminal, or allow it without a password: sudoers(5), NOPASSWD";

// What root shall execute. The file is there as long as this is.
struct Program {
  std::string path;
  os::Fd image;
};

Program find_program() {
  // The installed one first: an administrator can name it in sudoers(5).
  const char* installed = installed_warden();
  if (::access(installed, X_OK) == 0) return {installed, {}};
  os::Fd image = open_warden_image();
  std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(image.get());
  return {std::move(path), std::move(image)};
}

// A pipe with the password and nothing after it: where sudo asks once more, or for something else, it finds the end.
os::Fd password_pipe(const Secret* password) {
  os::Pipe pipe = os::make_pipe();
  if (password != nullptr) {
    const std::string_view bytes = password->bytes();
    char line_end = '\n';
    const iovec parts[] = {{const_cast<char*>(bytes.data()), bytes.size()}, {&line_end, 1}};
    os::check(::writev(pipe.write.get(), parts, 2), "writev");  // never full: Secret::kMaxBytes < PIPE_BUF
  }
  return std::move(pipe.read);
}

warden::Start sudo_request(const Program& program, bool with_password) {
  warden::Start request;
  request.program = "sudo";
  request.arguments = {"sudo"};
  if (with_password) {
    // Not by what was typed some time ago, and nothing stays behind for others to use: no time stamp.
    for (const char* option : {"--stdin", "--prompt=", "--reset-timestamp"}) request.arguments.emplace_back(option);
  } else {
    request.arguments.emplace_back("--non-interactive");
  }
  // sudo closes all but the standard descriptors: the warden's socket is its standard output.
  for (const std::string& word : {std::string{"--"}, program.path, std::string{"1"}}) request.arguments.push_back(word);
  request.cwd = "/";
  request.clear_environment = true;
  request.environment = {"LC_ALL=C"};  // its words are also read by us
  if (const char* path = std::getenv("PATH")) request.environment.push_back(std::string{"PATH="} + path);
  return request;
}

// All that sudo wrote, on one line. The other end of its socket is closed, so it has ended or is about to.
std::string read_words(const os::Fd& pipe) {
  std::string words;
  char buffer[512];
  pollfd watched{pipe.get(), POLLIN, 0};
  while (words.size() < kMaxWords) {
    const int ready = ::poll(&watched, 1, kWordsDeadlineMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    const ssize_t length = ::read(pipe.get(), buffer, sizeof buffer);
    if (length <= 0) break;
    for (const char byte : std::string_view{buffer, static_cast<std::size_t>(length)}) {
      if (byte != '\n' && byte != '\r') {
        words += byte;
      } else if (!words.empty() && !words.ends_with("; ")) {
        words += "; ";
      }
    }
  }
  while (words.ends_with("; ")) words.resize(words.size() - 2);
  return words;
}

bool is_about_password(std::string words) {
  std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) { return std::tolower(c); });
  return words.find("password") != std::string::npos || words.find("authentication") != std::string::npos;
}

StartError refused(const std::string& command, const std::string& words, const std::string& mend, int error = 0) {
  return StartError{StartError::Step::sudo, "sudo", error, command, words + (words.empty() ? "" : ". ") + mend};
}

std::string question() {
  passwd entry{};
  passwd* user = nullptr;
  char buffer[2048];
  ::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &user);
  return "[dummynet: sudo] password for " + (user != nullptr ? user->pw_name : std::to_string(::getuid())) + ": ";
}

void start_sudo(WardenProcess& carrier, const warden::Start& request, const int (&fds)[3], const std::string& command) {
  const std::uint32_t id = carrier.next_id();
  if (!carrier.send(warden::Type::start, id, request, fds)) {
    throw StartError{StartError::Step::warden, "warden", 0, command, "the warden was lost"};
  }
  const WardenProcess::Message answer = carrier.await(id, warden::Type::started);
  if (answer.type != warden::Type::refused) return;
  const auto refusal = warden::parse<warden::Refusal>(answer.body).value_or(warden::Refusal{});
  throw refused(command, "", "Is sudo(8) installed and in PATH?", refusal.error_number);
}

}  // namespace

std::unique_ptr<WardenProcess> SudoSession::launch(WardenProcess& carrier, MonitorOptions options,
                                                   const std::string& run, const std::string& command) {
  options.sandbox = false;
  options.isolate = false;
  options.directory.clear();
  if (::geteuid() == 0) {
    return std::make_unique<WardenProcess>(options, run, [](const os::Fd& socket) { launch_warden(socket); });
  }
  if (carrier.hello().own_pid_namespace) {
    throw refused(command, "", "In a user namespace (MonitorOptions::sandbox, isolate) sudo(8) cannot become root",
                  EPERM);
  }
  std::string words;
  const bool known_to_be_needed = password_ != nullptr;
  const auto from_environment = take_password_from_environment();
  if (from_environment) password_ = from_environment;
  // First without: a password that nobody needs goes nowhere (sudo could log it as the command's input), and nobody is
  // asked for it.
  if (!known_to_be_needed) {
    if (auto warden = attempt(carrier, options, run, command, nullptr, words)) {
      password_.reset();
      return warden;
    }
    if (!is_about_password(words)) throw refused(command, words, "See sudoers(5)");
    if (!password_) password_ = ask_password_on_terminal(question());
    if (!password_) throw refused(command, words, kMendPassword);
    if (password_->empty()) {
      password_.reset();
      throw refused(command, "no password was given", kMendPassword, ECANCELED);
    }
  }
  if (auto warden = attempt(carrier, options, run, command, password_.get(), words)) return warden;
  password_.reset();  // the next time may bring a better one
  const char* wrong = from_environment ? "Is the password in DUMMYNET_SUDO_PASSWD right?" : "Was the password right?";
  throw refused(command, words, is_about_password(words) ? wrong : "See sudoers(5)");
}

// Null: sudo did not want to, and `words` says why.
std::unique_ptr<WardenProcess> SudoSession::attempt(WardenProcess& carrier, const MonitorOptions& options,
                                                    const std::string& run, const std::string& command,
                                                    const Secret* password, std::string& words) {
  const Program program = find_program();
  try {
    return std::make_unique<WardenProcess>(options, run, [&](const os::Fd& socket) {
      const os::Fd input = password_pipe(password);
      os::Pipe errors = os::make_pipe();
      words_ = std::move(errors.read);
      const int fds[] = {input.get(), socket.get(), errors.write.get()};
      start_sudo(carrier, sudo_request(program, password != nullptr), fds, command);
    });
  } catch (const StartError& error) {
    // The socket's end without a word from a warden: sudo has ended. Everything else speaks for itself.
    if (error.step() != StartError::Step::warden || error.error_number() != 0 || carrier.is_lost()) throw;
    words = read_words(words_);
    if (!words.empty()) return nullptr;
    throw refused(command, "the warden got no connection through sudo, or was killed", "See sudoers(5)");
  }
}

}  // namespace dummynet
