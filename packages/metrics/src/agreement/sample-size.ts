/**
 * How many cases a reader study needs, worked out before it begins: to show a preference, or to know a kappa well
 * enough. For one reader's word a case, cases independent; more readers of the same cases add less than more cases.
 */
import { fail } from '@llama-xr/core';
import { normalQuantile } from '../statistics/distributions.ts';

export interface PreferencePlan {
  /** Share of the cases in which one side is truly preferred, in (0, 1), not 0.5. Ties are left out. */
  readonly preferred: number;
  /** Chance of showing it. Default 0.8. */
  readonly power?: number;
  /** Chance of showing what is not there, two-sided. Default 0.05. */
  readonly alpha?: number;
}

/** Beyond this many cases the exact search is replaced by its normal approximation. */
const EXACT_CASES = 3000;

/**
 * Cases that show a preference against an even split: the smallest number from which on the exact two-sided binomial
 * test has the power asked for (power rises in a sawtooth: a smaller number may have it by luck).
 * Large plans: n = ((z_alpha/2 / 2 + z_power sqrt(p (1 - p))) / (p - 1/2))^2.
 * @throws LlamaXrError INPUT
 */
export function casesForPreference({ preferred, power = 0.8, alpha = 0.05 }: PreferencePlan): number {
  inside('preferred', preferred, 0, 1);
  inside('power', power, 0, 1);
  inside('alpha', alpha, 0, 1);
  if (preferred === 0.5)
    fail('INPUT', 'casesForPreference: preferred: expected a share other than 0.5, got 0.5');
  const reach =
    normalQuantile(1 - alpha / 2) / 2 + normalQuantile(power) * Math.sqrt(preferred * (1 - preferred));
  const approximate = Math.max(1, Math.ceil((reach / (preferred - 0.5)) ** 2));
  if (approximate > EXACT_CASES) return approximate;
  for (let n = 2 * approximate + 20; n > 1; n--) {
    if (preferencePower(n - 1, preferred, alpha) < power) return n;
  }
  return 1;
}

/** Chance that the exact two-sided binomial test of n cases rejects an even split where the truth is `preferred`. */
export function preferencePower(n: number, preferred: number, alpha = 0.05): number {
  const even = binomial(n, 0.5);
  let [least, tail] = [-1, 0];
  // Symmetric: half of alpha on each side.
  while (tail + (even[least + 1] as number) <= alpha / 2) tail += even[++least] as number;
  const truth = binomial(n, preferred);
  const below = truth.slice(0, least + 1);
  const above = truth.slice(n - least);
  return least < 0 ? 0 : [...below, ...above].reduce((total, p) => total + p, 0);
}

export interface KappaPlan {
  /** Half the width of the interval that is wanted, in (0, 1). */
  readonly halfWidth: number;
  /** The kappa that is expected. Default 0.6. */
  readonly kappa?: number;
  /** How often the trait is there, in (0, 1). Default 0.5; rare traits need many more cases. */
  readonly prevalence?: number;
  /** Default 0.95. */
  readonly level?: number;
}

/**
 * Cases that two readers must both read so that the interval of a kappa of two categories is as narrow as asked for
 * (Bloch and Kraemer, Biometrics 1989; Donner and Eliasziw, Statistics in Medicine 1992):
 *
 *   var = (1 - k) / n ((1 - k)(1 - 2k) + k (2 - k) / (2 p (1 - p)))
 *
 * @throws LlamaXrError INPUT
 */
export function casesForKappa({ halfWidth, kappa = 0.6, prevalence = 0.5, level = 0.95 }: KappaPlan): number {
  inside('halfWidth', halfWidth, 0, 1);
  inside('kappa', kappa, -1, 1);
  inside('prevalence', prevalence, 0, 1);
  inside('level', level, 0, 1);
  const spread = 2 * prevalence * (1 - prevalence);
  const variance = (1 - kappa) * ((1 - kappa) * (1 - 2 * kappa) + (kappa * (2 - kappa)) / spread);
  return Math.max(2, Math.ceil(variance * (normalQuantile((1 + level) / 2) / halfWidth) ** 2));
}

/** Chances of 0..n successes, by logarithms so that large n do not underflow. */
function binomial(n: number, p: number): number[] {
  const chances: number[] = [];
  let log = n * Math.log1p(-p);
  for (let k = 0; k <= n; k++) {
    chances.push(Math.exp(log));
    log += Math.log((n - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return chances;
}

function inside(name: string, value: number, low: number, high: number): void {
  if (!(value > low && value < high))
    fail('INPUT', `${name}: expected a number between ${low} and ${high}, got ${value}`);
}
