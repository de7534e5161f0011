/**
 * How the weights of the composite are found: pairs of reports of which it is known how many significant errors lie between
 * them. Exchanged pairs: the draft is the report of another study, and the errors are where the two studies' tags differ; tags were
 * given by indexers, not by our labeler, so the weights are fitted to these. Spoilt pairs: the draft is the report of another study
 * with the same findings, with errors put in by words (corrupt.ts), comparisons and degrees among them; these are for trials alone,
 * since our labeler finds the places where words are changed.
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
import { countErrors, type ReportStatements, reportErrors } from './report-errors.ts';
import { statementsOfTags } from './tag-statements.ts';

/** A report, and what its study shows in words that our labeler did not make: indexers' tags, experts' labels. */
export interface TaggedReport {
  readonly text: string;
  readonly tags: readonly string[];
}

export interface KnownErrorPair {
  readonly reference: string;
  readonly draft: string;
  /** Significant errors between the two. */
  readonly significant: number;
}

export interface PairOptions {
  readonly seed?: number | string;
  /** 0 to this many errors a pair, evenly, as far as they can be had. Default 4. */
  readonly most?: number;
  /**
   * Where they come from: `exchanged` reports whose tags differ so much, or reports of the same findings that are
   * `spoilt` in words. Default `exchanged`.
   */
  readonly errors?: 'exchanged' | 'spoilt';
}

/** So many studies are looked at to find one with the wanted number of differences. */
const LOOKED_AT = 150;

/** One pair a report that has tags. */
export function knownErrorPairs(
  reports: readonly TaggedReport[],
  { seed = 3407, most = 4, errors = 'exchanged' }: PairOptions = {},
): KnownErrorPair[] {
  const random = new Random(`${seed}:known errors`);
  const bank = new SentenceBank(reports.map(({ text }) => text));
  const readings = reports
    .filter(({ tags }) => tags.length > 0)
    .map(({ text, tags }) => ({ text, statements: statementsOfTags(tags) }));
  const alike = Map.groupBy(readings, findingsKey);
  return readings.map((reference) => {
    const wanted = random.int(most + 1);
    const apart = errors === 'spoilt' ? 0 : wanted;
    const pool = apart === 0 ? (alike.get(findingsKey(reference)) as readonly TagReading[]) : readings;
    const { other, significant } = studyApart(reference, pool, apart, random);
    if (errors === 'exchanged') return { reference: reference.text, draft: other.text, significant };
    const spoilt = corruptReport(other.text, wanted, bank, random);
    const injected = spoilt.errors.filter((error) => error.significant).length;
    return { reference: reference.text, draft: spoilt.text, significant: significant + injected };
  });
}

interface TagReading {
  readonly text: string;
  readonly statements: ReportStatements;
}

const findingsKey = ({ statements: { statements } }: TagReading) => [...statements.keys()].sort().join();

/** Another study whose tags hold so many significant errors against the reference's, or as near to it as is found. */
function studyApart(reference: TagReading, pool: readonly TagReading[], wanted: number, random: Random) {
  let best = { other: reference, significant: 0 };
  for (let look = 0; look < LOOKED_AT; look++) {
    const other = random.pick(pool);
    const { significant } = countErrors(reportErrors(other.statements, [reference.statements]));
    const nearer = Math.abs(significant - wanted) < Math.abs(best.significant - wanted);
    if (other !== reference && (nearer || best.other === reference)) best = { other, significant };
    if (best.other !== reference && best.significant === wanted) break;
  }
  return best;
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
