// The pairs of leaves of two trees that a bound does not rule out.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "curves/curve_tree.hpp"

namespace relutope {

/// Called now and then during long work; ends it by throwing.
using Poll = std::function<void()>;

/// Calls visit(leaf of a, leaf of b) for pairs with rank(box, box) < limit(), those of small rank early; limit() may
/// shrink meanwhile. Law: rank of two boxes is at most that of boxes inside them.
template <class Rank, class Limit, class Visit>
void for_each_close_pair(const CurveTree& a, const CurveTree& b, Rank rank, Limit limit, Visit visit,
                         const Poll& poll) {
  using Node = CurveTree::Node;
  constexpr std::size_t kBetweenPolls = 256;
  struct Pair {
    Node a, b;
    double rank;
  };
  std::vector<Pair> stack;
  const auto push = [&](Node x, Node y) { stack.push_back({x, y, rank(a.box(x), b.box(y))}); };
  std::size_t n_pairs = 0;
  push(a.root(), b.root());
  while (!stack.empty()) {
    const Pair top = stack.back();
    stack.pop_back();
    if (!(top.rank < limit())) continue;
    if (++n_pairs % kBetweenPolls == 0) poll();
    if (top.a.level == 0 && top.b.level == 0) {
      visit(top.a, top.b);
      continue;
    }
    // The coarser of the two is split; its second child is pushed first, so the first is visited first.
    const std::size_t before = stack.size();
    if (top.a.level >= top.b.level) {
      for (std::size_t i = a.n_children(top.a); i-- > 0;) push(CurveTree::child(top.a, i), top.b);
    } else {
      for (std::size_t i = b.n_children(top.b); i-- > 0;) push(top.a, CurveTree::child(top.b, i));
    }
    if (stack.size() - before == 2 && stack[before].rank < stack[before + 1].rank) {
      std::swap(stack[before], stack[before + 1]);
    }
  }
}

}  // namespace relutope
