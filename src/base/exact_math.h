// The only transcendental functions of the house: the same bits on every x86-64 and with either compiler,
// because the C library picks another routine on another processor. SLEEF's deterministic pure-C family, at
// most 1 ulp.
#pragma once

namespace mlbot::exact {

double exp(double x);
double log(double x);
double pow(double x, double y);
double tanh(double x);
double sin(double x);
double cos(double x);

}  // namespace mlbot::exact
