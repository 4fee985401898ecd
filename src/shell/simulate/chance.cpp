#include "shell/simulate/chance.h"

#include "base/exact_math.h"

namespace mlbot::shell::simulate {

double ChanceSite::exponential() { return -exact::log(1.0 - uniform()); }

double ChanceSite::log_uniform(double low, double high) {
  return exact::exp(uniform(exact::log(low), exact::log(high)));
}

}  // namespace mlbot::shell::simulate
