#include "cells/polyhedral_complex.hpp"

#include <chrono>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "cells/coarsening.hpp"
#include "cells/complex_builder.hpp"
#include "cells/forward.hpp"
#include "cells/history.hpp"
#include "cells/layer_step.hpp"
#include "cells/max_step.hpp"
#include "cells/starting_cells.hpp"

namespace relutope {
namespace {

class Construction {
 public:
  Construction(std::shared_ptr<const Network> network, const Domain& domain, Budget& budget, Workers& workers)
      : network_(std::move(network)),
        budget_(budget),
        workers_(workers),
        start_(starting_cells(domain, budget, workers)),
        layout_(input_layout(domain.dim())),
        last_readers_(last_readers(*network_)) {
    shape_.dim = domain.dim();
    shape_.parts = start_.domain.parts();
    for (std::size_t w = 0; w < workers.size(); ++w) arenas_.emplace_back(domain.dim(), &budget);
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
  void one_layer(std::size_t l, Descent* descent) {
    Skeleton& cells = start_.cells;
    SignCodes& codes = start_.codes;
    const ScaledLayer scaled(network_->cutting_layer(l), column_exponents(*network_, l, layout_));
    const PreviousLayer previous{l == 0 ? nullptr : &tables_, shape_, layout_.own};
    const RowPlan plan = plan_rows(*network_, l, last_readers_, scaled, layout_);
    ForwardResult result =
        forward({*network_, l, scaled, codes, start_.domain, previous, plan}, cells.vertices, budget_, workers_);
    statistics_.tally += result.tally;
    tables_ = std::move(result.tables);
    shape_ = result.shape;
    const std::size_t bits = tables_.bits();
    if (bits > 0) {
      statistics_.tally += subdivide_layer({*network_, l, layout_, codes, start_.domain, tables_, shape_}, cells,
                                           arenas_, budget_, workers_, descent);
    }
    if (network_->kind(l) == LayerKind::kMax) {
      join_maxima(l, bits > 0);
      return;
    }
    if (bits > 0) extend_history(shape_, codes.bits(), bits, cells.vertices, budget_, workers_);
    codes.add_layer(tables_.codes, bits);
  }

  /// A cell is what its largest entries say; which of the others is larger cuts nothing.
  void join_maxima(std::size_t l, bool is_cut) {
    Vertices& vertices = start_.cells.vertices;
    MaxSigns signs = take_maxima({*network_, l, tables_, last_readers_}, shape_, layout_, vertices, budget_, workers_);
    if (signs.bits > 0) extend_history(shape_, start_.codes.bits(), signs.bits, vertices, budget_, workers_);
    start_.codes.add_layer(std::move(signs.codes), signs.bits);
    shape_.history_words = start_.codes.words();
    if (is_cut) coarsen(shape_, start_.cells, budget_);
    tables_ = linear_layer_tables(network_->layers()[l].rows());
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
  Statistics statistics_;
  Descent descent_;
};

/// With carriers in the base where there is one.
Refinement construct(const Complex* base, std::shared_ptr<const Network> network, const Domain& domain,
                     std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  if (domain.dim() != network->input_dim()) {
    throw std::invalid_argument("domain: dimension " + std::to_string(domain.dim()) +
                                "; must be the network's input dimension " + std::to_string(network->input_dim()));
  }
  if (n_threads < 1) throw std::invalid_argument("n_threads: 0; must be at least 1");
  Budget budget(limits, std::move(poll));
  try {
    Workers workers(n_threads, budget);
    Refinement result = Construction(std::move(network), domain, budget, workers).run(base != nullptr);
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
                                            std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  return construct(nullptr, std::move(network), domain, n_threads, limits, std::move(poll)).complex;
}

Refinement refined_complex(const Complex& base, std::shared_ptr<const Network> network, const Domain& domain,
                           std::size_t n_threads, const Limits& limits, Budget::Poll poll) {
  return construct(&base, std::move(network), domain, n_threads, limits, std::move(poll));
}

}  // namespace relutope
