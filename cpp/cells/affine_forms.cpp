#include "cells/affine_forms.hpp"

#include <cfloat>
#include <limits>
#include <numeric>
#include <utility>

#include "exact/dyadic.hpp"

namespace relutope {
namespace {

constexpr double kUnit = 0x1p-53;
/// Rows of one task; rows that read the same values stand together, which then stay in the processor's caches.
constexpr std::size_t kRowsPerTask = 16;

/// Rows of a layer by what they read.
std::vector<std::size_t> rows_by_entries(const Layer& layer) {
  std::vector<std::size_t> order(layer.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (layer.is_dense()) return order;
  const auto key = [&](std::size_t i) {
    const auto entries = layer.entries(i);
    return entries.empty() ? std::pair{0U, 0U} : std::pair{entries.front(), entries.back()};
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

/// What rounding the image of a row left over, correctly rounded; zeros where the image is the row.
std::vector<double> rests_of_row(const Layer& layer, std::size_t i) {
  const auto image = layer.image(i);
  std::vector<double> rests(image.size(), 0.0);
  if (!layer.is_rational(i)) return rests;
  const IntegerRow exact = layer.exact_row(i);
  const IntegerRow rounded = integer_row(image);
  for (std::size_t t = 0; t < image.size(); ++t) {
    const Integer rest = exact.numerators[t] * rounded.denominator - rounded.numerators[t] * exact.denominator;
    if (rest != 0) rests[t] = nearest_double(rest, Integer(exact.denominator * rounded.denominator));
  }
  return rests;
}

}  // namespace

AffineForms::AffineForms(const Network& network, const std::vector<Range>& inputs, Budget& budget)
    : network_(network), budget_(budget), states_(network.layers().size()) {
  for (std::size_t l = 0; l < network.layers().size(); ++l) forms_.emplace_back(&budget);
  add_column({1, 1});
  for (const Range& range : inputs) add_column(range);
}

std::uint32_t AffineForms::add_column(Range range) {
  const double center = range.lo + (range.hi - range.lo) / 2;
  // The difference is rounded once; center is what it is.
  const double radius = std::max(range.hi - center, center - range.lo) * (1 + 4 * kUnit) + DBL_TRUE_MIN;
  columns_.push_back({center, radius, std::max(std::abs(range.lo), std::abs(range.hi))});
  return static_cast<std::uint32_t>(columns_.size() - 1);
}

ValueState AffineForms::state(const ValueSource& source) const {
  if (source.layer == ValueSource::kInput) return {ValueState::Kind::kColumn, 0, source.row + 1};
  return states_[static_cast<std::size_t>(source.layer)][source.row];
}

/// One thread's share of a layer's forms.
///
/// Error of a form. With n terms, w a weight, e_k and M_k the error and the magnitude of the form of source k, and
/// kappa = products_error(n) + n 2^-104 + 2^-104, which covers the 3.1 2^-106 of each column that is added by itself,
/// and the 2^-106 by which high and low parts miss a rational weight, the form differs from the exact one at every
/// point by at most
///   sum_k (|w_k| e_k + kappa w' M_k) + kappa |b| + 2^-1022 (1 + sum of the columns' magnitudes);
/// a source that is a column has e = 0 and its own magnitude. w' = |w_k| + 2^-960, since the low part of a weight may
/// be subnormal and miss it by 2^-1075 < kappa 2^-960; M_k is at least 2^-1022. So what underflows in a coefficient or
/// in this bound is below 2^-1074 a product, which the last term covers. The last factor restores what rounding loses.
class FormTask {
 public:
  FormTask(const AffineForms& forms, const Layer& layer, std::size_t l, AffineForms::LayerForms& out)
      : forms_(forms), layer_(layer), out_(out), terms_(kRowsPerTask) {
    for (const ValueSource& source : forms.network_.sources(l)) states_.push_back(forms.state(source));
    for (const auto& column : forms.columns_) reach_ += column.magnitude;
  }

  void run(const std::size_t* rows, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) start(rows[i], terms_[i]);
    for (std::size_t chunk = 0; chunk < out_.chunks; ++chunk) {
      for (std::size_t i = 0; i < n; ++i) {
        if (out_.nonzero[rows[i] * out_.chunks + chunk] == 0) continue;
        const std::size_t at = chunk * out_.stride + rows[i] * kChunk;
        add_products(terms_[i], chunk, &out_.high[at], &out_.low[at]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) measure(rows[i]);
  }

 private:
  using Kind = ValueState::Kind;

  void start(std::size_t i, std::vector<WeightedRow>& terms) {
    terms.clear();
    std::uint8_t* nonzero = &out_.nonzero[i * out_.chunks];
    for (std::size_t c = 0; c < out_.chunks; ++c) {
      nonzero[c] = 0;
      std::fill_n(&out_.high[c * out_.stride + i * kChunk], kChunk, 0.0);
      std::fill_n(&out_.low[c * out_.stride + i * kChunk], kChunk, 0.0);
    }
    const auto entries = layer_.entries(i);
    const auto image = layer_.image(i);
    const std::vector<double> rests = rests_of_row(layer_, i);
    const auto n_terms = static_cast<double>(image.size());
    const double kappa = products_error(image.size()) + (n_terms + 1) * 0x1p-104;
    double error = DBL_MIN * (1 + reach_);
    for (std::size_t t = 0; t < image.size(); ++t) {
      const bool is_bias = t == entries.size();
      const ValueState& state = is_bias ? bias_state_ : states_[entries[t]];
      if (image[t] == 0 || state.kind == Kind::kZero) continue;
      const double weight = std::abs(image[t]);
      if (state.kind == Kind::kColumn) {
        const std::size_t at = state.row / kChunk * out_.stride + i * kChunk + state.row % kChunk;
        add_to(image[t], rests[t], out_.high[at], out_.low[at]);
        nonzero[state.row / kChunk] |= static_cast<std::uint8_t>(1U << state.row % kChunk);
        error += (weight + 0x1p-960) * forms_.columns_[state.row].magnitude * kappa;
        continue;
      }
      const AffineForms::LayerForms& from = forms_.forms_[state.layer];
      const std::uint8_t* marks = &from.nonzero[state.row * from.chunks];
      terms.push_back({image[t], rests[t], &from.high[state.row * kChunk], &from.low[state.row * kChunk], marks,
                       from.chunks, from.stride});
      for (std::size_t c = 0; c < from.chunks; ++c) nonzero[c] |= marks[c];
      error += weight * from.error[state.row] + (weight + 0x1p-960) * from.magnitude[state.row] * kappa;
    }
    out_.error[i] = error * (1 + 4 * (n_terms + 8) * kUnit);
  }

  void measure(std::size_t i) {
    double sum = 0;
    for (std::size_t c = 0; c < forms_.columns_.size(); ++c) {
      sum += std::abs(out_.high[c / kChunk * out_.stride + i * kChunk + c % kChunk]) * forms_.columns_[c].magnitude;
    }
    out_.magnitude[i] = sum * (1 + 2 * static_cast<double>(forms_.columns_.size() + 8) * kUnit) + DBL_MIN;
    if (!std::isfinite(sum)) out_.error[i] = std::numeric_limits<double>::infinity();
  }

  const AffineForms& forms_;
  const Layer& layer_;
  AffineForms::LayerForms& out_;
  const ValueState bias_state_{Kind::kColumn, 0, AffineForms::kConstant};
  std::vector<ValueState> states_;  // per column of the layer
  std::vector<std::vector<WeightedRow>> terms_;
  double reach_ = 0;
};

void AffineForms::compute(std::size_t l, Workers& workers) {
  const Layer& layer = network_.layers()[l];
  LayerForms& out = forms_[l];
  out = LayerForms(&budget_);
  out.chunks = (columns_.size() + kChunk - 1) / kChunk;
  out.stride = layer.rows() * kChunk;
  out.high.resize(out.chunks * out.stride);
  out.low.resize(out.chunks * out.stride);
  out.nonzero.resize(layer.rows() * out.chunks);
  out.error.resize(layer.rows());
  out.magnitude.resize(layer.rows());
  const std::vector<std::size_t> order = rows_by_entries(layer);
  std::vector<std::optional<FormTask>> tasks(workers.size());
  workers.run_blocks(layer.rows(), kRowsPerTask, [&](std::size_t first, std::size_t last, std::size_t worker) {
    if (!tasks[worker]) tasks[worker].emplace(*this, layer, l, out);
    tasks[worker]->run(&order[first], last - first);
  });
}

/// REQUIRES: `image` is empty or holds one form. Leaving the low parts out costs 2^-53 of the magnitude, adding to what
/// is there as much again of both.
void AffineForms::add(const ValueState& form, double factor, FormImage& image) const {
  constexpr double kInflate = 1 + 8 * kUnit;
  if (form.kind == ValueState::Kind::kZero) return;
  if (form.kind == ValueState::Kind::kColumn) {
    image.values[form.row] += factor;
    image.marked[form.row] = 1;
    image.error = (image.error + 2 * kUnit * columns_[form.row].magnitude) * kInflate;
    return;
  }
  const LayerForms& from = forms_[form.layer];
  for (std::size_t chunk = 0; chunk < from.chunks; ++chunk) {
    const std::uint8_t bits = from.nonzero[form.row * from.chunks + chunk];
    if (bits == 0) continue;
    const double* high = &from.high[chunk * from.stride + form.row * kChunk];
    for (std::size_t j = 0; j < kChunk; ++j) {
      if (!((bits >> j) & 1U)) continue;
      image.values[chunk * kChunk + j] += factor * high[j];
      image.marked[chunk * kChunk + j] = 1;
    }
  }
  image.error = (image.error + from.error[form.row] + 3 * kUnit * from.magnitude[form.row]) * kInflate;
}

/// With n columns |w_c|, centers m_c and radii r_c the sums of w_c m_c and |w_c| r_c are each off by at most
/// (n + 2) 2^-53 sum |w_c| (|m_c| + r_c).
Range AffineForms::range(const FormImage& image) const {
  double middle = 0, radius = 0, magnitude = 0;
  for (std::size_t c = 0; c < image.values.size(); ++c) {
    const double weight = image.values[c];
    if (weight == 0) continue;
    middle += weight * columns_[c].center;
    radius += std::abs(weight) * columns_[c].radius;
    magnitude += std::abs(weight) * (std::abs(columns_[c].center) + columns_[c].radius);
  }
  const double slack = 3 * static_cast<double>(image.values.size() + 4) * kUnit * magnitude + DBL_MIN;
  radius = (radius + slack + image.error) * (1 + 8 * kUnit);
  // One rounding of each end.
  const double lo = middle - radius, hi = middle + radius;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!std::isfinite(lo) || !std::isfinite(hi)) return {-kInfinity, kInfinity};
  return {std::nextafter(lo, -kInfinity), std::nextafter(hi, kInfinity)};
}

std::optional<Sign> AffineForms::sign(const FormImage& image) const {
  if (std::none_of(image.marked.begin(), image.marked.end(), [](std::uint8_t m) { return m != 0; })) return Sign::kZero;
  const Range bounds = range(image);
  if (bounds.lo > 0) return Sign::kPositive;
  if (bounds.hi < 0) return Sign::kNegative;
  return std::nullopt;
}

void AffineForms::mark(const ValueState& form, std::vector<std::uint8_t>& marked) const {
  if (form.kind == ValueState::Kind::kColumn) marked[form.row] = 1;
  if (form.kind != ValueState::Kind::kForm) return;
  const LayerForms& from = forms_[form.layer];
  for (std::size_t chunk = 0; chunk < from.chunks; ++chunk) {
    const std::uint8_t bits = from.nonzero[form.row * from.chunks + chunk];
    for (std::size_t j = 0; bits != 0 && j < kChunk; ++j) {
      if ((bits >> j) & 1U) marked[chunk * kChunk + j] = 1;
    }
  }
}

}  // namespace relutope
