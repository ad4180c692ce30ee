#include "verify/certify.hpp"

#include <optional>

#include "verify/cell_proof.hpp"
#include "verify/vertex_proof.hpp"

namespace relutope::verify {

Findings certify(const StoredComplex& stored, const Model& model, const std::function<void(const char*)>& begin,
                 const Heartbeat& heartbeat) {
  Findings findings;
  const auto passes = [&](const char* name, const std::function<void()>& check) {
    begin(name);
    heartbeat();
    Check result{name, true, ""};
    try {
      check();
    } catch (const Refuted& refuted) {
      result.ok = false;
      result.message = refuted.what();
    }
    findings.checks.push_back(result);
    return result.ok;
  };
  std::optional<VertexProof> vertices;
  std::optional<CellNames> names;
  passes("arrays", [&] { check_arrays(stored, model.neurons()); }) &&
      passes("sign codes", [&] { check_codes(stored, model); }) &&
      passes("ridges", [&] { check_ridges(stored, heartbeat); }) &&
      passes("names",
             [&] {
               names.emplace(stored, heartbeat).check(heartbeat);
               names->check_maxima(stored, model, heartbeat);
             }) &&
      passes("cofacets", [&] { check_cofacets(stored, *names); }) &&
      passes("counts", [&] { check_counts(stored, *names); }) &&
      passes("vertices", [&] { vertices.emplace(stored, model).run(heartbeat); });
  if (vertices) findings.signs = vertices->tally();
  return findings;
}

}  // namespace relutope::verify
