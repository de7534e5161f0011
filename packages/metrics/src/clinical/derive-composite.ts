/**
 * How the weights of the composite are found: pairs of reports of which it is known how many significant errors lie between
 * them. A draft starts as the report of another study with the very same tags (other words, the same findings, no error), or as
 * a copy; then errors are put into it. The weights are those that tell best how many there are.
 */
import { Random } from '@llama-xr/core';
import { correlation, kendallTau, mean, nonNegativeLeastSquares } from '../statistics/index.ts';
import {
  COMPONENTS,
  type CompositeComponents,
  type CompositeWeights,
  componentsOf,
  compositeOf,
} from './composite.ts';
import { corruptReport, SentenceBank } from './corrupt.ts';
import type { ReportReader } from './reading.ts';

/** A report, and what its study shows in words that our labeler did not make: indexers' tags, experts' labels. */
export interface TaggedReport {
  readonly text: string;
  readonly tags: readonly string[];
}

export interface KnownErrorPair {
  readonly reference: string;
  readonly draft: string;
  /** Errors put in. */
  readonly significant: number;
  readonly all: number;
  /** Whether the draft starts from another report than the reference. */
  readonly reworded: boolean;
}

export interface PairOptions {
  readonly seed?: number | string;
  /** Errors to put in: 0 to this, evenly. Default 4. */
  readonly most?: number;
}

/** One pair a report. Half of them start from another report of the same tags, where there is one. */
export function knownErrorPairs(
  reports: readonly TaggedReport[],
  { seed = 3407, most = 4 }: PairOptions = {},
): KnownErrorPair[] {
  const random = new Random(`${seed}:known errors`);
  const bank = new SentenceBank(reports.map(({ text }) => text));
  const keyOf = ({ tags }: TaggedReport) => [...tags].sort().join('|').toLowerCase();
  const alike = Map.groupBy(reports, keyOf);
  return reports.map((report) => {
    const others = (alike.get(keyOf(report)) ?? []).filter(({ text }) => text !== report.text);
    const reworded = others.length > 0 && report.tags.length > 0 && random.chance(0.5);
    const start = reworded ? random.pick(others).text : report.text;
    const { text, errors } = corruptReport(start, random.int(most + 1), bank, random);
    const significant = errors.filter((error) => error.significant).length;
    return { reference: report.text, draft: text, significant, all: errors.length, reworded };
  });
}

export interface MeasuredPair extends KnownErrorPair {
  readonly components: CompositeComponents;
}

export function measurePairs(pairs: readonly KnownErrorPair[], read: ReportReader): MeasuredPair[] {
  return pairs.map((pair) => ({ ...pair, components: componentsOf(pair.draft, [pair.reference], read) }));
}

/** Without an intercept, so that a copy has no errors; none below zero, so that no component can reward an error. */
export function fitComposite(pairs: readonly MeasuredPair[]): CompositeWeights {
  const rows = pairs.map(({ components }) => COMPONENTS.map((name) => components[name]));
  const weights = nonNegativeLeastSquares(
    rows,
    pairs.map(({ significant }) => significant),
  );
  return Object.fromEntries(COMPONENTS.map((name, k) => [name, weights[k]])) as Record<
    keyof CompositeComponents,
    number
  >;
}

export interface CompositeTrial {
  readonly pairs: number;
  /** Of the expected and the injected significant errors. */
  readonly pearson: number;
  readonly kendall: number;
  /** The same of each component alone. */
  readonly alone: Readonly<Record<keyof CompositeComponents, { pearson: number; kendall: number }>>;
  /** By the number of significant errors injected: pairs, and the mean of the expected ones and of the score. */
  readonly byErrors: readonly {
    readonly significant: number;
    readonly pairs: number;
    readonly expected: number;
    readonly score: number;
  }[];
}

/** How the composite orders pairs that it was not fitted on. */
export function tryComposite(pairs: readonly MeasuredPair[], weights: CompositeWeights): CompositeTrial {
  const truth = pairs.map(({ significant }) => significant);
  const composites = pairs.map(({ components }) => compositeOf(components, weights));
  const expected = composites.map(({ expectedErrors }) => expectedErrors);
  const agreement = (values: readonly number[]) => ({
    pearson: correlation(values, truth),
    kendall: kendallTau(values, truth),
  });
  const counts = [...new Set(truth)].sort((a, b) => a - b);
  return {
    pairs: pairs.length,
    ...agreement(expected),
    alone: Object.fromEntries(
      COMPONENTS.map((name) => [name, agreement(pairs.map(({ components }) => components[name]))]),
    ) as CompositeTrial['alone'],
    byErrors: counts.map((significant) => {
      const group = composites.filter((_, i) => truth[i] === significant);
      return {
        significant,
        pairs: group.length,
        expected: mean(group.map(({ expectedErrors }) => expectedErrors)),
        score: mean(group.map(({ score }) => score)),
      };
    }),
  };
}
