/**
 * Calibration of stated certainty: of the findings that drafts state, suspect or deny, how many are so in the reference? Words
 * are read as probabilities (stated 1, suspected 0.5, denied 0), the reference's too; the expected calibration error is the mean
 * distance of a word from what it turns out to mean (Naeini et al., AAAI 2015, with words for bins).
 *
 * A finding that the reference does not mention counts as not there, as radiologists leave unsaid what they do not see.
 */
import { labelReport, type Polarity, verdicts } from '@llama-xr/reports';
import { type Interval, scoreInterval } from '../statistics/bootstrap.ts';
import { corpusOf, countRows } from '../statistics/statistic.ts';
import type { DraftCase } from './collapse.ts';

export const CERTAINTIES = ['positive', 'uncertain', 'negative'] as const satisfies readonly Polarity[];

const PROBABILITY: Readonly<Record<Polarity, number>> = { positive: 1, uncertain: 0.5, negative: 0 };

export interface CertaintyRow {
  readonly stated: Polarity;
  /** What the word promises. */
  readonly promised: number;
  /** Findings that drafts state so. */
  readonly n: number;
  /** How the references have them. */
  readonly references: Readonly<Record<Polarity | 'not mentioned', number>>;
  /** Mean probability in the references, with its interval over reports; NaN where n is 0. */
  readonly found: Interval;
}

export interface CertaintyCalibration {
  readonly rows: readonly CertaintyRow[];
  /** Expected calibration error in [0, 1], with its interval over reports. */
  readonly ece: Interval;
}

const OUTCOMES = [...CERTAINTIES, 'not mentioned'] as const;

export function certaintyCalibration(
  cases: readonly DraftCase[],
  read: (text: string) => ReadonlyMap<string, Polarity> = (text) => verdicts(labelReport(text)),
): CertaintyCalibration {
  const rows = countRows(cases.map((one) => outcomes(one, read)));
  const everything = new Float64Array(rows.width || CERTAINTIES.length * OUTCOMES.length);
  rows.counts.forEach((count, at) => {
    (everything[at % rows.width] as number) += count;
  });
  return {
    rows: CERTAINTIES.map((stated, k) => {
      const counts = OUTCOMES.map((_, o) => everything[k * OUTCOMES.length + o] as number);
      return {
        stated,
        promised: PROBABILITY[stated],
        n: counts.reduce((sum, count) => sum + count, 0),
        references: Object.fromEntries(
          OUTCOMES.map((name, o) => [name, counts[o]]),
        ) as CertaintyRow['references'],
        found: scoreInterval(
          rows.reports,
          corpusOf(rows, (sums) => foundIn(sums, k)),
        ),
      };
    }),
    ece: scoreInterval(rows.reports, corpusOf(rows, calibrationError)),
  };
}

/** How often each word of the draft meets each word of the reference: [certainties, outcomes]. */
function outcomes(
  { draft, references }: DraftCase,
  read: (text: string) => ReadonlyMap<string, Polarity>,
): number[] {
  const counts = new Array<number>(CERTAINTIES.length * OUTCOMES.length).fill(0);
  const truths = references.map(read);
  for (const [finding, stated] of read(draft)) {
    const said = truths.map((truth) => truth.get(finding));
    const outcome = CERTAINTIES.find((certainty) => said.includes(certainty)) ?? 'not mentioned';
    (counts[CERTAINTIES.indexOf(stated) * OUTCOMES.length + OUTCOMES.indexOf(outcome)] as number)++;
  }
  return counts;
}

/** Mean probability in the references of what drafts state with the k-th word. */
function foundIn(sums: Float64Array, k: number): number {
  const counts = sums.subarray(k * OUTCOMES.length, (k + 1) * OUTCOMES.length);
  const [positive, uncertain, negative, unsaid] = counts as unknown as [number, number, number, number];
  return (positive + 0.5 * uncertain) / (positive + uncertain + negative + unsaid);
}

/** Sum over the words of their share times |found - promised|. */
function calibrationError(sums: Float64Array): number {
  const total = sums.reduce((sum, count) => sum + count, 0);
  let error = 0;
  CERTAINTIES.forEach((stated, k) => {
    const n = sums
      .subarray(k * OUTCOMES.length, (k + 1) * OUTCOMES.length)
      .reduce((sum, count) => sum + count, 0);
    if (n > 0) error += (n / total) * Math.abs(foundIn(sums, k) - PROBABILITY[stated]);
  });
  return error;
}
