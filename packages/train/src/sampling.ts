/** Which studies a pass visits: all that have findings, and a share of those that have none, in turn. */
import type { Random } from '@llama-xr/core';

/**
 * @param share of the studies without findings, in (0, 1]: one pass takes the next `share` of them, so that 1 / share
 *   passes visit them all.
 */
export function studiesOfPass<T>(
  studies: readonly T[],
  hasFindings: (study: T) => boolean,
  { pass, share, random }: { pass: number; share: number; random: Random },
): T[] {
  const normal = random.shuffle(studies.filter((study) => !hasFindings(study)));
  const wanted = Math.round(normal.length * share);
  const start = (pass - 1) * wanted;
  const chosen = new Set(Array.from({ length: wanted }, (_, i) => normal[(start + i) % normal.length]));
  return studies.filter((study) => hasFindings(study) || chosen.has(study));
}

/** An index of 0..n-1 with probability falling as 1 / (1 + index): near neighbours are likelier than far ones. */
export function drawNear(n: number, random: Random): number {
  const weights = Array.from({ length: n }, (_, i) => 1 / (1 + i));
  let left = random.next() * weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < n - 1; i++) {
    left -= weights[i] as number;
    if (left < 0) return i;
  }
  return n - 1;
}
