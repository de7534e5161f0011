/**
 * F1 of finding labels: which of a scheme's labels a draft states, against the references (as CheXbert F1 is reported: Smit et
 * al., EMNLP 2020; Miura et al., NAACL 2021). Over 14 labels or the five that CheXpert's competition scores. Labels say that a
 * finding is there, not where or how much.
 */
import { corpusOf, countRows, type Statistic } from '../statistics/statistic.ts';

/** 1 stated, 0 denied, -1 in doubt, null not mentioned. */
export type LabelValue = 1 | 0 | -1 | null;
export type LabelSet = Readonly<Record<string, LabelValue>>;

/** CheXpert's competition tasks (Irvin et al., AAAI 2019). */
export const CHEXPERT_FIVE: readonly string[] = [
  'Atelectasis',
  'Cardiomegaly',
  'Consolidation',
  'Edema',
  'Pleural Effusion',
];

/** What a label left in doubt counts as. */
export type UncertaintyRule =
  /** Nothing: the strictest reading of what is stated. */
  | 'absent'
  /** Stated. */
  | 'positive'
  /** A class of its own: doubt is right only where the reference doubts. */
  | 'own class';

export const UNCERTAINTY_RULES: readonly UncertaintyRule[] = ['absent', 'positive', 'own class'];

export interface LabelCase {
  readonly draft: LabelSet;
  readonly references: readonly LabelSet[];
}

export interface LabelF1Options {
  /** Default: all labels that the first reference knows. */
  readonly labels?: readonly string[];
  /** Default `absent`. */
  readonly uncertainty?: UncertaintyRule;
}

export interface LabelF1 {
  readonly microF1: number;
  /** Mean over the labels that any draft or reference has. */
  readonly macroF1: number;
  readonly perLabel: Readonly<Record<string, LabelCount>>;
  /** Each report's F1 over its labels; 1 where there is nothing to state and nothing stated. */
  readonly perReport: Float64Array;
  /** Both corpus values for any sample of the reports: what intervals and tests ask for. */
  readonly statistics: { readonly microF1: Statistic; readonly macroF1: Statistic };
}

export interface LabelCount {
  readonly right: number;
  readonly stated: number;
  readonly true: number;
  /** NaN where neither drafts nor references have the label. */
  readonly f1: number;
}

export function labelF1(cases: readonly LabelCase[], options: LabelF1Options = {}): LabelF1 {
  const { uncertainty = 'absent' } = options;
  const labels = options.labels ?? Object.keys(cases[0]?.references[0] ?? {});
  const rows = cases.map((one) => labelCounts(one, labels, uncertainty));
  const counted = countRows(rows);
  const everything = rows.length === 0 ? new Float64Array(3 * labels.length) : columnSums(rows);
  return {
    microF1: microF1(everything),
    macroF1: macroF1(everything),
    perLabel: Object.fromEntries(labels.map((label, k) => [label, countOf(everything, k)])),
    perReport: Float64Array.from(rows, microF1),
    statistics: { microF1: corpusOf(counted, microF1), macroF1: corpusOf(counted, macroF1) },
  };
}

/** Right, stated and true of each label in turn: [3 * labels]. */
function labelCounts({ draft, references }: LabelCase, labels: readonly string[], rule: UncertaintyRule) {
  return labels.flatMap((label) => {
    const ours = classOf(draft[label] ?? null, rule);
    const truth = classOf(strongest(references.map((reference) => reference[label] ?? null)), rule);
    const right = ours !== undefined && ours === truth;
    return [Number(right), Number(ours !== undefined), Number(truth !== undefined)];
  });
}

/** Of several references: stated beats doubted, doubted beats denied. */
function strongest(values: readonly LabelValue[]): LabelValue {
  return ([1, -1, 0] as const).find((value) => values.includes(value)) ?? null;
}

function classOf(value: LabelValue, rule: UncertaintyRule): 'positive' | 'uncertain' | undefined {
  if (value === 1) return 'positive';
  if (value !== -1 || rule === 'absent') return undefined;
  return rule === 'positive' ? 'positive' : 'uncertain';
}

function columnSums(rows: readonly (readonly number[])[]): Float64Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (const [k, count] of row.entries()) (sums[k] as number) += count;
  return sums;
}

function countOf(sums: ArrayLike<number>, label: number): LabelCount {
  const [right, stated, truth] = [0, 1, 2].map((k) => sums[3 * label + k] as number) as [
    number,
    number,
    number,
  ];
  return { right, stated, true: truth, f1: (2 * right) / (stated + truth) };
}

/** 2 right / (stated + true) over all labels together; 1 where there is nothing to state and nothing stated. */
function microF1(sums: ArrayLike<number>): number {
  let [right, total] = [0, 0];
  for (let k = 0; k < sums.length; k += 3) {
    right += sums[k] as number;
    total += (sums[k + 1] as number) + (sums[k + 2] as number);
  }
  return total === 0 ? 1 : (2 * right) / total;
}

function macroF1(sums: ArrayLike<number>): number {
  let [sum, present] = [0, 0];
  for (let k = 0; k < sums.length; k += 3) {
    const total = (sums[k + 1] as number) + (sums[k + 2] as number);
    if (total === 0) continue;
    sum += (2 * (sums[k] as number)) / total;
    present++;
  }
  return present === 0 ? 1 : sum / present;
}
