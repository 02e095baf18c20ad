// Exponential, logarithm and power by additions, multiplications, divisions and square roots only: the same bits on
// every machine, unlike a C library's. For what decides pixels.
#pragma once

namespace mirst {

/// e^-x for x >= 0, relative error below 1e-15; 0 beyond x = 745.
double ExpOfMinus(double x);
/// 1 - e^-x for x >= 0, relative error below 1e-15 down to the smallest x.
double OneMinusExpOfMinus(double x);
/// ln x for finite x > 0, absolute error below 1e-15 max(1, |ln x|).
double Log(double x);
/// x^y for x >= 0, y >= 0 (0^y = 0); relative error below 1e-14 while |y ln x| < 30.
double Power(double x, double y);
/// The angle, degrees in [0, 90], of a cosine in [0, 1]; error below 4e-6 degrees (Abramowitz and Stegun 4.4.46).
double DegreesOfCosine(double cosine);

}  // namespace mirst
