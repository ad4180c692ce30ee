#include "cells/polyhedral_complex.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "cells/complex_builder.hpp"
#include "cells/forward.hpp"
#include "cells/layer_step.hpp"

namespace relutope {
namespace {

constexpr std::size_t kVerticesPerTask = 4096;

/// Appends the masks of the layer just done to the vertices' packed history.
void extend_history(const Shape& shape, std::size_t old_bits, std::size_t new_bits, Vertices& vertices, Budget& budget,
                    Workers& workers) {
  const std::size_t count = vertices.count();
  const std::size_t words = words_for(old_bits + new_bits);
  Buffer<Word> history(&budget);
  history.resize(count * 2 * words);
  const std::size_t shift = old_bits % kWordBits;
  const auto one_plane = [&](const Word* before, const Word* mask, Word* out) {
    std::fill(out, out + words, Word{0});
    std::copy_n(before, words_for(old_bits), out);
    for (std::size_t w = 0; w < shape.mask_words; ++w) {
      const std::size_t at = old_bits / kWordBits + w;
      out[at] |= mask[w] << shift;
      if (shift > 0 && at + 1 < words) out[at + 1] |= mask[w] >> (kWordBits - shift);
    }
  };
  workers.run((count + kVerticesPerTask - 1) / kVerticesPerTask, [&](std::size_t task, std::size_t) {
    const std::size_t last = std::min(count, (task + 1) * kVerticesPerTask);
    for (std::size_t v = task * kVerticesPerTask; v < last; ++v) {
      for (std::size_t plane = 0; plane < 2; ++plane) {
        one_plane(vertices.history.data() + (2 * v + plane) * shape.history_words,
                  vertices.masks.data() + (2 * v + plane) * shape.mask_words, history.data() + (2 * v + plane) * words);
      }
    }
  });
  vertices.history = std::move(history);
}

class Construction {
 public:
  Construction(std::shared_ptr<const Network> network, const Domain& domain, Budget& budget, Workers& workers)
      : network_(std::move(network)),
        domain_(domain),
        budget_(budget),
        workers_(workers),
        cells_(box_skeleton(domain, budget)),
        exponents_(domain.dim(), 0) {
    shape_.dim = domain.dim();
    shape_.parts = domain.parts();
    for (std::size_t w = 0; w < workers.size(); ++w) arenas_.emplace_back(domain.dim(), &budget);
  }

  std::unique_ptr<Complex> run() {
    const std::size_t n_layers = network_->hidden_layers();
    for (std::size_t l = 0; l < n_layers; ++l) {
      const auto begin = std::chrono::steady_clock::now();
      budget_.start_layer(l, n_layers);
      budget_.check();
      one_layer(l);
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
      statistics_.layer_seconds.push_back(spent.count());
    }
    arenas_.clear();
    auto complex = build_complex(network_, domain_, codes_, shape_, std::move(cells_), budget_, workers_);
    statistics_.seconds = budget_.progress().seconds;
    statistics_.cpu_seconds = static_cast<double>(std::clock() - cpu_begin_) / CLOCKS_PER_SEC;
    statistics_.peak_bytes = budget_.peak_bytes();
    complex->set_statistics(std::move(statistics_));
    return complex;
  }

 private:
  void one_layer(std::size_t l) {
    const ScaledLayer scaled(network_->layers()[l], exponents_);
    const PreviousLayer previous{l == 0 ? nullptr : &tables_, shape_};
    ForwardResult result =
        forward({*network_, l, scaled, codes_, domain_, previous}, cells_.vertices, budget_, workers_);
    statistics_.tally += result.tally;
    tables_ = std::move(result.tables);
    shape_ = result.shape;
    exponents_ = scaled.exponents();
    const std::size_t bits = tables_.bits();
    if (bits > 0) {
      statistics_.tally +=
          subdivide_layer({*network_, l, scaled, codes_, domain_, tables_, shape_}, cells_, arenas_, budget_, workers_);
      extend_history(shape_, codes_.bits(), bits, cells_.vertices, budget_, workers_);
    }
    codes_.add_layer(tables_.codes, bits);
  }

  std::clock_t cpu_begin_ = std::clock();
  std::shared_ptr<const Network> network_;
  const Domain& domain_;
  Budget& budget_;
  Workers& workers_;
  Skeleton cells_;
  std::vector<Skeleton> arenas_;
  std::vector<int> exponents_;
  Shape shape_;
  LayerTables tables_;
  SignCodes codes_;
  Statistics statistics_;
};

}  // namespace

std::unique_ptr<Complex> polyhedral_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                            std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  if (domain.dim() != network->input_dim()) {
    throw std::invalid_argument("domain: dimension " + std::to_string(domain.dim()) +
                                "; must be the network's input dimension " + std::to_string(network->input_dim()));
  }
  if (n_threads < 1) throw std::invalid_argument("n_threads: 0; must be at least 1");
  if (!network->is_chain()) {
    throw std::invalid_argument("network: layers that read other than their predecessor are not supported");
  }
  Budget budget(limits, std::move(poll));
  try {
    Workers workers(n_threads, budget);
    return Construction(std::move(network), domain, budget, workers).run();
  } catch (const std::bad_alloc&) {
    throw Incomplete("the system refused more memory", "max_bytes", budget.progress());
  }
}

}  // namespace relutope
