#include "cells/buffer.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace relutope {

void* reallocate(void* block, std::size_t used, std::size_t size) {
#if defined(__linux__)
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  if (size >= 2 * kHugePage) {
    const std::size_t rounded = (size + kHugePage - 1) / kHugePage * kHugePage;
    void* moved = std::aligned_alloc(kHugePage, rounded);
    if (moved == nullptr) return nullptr;
    madvise(moved, rounded, MADV_HUGEPAGE);
    if (used > 0) std::memcpy(moved, block, used);
    std::free(block);
    return moved;
  }
#endif
  static_cast<void>(used);
  return std::realloc(block, size);
}

}  // namespace relutope
