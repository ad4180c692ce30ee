// The floating-point environment that every error bound assumes: rounding to nearest and gradual underflow.
//
// Other libraries in the process may have changed it for the calling thread (a flush-to-zero switch makes a subnormal
// weight vanish, with any bound). New threads inherit the environment of the thread that starts them.
#pragma once

#include <cfenv>

namespace relutope {

/// The default environment until the end of the scope, then the caller's again.
class DefaultFloatingEnvironment {
 public:
  DefaultFloatingEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingEnvironment() { std::fesetenv(&saved_); }
  DefaultFloatingEnvironment(const DefaultFloatingEnvironment&) = delete;
  DefaultFloatingEnvironment& operator=(const DefaultFloatingEnvironment&) = delete;

 private:
  std::fenv_t saved_;
};

}  // namespace relutope
