/**
 * The normal and Student's t distribution, as intervals and powers need them. Series and continued fractions as in
 * Abramowitz and Stegun (26.2, 26.5); quantiles by bisection of the cumulative function. Not for tails below 1e-15.
 */
import { fail } from '@llama-xr/core';

/** P(Z <= x) of a standard normal Z: 26.2.11 near the middle, the continued fraction 26.2.14 in the tails. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (Math.abs(x) > 40) return x < 0 ? 0 : 1;
  const density = Math.exp(-x * x * 0.5) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 3) {
    let term = x;
    let sum = x;
    for (let k = 3; Math.abs(term) > 1e-18; k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  const z = Math.abs(x);
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return x < 0 ? density / fraction : 1 - density / fraction;
}

/** The x with P(Z <= x) = p. */
export function normalQuantile(p: number): number {
  return quantileOf(normalCdf, p);
}

/** P(T <= t) of Student's t with so many degrees of freedom (26.7.1 by the incomplete beta function). */
export function studentCdf(t: number, degrees: number): number {
  const tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/** The t with P(T <= t) = p. */
export function studentQuantile(p: number, degrees: number): number {
  return quantileOf((t) => studentCdf(t, degrees), p);
}

/** Of a distribution symmetric about zero. */
function quantileOf(cdf: (x: number) => number, p: number): number {
  if (!(p >= 0 && p <= 1)) fail('INPUT', `quantile: expected a probability, got ${p}`);
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (p === 0.5) return 0;
  // The lower half alone: there the cumulative function is exact to the last digits.
  if (p > 0.5) return -quantileOf(cdf, 1 - p);
  let low = -1;
  while (cdf(low) > p) low *= 2;
  let high = 0;
  for (let i = 0; i < 200 && high - low > 1e-16 * Math.abs(low); i++) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function I_x(a, b), by Lentz's evaluation of the continued fraction 26.5.8. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m++) {
    for (const numerator of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / nonZero(1 + numerator * d);
      c = nonZero(1 + numerator / c);
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return (front * fraction) / a;
}

const nonZero = (x: number) => (Math.abs(x) < 1e-300 ? 1e-300 : x);

/** Lanczos's coefficients for g = 7 (Godfrey's table). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln of the gamma function, x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const t = shifted + 7.5;
  const series = LANCZOS.reduce((sum, c, k) => (k === 0 ? c : sum + c / (shifted + k)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(series);
}
