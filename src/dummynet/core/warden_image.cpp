#include "dummynet/core/warden_image.hpp"

asm(R"(
.pushsection .rodata
.balign 16
.globl dummynet_warden_image_begin
.hidden dummynet_warden_image_begin
dummynet_warden_image_begin:
.incbin ")" DUMMYNET_WARDEN_FILE R"("
.globl dummynet_warden_image_end
.hidden dummynet_warden_image_end
dummynet_warden_image_end:
.byte 0
.popsection
)");

namespace dummynet {

extern "C" {
[[gnu::visibility("hidden")]] extern const std::byte kImageBegin[] asm("dummynet_warden_image_begin");
[[gnu::visibility("hidden")]] extern const std::byte kImageEnd[] asm("dummynet_warden_image_end");
}

std::span<const std::byte> warden_image() { return {kImageBegin, kImageEnd}; }

}  // namespace dummynet
