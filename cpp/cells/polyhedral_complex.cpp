#include "cells/polyhedral_complex.hpp"

#include <chrono>
#include <ctime>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "cells/coarsening.hpp"
#include "cells/complex_builder.hpp"
#include "cells/folding.hpp"
#include "cells/forward.hpp"
#include "cells/history.hpp"
#include "cells/layer_step.hpp"
#include "cells/max_step.hpp"
#include "cells/starting_cells.hpp"
#include "cells/working_rows.hpp"

namespace relutope {
namespace {

class Construction {
 public:
  Construction(std::shared_ptr<const Network> network, const Domain& domain, std::optional<bool> fold, Budget& budget,
               Workers& workers)
      : network_(std::move(network)),
        budget_(budget),
        workers_(workers),
        start_(starting_cells(domain, budget, workers)),
        layout_(input_layout(domain.dim())) {
    shape_.dim = domain.dim();
    shape_.parts = start_.domain.parts();
    for (std::size_t w = 0; w < workers.size(); ++w) arenas_.emplace_back(domain.dim(), &budget);
    if (fold.value_or(is_worth_folding())) {
      if (shape_.parts != 1)
        throw std::invalid_argument("fold: true; the domain is not bounded, must be none or false");
      folding_.emplace(*network_, shape_, start_.cells.vertices, budget, workers);
    } else {
      last_readers_ = last_readers(*network_, network_->layers().size());
    }
  }

  /// With carriers in the complex before the last layer where they are asked for.
  Refinement run(bool with_carriers) {
    const std::size_t n_layers = network_->hidden_layers();
    for (std::size_t l = 0; l < n_layers; ++l) {
      const auto begin = std::chrono::steady_clock::now();
      budget_.start_layer(l, n_layers);
      budget_.check();
      one_layer(l, with_carriers && l + 1 == n_layers ? &descent_ : nullptr);
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
      statistics_.layer_seconds.push_back(spent.count());
    }
    arenas_.clear();
    if (folding_) {
      statistics_.folded_layers = n_layers;
      statistics_.folded_signs = folding_->decided();
      folding_.reset();
    }
    Carriers carriers;
    if (!descent_.counts.empty()) carriers = carriers_of(descent_, start_.cells, budget_);
    std::vector<Buffer<std::int32_t>> new_ids;
    auto complex = build_complex(network_, start_.domain, start_.codes, shape_, std::move(start_.cells), budget_,
                                 workers_, with_carriers ? &new_ids : nullptr);
    if (!carriers.empty() && !new_ids.empty()) renumber(descent_, new_ids, *complex, carriers, budget_);
    if (carriers.empty() && with_carriers) carriers = identical_carriers(*complex, budget_);
    statistics_.seconds = budget_.progress().seconds;
    statistics_.cpu_seconds = static_cast<double>(std::clock() - cpu_begin_) / CLOCKS_PER_SEC;
    statistics_.peak_bytes = budget_.peak_bytes();
    complex->set_statistics(std::move(statistics_));
    return {std::move(complex), std::move(carriers)};
  }

 private:
  /// Where layers beyond the first hold many coefficients, most of what they compute is of one sign on most domains.
  bool is_worth_folding() const {
    constexpr std::size_t kManyCoefficients = std::size_t{1} << 20;
    std::size_t coefficients = 0;
    for (std::size_t l = 1; l < network_->hidden_layers(); ++l) coefficients += network_->layers()[l].coefficients();
    return shape_.parts == 1 && coefficients >= kManyCoefficients;
  }

  void one_layer(std::size_t l, Descent* descent) {
    const PreviousLayer previous{has_rows_ ? &tables_ : nullptr, shape_, layout_.own};
    std::optional<WorkingRows> rows;
    if (folding_) {
      rows = folding_->start(l, layout_);
    } else {
      rows = all_rows(*network_, l, last_readers_, layout_);
    }
    if (!rows) {
      start_.codes.add_layer(folding_->codes(), 0);
      return;
    }
    ForwardResult result =
        forward({*network_, l, *rows, start_.codes, start_.domain, previous}, start_.cells.vertices, budget_, workers_);
    has_rows_ = true;
    statistics_.tally += result.tally;
    tables_ = std::move(result.tables);
    shape_ = result.shape;
    if (network_->kind(l) == LayerKind::kMax) {
      cut_maxima(l, *rows, descent);
    } else {
      cut_neurons(l, *rows, descent);
    }
  }

