// The prime fields as the column reduction uses them: sums of columns that are being reduced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "homology/bit_tree.hpp"

namespace relutope {

/// Residues 0..p-1, p < 2^31.
using Residue = std::uint32_t;

/// Columns over Z/2 are their rows; spans of coefficients are ignored and may be empty.
class ModTwo {
 public:
  class Sum {
   public:
    Sum(const ModTwo&, std::size_t rows) : members_(rows) {}
    std::int32_t largest() const { return members_.largest(); }
    Residue at(std::int32_t) const { return 1; }
    void add(std::span<const std::int32_t> rows, std::span<const Residue>, Residue) {
      for (const std::int32_t row : rows) members_.flip(row);
    }
    void remove_largest(std::int32_t row) { members_.flip(row); }

   private:
    BitTree members_;
  };
  static constexpr bool kHasCoefficients = false;
  Residue of_sign(std::int8_t) const { return 1; }
  Residue factor(Residue, Residue) const { return 1; }
};

class ModPrime {
 public:
  /// REQUIRES: prime is one, below 2^31.
  explicit ModPrime(Residue prime) : prime_(prime) {}

  class Sum {
   public:
    Sum(const ModPrime& field, std::size_t rows) : prime_(field.prime_), members_(rows), values_(rows, 0) {}
    std::int32_t largest() const { return members_.largest(); }
    Residue at(std::int32_t row) const { return values_[static_cast<std::size_t>(row)]; }
    void add(std::span<const std::int32_t> rows, std::span<const Residue> values, Residue factor) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        Residue& value = values_[static_cast<std::size_t>(rows[i])];
        const auto sum = static_cast<Residue>((value + std::uint64_t{factor} * values[i]) % prime_);
        if ((value == 0) != (sum == 0)) members_.flip(rows[i]);
        value = sum;
      }
    }
    void remove_largest(std::int32_t row) {
      members_.flip(row);
      values_[static_cast<std::size_t>(row)] = 0;
    }

   private:
    Residue prime_;
    BitTree members_;
    std::vector<Residue> values_;
  };
  static constexpr bool kHasCoefficients = true;
  Residue of_sign(std::int8_t sign) const { return sign > 0 ? 1 : prime_ - 1; }
  /// What times `pivot` is minus `value`.
  Residue factor(Residue value, Residue pivot) const {
    return static_cast<Residue>(std::uint64_t{prime_ - value} * inverse(pivot) % prime_);
  }

 private:
  /// By Fermat's little theorem.
  Residue inverse(Residue value) const {
    if (value == 1 || value == prime_ - 1) return value;
    std::uint64_t result = 1;
    std::uint64_t power = value;
    for (Residue exponent = prime_ - 2; exponent > 0; exponent >>= 1) {
      if (exponent & 1) result = result * power % prime_;
      power = power * power % prime_;
    }
    return static_cast<Residue>(result);
  }
  Residue prime_;
};

}  // namespace relutope
