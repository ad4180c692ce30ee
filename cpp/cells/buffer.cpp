#include "cells/buffer.hpp"

#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace relutope {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;
constexpr std::size_t kClass = std::size_t{1} << 16;  // middle-sized blocks are multiples of it
constexpr std::size_t kLarge = 2 * kHugePage;
constexpr std::size_t kMostKept = std::size_t{1} << 24;

bool is_middle(std::size_t size) { return size >= kClass && size < kLarge; }

/// What is allocated for `size` bytes.
std::size_t rounded(std::size_t size) { return is_middle(size) ? (size + kClass - 1) / kClass * kClass : size; }

thread_local bool kept_is_gone = false;

/// Middle-sized blocks that this thread has released, for its next run. Per thread, so that a fork copies no lock.
class Kept {
 public:
  ~Kept() {
    kept_is_gone = true;
    for (const Block& block : blocks_) std::free(block.data);
  }
  void* take(std::size_t size) {
    for (Block& block : blocks_) {
      if (block.size != size) continue;
      void* data = block.data;
      total_ -= size;
      block = blocks_.back();
      blocks_.pop_back();
      return data;
    }
    return nullptr;
  }
  bool keep(void* data, std::size_t size) {
    if (total_ + size > kMostKept) return false;
    blocks_.push_back({data, size});
    total_ += size;
    return true;
  }

 private:
  struct Block {
    void* data;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t total_ = 0;
};

thread_local Kept kept;

void* move_block(void* to, void* from, std::size_t used, std::size_t old_size) {
  if (used > 0) std::memcpy(to, from, used);
  release_block(from, old_size);
  return to;
}

}  // namespace

void release_block(void* block, std::size_t size) noexcept {
  if (block == nullptr) return;
  const bool candidate = is_middle(size) && !kept_is_gone;
  try {
    if (candidate && kept.keep(block, rounded(size))) return;
  } catch (const std::bad_alloc&) {
  }
  std::free(block);
}

void* resize_block(void* block, std::size_t used, std::size_t old_size, std::size_t size) {
#if defined(__linux__)
  if (size >= kLarge && size > old_size) {
    const std::size_t pages = (size + kHugePage - 1) / kHugePage * kHugePage;
    void* grown = std::aligned_alloc(kHugePage, pages);
    if (grown == nullptr) return nullptr;
    madvise(grown, pages, MADV_HUGEPAGE);
    return move_block(grown, block, used, old_size);
  }
#endif
  if (is_middle(size) && size > old_size && !kept_is_gone) {
    if (void* again = kept.take(rounded(size))) return move_block(again, block, used, old_size);
  }
  return std::realloc(block, rounded(size));
}

}  // namespace relutope
