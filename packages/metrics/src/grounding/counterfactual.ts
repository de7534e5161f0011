/**
 * Counterfactual grounding: one finding of a model's input is taken out or put in, all else kept, and the study is drafted anew.
 * A model that reads its input changes that finding and no other. This page scores such pairs; who drafts them is not its matter.
 */

import { relativesOf } from '../clinical/significance.ts';
import type { StatedFindings } from '../findings.ts';
import type { Interval } from '../statistics/bootstrap.ts';
import { shareInterval } from '../statistics/comparisons.ts';

export type Flip = 'added' | 'removed';

export interface CounterfactualPair {
  readonly id: string;
  readonly finding: string;
  readonly flip: Flip;
  /** The drafts of the study as it is, and with the finding flipped. */
  readonly before: string;
  readonly after: string;
}

export interface CounterfactualOutcome {
  readonly id: string;
  readonly finding: string;
  readonly flip: Flip;
  /** `no chance`: the draft was already as the flip would have it, so nothing can be seen. */
  readonly result: 'followed' | 'ignored' | 'no chance';
  /** Other findings that appeared or vanished; those that others might have called this one stand apart. */
  readonly collateral: readonly string[];
  readonly relatives: readonly string[];
  /** Whether both drafts are the same text. */
  readonly sameText: boolean;
}

export interface FlipRates {
  /** Pairs in which the flip can be seen. */
  readonly pairs: number;
  /** Share of them in which the draft followed. */
  readonly flipRate: Interval;
  /** Share of them in which it followed and no other finding changed (relatives aside). */
  readonly cleanRate: Interval;
  /** Other findings that changed, a pair. */
  readonly collateralPerPair: number;
}

export interface CounterfactualScore extends FlipRates {
  readonly noChance: number;
  readonly sameText: Interval;
  readonly byFlip: Readonly<Record<Flip, FlipRates>>;
  readonly byFinding: Readonly<Record<string, FlipRates>>;
  /** How often each other finding appeared or vanished, the most frequent first. */
  readonly collateral: readonly { readonly finding: string; readonly count: number }[];
  readonly outcomes: readonly CounterfactualOutcome[];
}

export function scoreCounterfactual(
  pairs: readonly CounterfactualPair[],
  stated: StatedFindings,
): CounterfactualScore {
  const outcomes = pairs.map((pair) => outcomeOf(pair, stated));
  const of = (wanted: (outcome: CounterfactualOutcome) => boolean) => ratesOf(outcomes.filter(wanted));
  const findings = [...new Set(pairs.map(({ finding }) => finding))].sort();
  const collateral = new Map<string, number>();
  for (const { collateral: changed } of outcomes)
    for (const finding of changed) collateral.set(finding, (collateral.get(finding) ?? 0) + 1);
  return {
    ...ratesOf(outcomes),
    noChance: outcomes.filter(({ result }) => result === 'no chance').length,
    sameText: shareInterval(outcomes.filter(({ sameText }) => sameText).length, outcomes.length),
    byFlip: { added: of(({ flip }) => flip === 'added'), removed: of(({ flip }) => flip === 'removed') },
    byFinding: Object.fromEntries(findings.map((name) => [name, of(({ finding }) => finding === name)])),
    collateral: [...collateral]
      .map(([finding, count]) => ({ finding, count }))
      .sort((a, b) => b.count - a.count || a.finding.localeCompare(b.finding)),
    outcomes,
  };
}

function outcomeOf(pair: CounterfactualPair, stated: StatedFindings): CounterfactualOutcome {
  const { id, finding, flip, before, after } = pair;
  const [first, second] = [stated(before), stated(after)];
  const wanted = flip === 'added';
  const changed = [...first.symmetricDifference(second)].filter((other) => other !== finding);
  const relatives = relativesOf(finding);
  return {
    id,
    finding,
    flip,
    result:
      first.has(finding) === wanted ? 'no chance' : second.has(finding) === wanted ? 'followed' : 'ignored',
    collateral: changed.filter((other) => !relatives.has(other)),
    relatives: changed.filter((other) => relatives.has(other)),
    sameText: before === after,
  };
}

function ratesOf(outcomes: readonly CounterfactualOutcome[]): FlipRates {
  const seen = outcomes.filter(({ result }) => result !== 'no chance');
  const followed = seen.filter(({ result }) => result === 'followed');
  const clean = followed.filter(({ collateral }) => collateral.length === 0);
  return {
    pairs: seen.length,
    flipRate: shareInterval(followed.length, seen.length),
    cleanRate: shareInterval(clean.length, seen.length),
    collateralPerPair: seen.reduce((sum, { collateral }) => sum + collateral.length, 0) / seen.length,
  };
}
