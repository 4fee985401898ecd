// The only transcendental functions of the house: the same bits on every x86-64 and with either compiler,
// because the C library picks another routine on another processor. SLEEF's deterministic pure-C family, at
// most 1 ulp.
#pragma once

#include <span>

namespace mlbot::exact {

double exp(double x);
double log(double x);
double pow(double x, double y);
double tanh(double x);
double sin(double x);
double cos(double x);

/// Each value becomes its function: the same bits as one by one, four at a time where the processor can.
void log_each(std::span<double> values);
void exp_each(std::span<double> values);
void sin_each(std::span<double> values);
void cos_each(std::span<double> values);

}  // namespace mlbot::exact
