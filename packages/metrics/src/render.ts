/** A score table for the terminal: warnings first, then each protocol with its baselines beside the model. */
import { BASELINES, type System } from './baselines.ts';
import { CLINICAL, LOWER_IS_BETTER } from './clinical-scores.ts';
import type { FindingScores } from './findings.ts';
import type { BySubset, BySystem, ScoreTable, Subset } from './score-table.ts';
import type { Interval } from './statistics/bootstrap.ts';
import type { TextStatistics } from './text-statistics.ts';
import { beats } from './warnings.ts';

export const SYSTEMS: readonly System[] = ['model', 'best constant', ...BASELINES];
export const SUBSETS: readonly Subset[] = ['all', 'abnormal'];

/** Rows of one table: a label, then a value a system, absent where there is none. */
export interface TableBlock {
  readonly heading: string;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly label: string;
  readonly values: readonly (number | undefined)[];
  readonly decimals: number;
  /** Of the model's value. */
  readonly interval?: readonly [low: number, high: number];
}

export interface TableView {
  readonly title: string;
  readonly systems: readonly System[];
  readonly blocks: readonly TableBlock[];
  /** Whether more is better, so that a baseline that does as well is marked. */
  readonly marked: boolean;
}

const DECIMALS: Readonly<Record<string, number>> = { 'distinct texts': 0, 'mean words': 1 };

/** The tables of a score, as any form of output lays them out. */
export function tablesOf(table: ScoreTable): TableView[] {
  const view = (
    title: string,
    marked: boolean,
    of: (subset: Subset) => BySystem<Record<string, number>> | undefined,
    intervals: BySubset<Record<string, Interval>> = {},
  ): TableView => {
    const systems = SYSTEMS.filter((system) => of('all')?.[system] !== undefined);
    return { title, systems, marked, blocks: blocksOf(table, systems, of, intervals) };
  };
  return [
    ...Object.entries(table.protocols).map(([name, scores]) =>
      view(`${name}: ${table.titles[name]}`, true, (subset) => scores[subset], table.intervals[name]),
    ),
    view(
      `${CLINICAL.name}: ${CLINICAL.title}`,
      true,
      (subset) => table.clinical.scores[subset],
      table.intervals[CLINICAL.name],
    ),
    view('findings: what drafts state, against the references and against their input', false, (subset) =>
      mapValues(table.findings[subset], findingRows),
    ),
    view('texts', false, (subset) => (subset === 'all' ? mapValues(table.texts, textRows) : undefined)),
  ];
}

function blocksOf(
  table: ScoreTable,
  systems: readonly System[],
  of: (subset: Subset) => BySystem<Record<string, number>> | undefined,
  intervals: BySubset<Record<string, Interval>>,
): TableBlock[] {
  return SUBSETS.flatMap((subset) => {
    const bySystem = of(subset);
    if (bySystem === undefined) return [];
    const rows = Object.keys(bySystem.model ?? {}).map((label) => {
      const interval = intervals[subset]?.[label];
      return {
        label,
        values: systems.map((system) => bySystem[system]?.[label]),
        decimals: DECIMALS[label] ?? 3,
        ...(interval && { interval: [interval.low, interval.high] as const }),
      };
    });
    return [{ heading: `${subset} (${table.studies[subset]})`, rows }];
  });
}

function textRows({ distinct, mostCommonShare, meanWords }: TextStatistics): Record<string, number> {
  return { 'distinct texts': distinct, 'most common text': mostCommonShare, 'mean words': meanWords };
}

function findingRows({ microF1, macroF1, unsupported, omitted }: FindingScores): Record<string, number> {
  return {
    'finding F1 micro': microF1,
    'finding F1 macro': macroF1,
    ...(unsupported === undefined ? {} : { 'unsupported drafts': unsupported }),
    ...(omitted === undefined ? {} : { 'drafts that omit': omitted }),
  };
}

function mapValues<T, U>(bySystem: BySystem<T> | undefined, map: (value: T) => U): BySystem<U> | undefined {
  if (bySystem === undefined) return undefined;
  return Object.fromEntries(Object.entries(bySystem).map(([system, value]) => [system, map(value as T)]));
}

/** `0.318`; a dash where there is no value. */
export function formatScore(value: number | undefined, decimals: number): string {
  return value === undefined ? '-' : value.toFixed(decimals);
}

export function isBeaten(
  { marked }: Pick<TableView, 'marked'>,
  { label, values }: TableRow,
  column: number,
): boolean {
  return marked && column > 0 && beats(values[column], values[0], LOWER_IS_BETTER.has(label));
}

const LEAST_LABEL_WIDTH = 20;
const COLUMN_WIDTH = 11;

/** Plain text, no colours. */
export function renderTable(table: ScoreTable): string {
  const lines: string[] = [];
  for (const notice of table.notices) lines.push(`Notice: ${notice}`);
  for (const { severity, text } of table.warnings)
    lines.push(`${severity === 'alarm' ? 'ALARM' : 'Warning'}: ${text}`);
  const views = tablesOf(table);
  const labels = views.flatMap(({ blocks }) => blocks.flatMap(({ rows }) => rows.map(({ label }) => label)));
  const labelWidth = Math.max(LEAST_LABEL_WIDTH, ...labels.map((label) => label.length + 3));
  for (const view of views) {
    if (lines.length > 0) lines.push('');
    lines.push(
      view.title,
      ' '.repeat(labelWidth) + view.systems.map((s) => s.padStart(COLUMN_WIDTH - 1)).join(' '),
    );
    for (const { heading, rows } of view.blocks) {
      lines.push(heading);
      for (const row of rows) {
        const cells = row.values.map((value, column) => {
          const mark = isBeaten(view, row, column) ? '*' : ' ';
          return formatScore(value, row.decimals).padStart(COLUMN_WIDTH - 1) + mark;
        });
        lines.push(`  ${row.label}`.padEnd(labelWidth) + cells.join('').trimEnd());
      }
    }
  }
  lines.push('', '* at least as good as the model');
  return `${lines.join('\n')}\n`;
}
