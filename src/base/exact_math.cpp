#include "base/exact_math.h"

#include <immintrin.h>

// sleef.h declares vector types for every instruction set; these functions are all that is used here. Those
// of the "cinz" family never fuse a multiplication with an addition, so one lane or four give the same bits.
extern "C" {
double Sleef_cinz_expd1_u10purec(double);
double Sleef_cinz_logd1_u10purec(double);
double Sleef_cinz_powd1_u10purec(double, double);
double Sleef_cinz_tanhd1_u10purec(double);
double Sleef_cinz_sind1_u10purec(double);
double Sleef_cinz_cosd1_u10purec(double);
__attribute__((target("avx"))) __m256d Sleef_cinz_logd4_u10avx(__m256d);
__attribute__((target("avx"))) __m256d Sleef_cinz_expd4_u10avx(__m256d);
__attribute__((target("avx"))) __m256d Sleef_cinz_sind4_u10avx(__m256d);
__attribute__((target("avx"))) __m256d Sleef_cinz_cosd4_u10avx(__m256d);
}

namespace mlbot::exact {

double exp(double x) { return Sleef_cinz_expd1_u10purec(x); }
double log(double x) { return Sleef_cinz_logd1_u10purec(x); }
double pow(double x, double y) { return Sleef_cinz_powd1_u10purec(x, y); }
double tanh(double x) { return Sleef_cinz_tanhd1_u10purec(x); }
double sin(double x) { return Sleef_cinz_sind1_u10purec(x); }
double cos(double x) { return Sleef_cinz_cosd1_u10purec(x); }

namespace {

constexpr std::size_t lanes = 4;

bool has_avx() {
  static const bool yes = __builtin_cpu_supports("avx");
  return yes;
}

using FourLanes = __m256d (*)(__m256d);
template <FourLanes Function>
__attribute__((target("avx"))) void four(double* values) {
  _mm256_storeu_pd(values, Function(_mm256_loadu_pd(values)));
}

template <auto Lanes, auto One>
void each(std::span<double> values) {
  std::size_t i = 0;
  if (has_avx())
    for (; i + lanes <= values.size(); i += lanes) Lanes(values.data() + i);
  for (; i < values.size(); ++i) values[i] = One(values[i]);
}

}  // namespace

void log_each(std::span<double> values) { each<four<Sleef_cinz_logd4_u10avx>, log>(values); }
void exp_each(std::span<double> values) { each<four<Sleef_cinz_expd4_u10avx>, exp>(values); }
void sin_each(std::span<double> values) { each<four<Sleef_cinz_sind4_u10avx>, sin>(values); }
void cos_each(std::span<double> values) { each<four<Sleef_cinz_cosd4_u10avx>, cos>(values); }

}  // namespace mlbot::exact
