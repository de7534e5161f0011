/**
 * Clinical scores of every system, in the form in which lexical ones come, so that intervals and comparisons are taken the
 * same way: CheXpert labels, the graph of entities and relations, counted errors, and the composite.
 */
import type { Drafts, System } from './baselines.ts';
import { componentsOf, compositeOf } from './clinical/composite.ts';
import { graphF1 } from './clinical/graph-f1.ts';
import { CHEXPERT_FIVE, type LabelCase, labelF1 } from './clinical/label-f1.ts';
import { type ReportReader, reportReader } from './clinical/reading.ts';
import {
  ERROR_CLASSES,
  type ErrorClass,
  type ErrorCount,
  errorCounts,
  reportErrors,
} from './clinical/report-errors.ts';
import type { Prediction } from './predictions.ts';
import { averageRuns, type Members, type RunScores, type ScoredRuns } from './protocol-scores.ts';
import type { BySubset, Subset } from './score-table.ts';
import { meanOf, type Statistic } from './statistics/statistic.ts';

/** What the table of clinical scores is called, beside the protocols of the lexical ones. */
export const CLINICAL = {
  name: 'clinical',
  title:
    'CheXpert labels, entity graph and counted errors by our own rules; errors a report, fewer are better',
} as const;

/** Scores of which less is better. */
export const LOWER_IS_BETTER: ReadonlySet<string> = new Set(['significant errors', 'minor errors']);

/** Errors a report of the model, by class. */
export type ErrorsByClass = Readonly<Record<ErrorClass, ErrorCount>>;

export interface ClinicalScores extends ScoredRuns {
  readonly errors: BySubset<ErrorsByClass>;
}

export function scoreClinical(
  predictions: readonly Prediction[],
  systems: ReadonlyMap<System, Drafts>,
  members: Members,
  read: ReportReader = reportReader(),
): ClinicalScores {
  const subsets = Object.entries(members) as [Subset, readonly number[]][];
  const runs: BySubset<ReadonlyMap<System, readonly RunScores[]>> = {};
  const errors: BySubset<ErrorsByClass> = {};
  for (const [subset, indices] of subsets) {
    const cases = (texts: readonly string[]) =>
      indices.map((i) => ({
        draft: texts[i] as string,
        references: (predictions[i] as Prediction).references,
      }));
    runs[subset] = new Map(
      [...systems].map(([system, drafts]) => [system, drafts.map((texts) => scoreRun(cases(texts), read))]),
    );
    errors[subset] = errorsByClass(cases(systems.get('model')?.[0] ?? []), read);
  }
  return { protocol: CLINICAL, runs, table: averageRuns(runs), errors };
}

interface Case {
  readonly draft: string;
  readonly references: readonly string[];
}

function scoreRun(cases: readonly Case[], read: ReportReader): RunScores {
  const labelled = cases.map(
    ({ draft, references }): LabelCase => ({
      draft: read(draft).labels,
      references: references.map((reference) => read(reference).labels),
    }),
  );
  const [all, five] = [labelF1(labelled), labelF1(labelled, { labels: CHEXPERT_FIVE })];
  const perReport = cases.map((one) => scoreReport(one, read));
  const column = (of: (report: (typeof perReport)[0]) => number) => Float64Array.from(perReport, of);
  const perItem = {
    'label F1, micro': all.perReport,
    'label F1, macro': all.perReport,
    'five labels, micro': five.perReport,
    'five labels, macro': five.perReport,
    'graph F1, partial': column(({ partial }) => partial),
    'graph F1, complete': column(({ complete }) => complete),
    'significant errors': column(({ significantErrors }) => significantErrors),
    'minor errors': column(({ minorErrors }) => minorErrors),
    composite: column(({ score }) => score),
  };
  const statistics: Record<string, Statistic> = {
    ...Object.fromEntries(Object.entries(perItem).map(([name, values]) => [name, meanOf(values)])),
    'label F1, micro': all.statistics.microF1,
    'label F1, macro': all.statistics.macroF1,
    'five labels, micro': five.statistics.microF1,
    'five labels, macro': five.statistics.macroF1,
  };
  const names = Object.keys(perItem);
  const corpusOf = (sample: ArrayLike<number>) =>
    names.map((name) => (statistics[name] as Statistic)(sample));
  const whole = corpusOf(Int32Array.from(cases.keys()));
  return {
    corpus: Object.fromEntries(names.map((name, v) => [name, whole[v] as number])),
    perItem,
    corpusOf,
  };
}

function scoreReport({ draft, references }: Case, read: ReportReader) {
  const graphs = references.map((reference) => read(reference).graph);
  const components = componentsOf(draft, references, read);
  return { ...graphF1(read(draft).graph, graphs), ...components, score: compositeOf(components).score };
}

function errorsByClass(cases: readonly Case[], read: ReportReader): ErrorsByClass {
  const sums = new Float64Array(2 * ERROR_CLASSES.length);
  for (const { draft, references } of cases) {
    const theirs = references.map((reference) => read(reference).statements);
    errorCounts(reportErrors(read(draft).statements, theirs)).forEach((count, k) => {
      (sums[k] as number) += count / cases.length;
    });
  }
  return Object.fromEntries(
    ERROR_CLASSES.map((name, k) => [name, { significant: sums[2 * k], minor: sums[2 * k + 1] }]),
  ) as ErrorsByClass;
}
