/**
 * Which studies a pass visits, and how often: all that have findings, a share of those that have none, in turn, and those
 * with rare findings more than once (repeat factor sampling: Gupta, Dollár and Girshick 2019, arXiv 1908.03195).
 */
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

/**
 * How often a pass visits each study, so that rare findings are seen more often: a finding on a share f of the studies
 * has the factor max(1, sqrt(threshold / f)), a study that of its rarest finding.
 * @param threshold the share below which a finding is rare; 0: every study once.
 * @returns factors of at least 1, in the order of the studies.
 */
export function repeatFactors(findings: readonly (readonly string[])[], threshold: number): number[] {
  const counts = new Map<string, number>();
  for (const finding of findings.flatMap((own) => [...new Set(own)]))
    counts.set(finding, (counts.get(finding) ?? 0) + 1);
  const factor = (finding: string) =>
    Math.sqrt((threshold * findings.length) / (counts.get(finding) as number));
  return findings.map((own) => Math.max(1, ...own.map(factor)));
}

/** Each item as often as its factor says; a fraction is the chance of one more time. */
export function repeated<T>(items: readonly T[], factors: readonly number[], random: Random): T[] {
  return items.flatMap((item, i) => {
    const factor = factors[i] as number;
    const times = Math.floor(factor) + (factor % 1 > 0 && random.chance(factor % 1) ? 1 : 0);
    return Array.from({ length: times }, () => item);
  });
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
