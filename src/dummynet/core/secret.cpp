#include "dummynet/core/secret.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "dummynet/os/check.hpp"

namespace dummynet {

// The length lies on the page too: in a forked child, which finds zeros here, the secret is simply empty.
struct Secret::Page {
  std::size_t size;
  char bytes[kMaxBytes];
};

Secret::Secret() {
  void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) os::throw_errno(errno, "mmap");
  // None of these is worth failing for: RLIMIT_MEMLOCK may be 0.
  ::mlock(memory, sizeof(Page));
  ::madvise(memory, sizeof(Page), MADV_DONTDUMP);
  ::madvise(memory, sizeof(Page), MADV_WIPEONFORK);
  page_ = new (memory) Page{};
}

Secret::~Secret() {
  clear();
  ::munmap(page_, sizeof(Page));
}

bool Secret::append(char byte) noexcept {
  if (page_->size == kMaxBytes) return false;
  page_->bytes[page_->size++] = byte;
  return true;
}

void Secret::clear() noexcept { ::explicit_bzero(page_, sizeof(Page)); }

std::size_t Secret::size() const noexcept { return page_->size; }

std::string_view Secret::bytes() const noexcept { return {page_->bytes, page_->size}; }

bool is_secret_variable(const char* assignment) noexcept {
  const std::size_t length = std::strlen(kPasswordVariable);
  return std::strncmp(assignment, kPasswordVariable, length) == 0 && assignment[length] == '=';
}

std::shared_ptr<const Secret> take_password_from_environment() {
  // One for the program, as its environment is.
  static std::mutex mutex;
  static std::shared_ptr<const Secret> taken;
  const std::scoped_lock lock{mutex};
  char* const value = std::getenv(kPasswordVariable);
  if (value != nullptr && *value != '\0') {
    const std::size_t length = std::strlen(value);
    auto secret = std::make_shared<Secret>();
    if (length > Secret::kMaxBytes) os::throw_errno(E2BIG, kPasswordVariable);
    for (std::size_t i = 0; i < length; ++i) secret->append(value[i]);
    ::explicit_bzero(value, length);
    taken = std::move(secret);
  }
  return taken && !taken->empty() ? taken : nullptr;
}

}  // namespace dummynet