  void subdivide(std::size_t l, const WorkingRows& rows, Descent* descent) {
    if (tables_.bits() == 0) return;
    const LayerInput input{*network_, l, layout_, start_.codes, start_.domain, tables_, shape_, rows.cutting};
    statistics_.tally += subdivide_layer(input, start_.cells, arenas_, budget_, workers_, descent);
  }

  void extend(std::size_t bits) {
    if (bits > 0) extend_history(shape_, start_.codes.bits(), bits, start_.cells.vertices, budget_, workers_);
  }

  void cut_neurons(std::size_t l, const WorkingRows& rows, Descent* descent) {
    if (folding_) folding_->finish_relu(l, tables_, layout_, shape_, start_.cells.vertices);
    subdivide(l, rows, descent);
    extend(tables_.bits());
    start_.codes.add_layer(folding_ ? folding_->codes() : tables_.codes, tables_.bits());
  }

  /// A cell is what its largest entries say; which of the others is larger cuts nothing.
  void cut_maxima(std::size_t l, const WorkingRows& rows, Descent* descent) {
    subdivide(l, rows, descent);
    Vertices& vertices = start_.cells.vertices;
    const bool is_cut = tables_.bits() > 0;
    const Maxima maxima = folding_ ? folding_->maxima() : all_maxima(*network_, l, last_readers_, layout_);
    const MaxSigns signs = take_maxima(maxima, tables_, shape_, layout_, vertices, budget_, workers_);
    if (folding_) folding_->finish_max(l, signs, layout_, shape_, vertices);
    extend(signs.bits);
    start_.codes.add_layer(folding_ ? folding_->codes() : signs.codes, signs.bits);
    shape_.history_words = start_.codes.words();
    if (is_cut) coarsen(shape_, start_.cells, budget_);
    tables_ = linear_layer_tables(maxima.values.size());
  }

  std::clock_t cpu_begin_ = std::clock();
  std::shared_ptr<const Network> network_;
  Budget& budget_;
  Workers& workers_;
  StartingCells start_;
  std::vector<Skeleton> arenas_;
  RowLayout layout_;
  std::vector<std::size_t> last_readers_;
  Shape shape_;
  LayerTables tables_;
  bool has_rows_ = false;  // whether the vertices have rows, described by tables_, shape_ and layout_
  std::optional<Folding> folding_;
  Statistics statistics_;
  Descent descent_;
};

/// With carriers in the base where there is one.
Refinement construct(const Complex* base, std::shared_ptr<const Network> network, const Domain& domain,
                     std::optional<bool> fold, std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  if (domain.dim() != network->input_dim()) {
    throw std::invalid_argument("domain: dimension " + std::to_string(domain.dim()) +
                                "; must be the network's input dimension " + std::to_string(network->input_dim()));
  }
  if (n_threads < 1) throw std::invalid_argument("n_threads: 0; must be at least 1");
  Budget budget(limits, std::move(poll));
  try {
    Workers workers(n_threads, budget);
    Refinement result = Construction(std::move(network), domain, fold, budget, workers).run(base != nullptr);
    if (base != nullptr) require_carriers(*base, *result.complex, result.carriers, workers);
    for (Carrier& carrier : result.carriers) {
      carrier.dimensions.detach();
      carrier.ids.detach();
    }
    return result;
  } catch (const std::bad_alloc&) {
    throw Incomplete("the system refused more memory", "max_bytes", budget.progress());
  }
}

}  // namespace

std::unique_ptr<Complex> polyhedral_complex(std::shared_ptr<const Network> network, const Domain& domain,
                                            std::optional<bool> fold, std::size_t n_threads, const Limits& limits,
                                            Budget::Poll poll) {
  return construct(nullptr, std::move(network), domain, fold, n_threads, limits, std::move(poll)).complex;
}

Refinement refined_complex(const Complex& base, std::shared_ptr<const Network> network, const Domain& domain, bool fold,
                           std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  return construct(&base, std::move(network), domain, fold, n_threads, limits, std::move(poll));
}

}  // namespace relutope
