#include "dummynet/core/warden_image.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace dummynet {
namespace {

TEST(WardenImage, IsTheProgramThatIsInstalled) {
  std::ifstream file{DUMMYNET_BIN_DIR "/../libexec/dummynet/dummynet-warden", std::ios::binary};
  const std::string built{std::istreambuf_iterator<char>{file}, {}};

  const auto image = warden_image();

  ASSERT_FALSE(built.empty());
  ASSERT_EQ(image.size(), built.size());
  EXPECT_EQ(std::memcmp(image.data(), built.data(), built.size()), 0);
}

// It starts in namespaces and on machines where no library of ours can be found.
TEST(WardenImage, NeedsNoDynamicLinker) {
  const auto image = warden_image();
  Elf64_Ehdr header{};
  ASSERT_GE(image.size(), sizeof header);
  std::memcpy(&header, image.data(), sizeof header);
  ASSERT_EQ(std::memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  ASSERT_GT(header.e_phnum, 0);

  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    ASSERT_LE(header.e_phoff + (i + 1) * sizeof segment, image.size());
    std::memcpy(&segment, image.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, static_cast<std::uint32_t>(PT_INTERP));
  }
}

TEST(WardenImage, IsAlignedForWhoReadsItsHeaders) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(warden_image().data()) % 16, 0U);
}

}  // namespace
}  // namespace dummynet
