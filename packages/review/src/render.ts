/** The outcome of a review in words and tables: for a terminal, and as a page. */
import { escapeHtml } from '@llama-xr/core';
import type { Interval } from '@llama-xr/metrics';
import type { ReviewOutcome } from './outcome.ts';
import { ERROR_CLASSES, RADPEER_GRADES, RATINGS } from './scales.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What has to be known to read it. */
  readonly note?: string;
}

/** All tables of an outcome; those without a row are left out. */
export function outcomeTables(outcome: ReviewOutcome): Table[] {
  return [ratings(outcome), errors(outcome), grades(outcome), preferences(outcome)]
    .concat([between(outcome), within(outcome), dividing(outcome), progress(outcome)])
    .filter(({ rows }) => rows.length > 0);
}

export function renderOutcome(outcome: ReviewOutcome): string {
  return outcomeTables(outcome).map(textTable).join('\n\n');
}

export function renderOutcomeHtml(outcome: ReviewOutcome, title = 'Review of reports: outcome'): string {
  const comments = outcome.comments.map(
    ({ reader, case: id, comment }) => `<li>${escapeHtml(`${id}, ${reader}: ${comment}`)}</li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  caption { text-align: left; font-weight: 600; padding: 1.5rem 0 .4rem; }
  th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
  th:first-child, td:first-child { text-align: left; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${outcomeTables(outcome).map(htmlTable).join('\n')}
${comments.length === 0 ? '' : `<h2>Comments</h2>\n<ul>\n${comments.join('\n')}\n</ul>`}
</body>
</html>
`;
}

const INTERVALS = 'Brackets: 95 % intervals over cases.';

function ratings({ systems }: ReviewOutcome): Table {
  return {
    title: 'Mean ratings, 1 (worst) to 5',
    head: ['', ...systems.map(({ system }) => system)],
    rows: RATINGS.map(({ id, name }) => [name, ...systems.map((system) => estimate(system.ratings[id]))]),
    note: INTERVALS,
  };
}

function errors({ systems }: ReviewOutcome): Table {
  const classes = ERROR_CLASSES.map(({ id, name }) => [
    name,
    ...systems.map(({ errorsByClass }) => `${errorsByClass[id].all} (${errorsByClass[id].significant})`),
  ]);
  return {
    title: 'Errors marked',
    head: ['', ...systems.map(({ system }) => system)],
    rows: [
      ['a report', ...systems.map((system) => estimate(system.errors))],
      ['significant, a report', ...systems.map((system) => estimate(system.significantErrors))],
      ...classes,
    ],
    note: 'By class: how many, of them significant in parentheses.',
  };
}

function grades({ systems }: ReviewOutcome): Table {
  return {
    title: 'RADPEER grades',
    head: ['', ...systems.map(({ system }) => system)],
    rows: [
      ...RADPEER_GRADES.map((grade) => [grade, ...systems.map(({ radpeer }) => String(radpeer[grade] ?? 0))]),
      ['likely to matter (b)', ...systems.map(({ gravelyWrong }) => estimate(gravelyWrong))],
    ],
  };
}

function preferences({ preferences: pairs }: ReviewOutcome): Table {
  return {
    title: 'Preference',
    head: ['', 'first', 'second', 'equal', 'share for the first', 'cases won by the first'],
    rows: pairs.map(
      ({ pair, firstPreferred, secondPreferred, equal, share, majority, casesWithMajority }) => [
        pair.join(' / '),
        ...[firstPreferred, secondPreferred, equal].map(String),
        estimate(share),
        `${estimate(majority)} of ${casesWithMajority}`,
      ],
    ),
    note: 'The share is of choices (interval over cases), the last column of cases with a majority (Wilson). A preference is shown where an interval leaves out 0.5.',
  };
}

function between({ between: scales }: ReviewOutcome): Table {
  return {
    title: 'Agreement between readers',
    head: ['', 'units', 'alpha', 'alpha nominal', 'alpha interval', 'mean kappa', 'Fleiss kappa'],
    rows: scales.map((scale) => [
      scale.scale,
      String(scale.units),
      estimate(scale.alpha),
      ...[scale.alphaNominal, scale.alphaInterval, scale.meanKappa, scale.fleissKappa].map(figure),
    ]),
    note: 'Krippendorff’s alpha, ordinal for ordered scales (interval over cases); Cohen’s kappa over pairs of readers, quadratic weights on ordered scales. Below 0.67 (Krippendorff) no conclusion should rest on a scale.',
  };
}

function within({ within: scales }: ReviewOutcome): Table {
  return {
    title: 'Agreement of each reader with themselves, on the cases that came twice',
    head: ['', 'reader', 'units', 'same', 'kappa'],
    rows: scales.map(({ scale, reader, units, same, kappa }) => [
      scale,
      reader,
      String(units),
      figure(same),
      figure(kappa),
    ]),
  };
}

function dividing({ dividing: cases }: ReviewOutcome): Table {
  return {
    title: 'Cases that divide the readers',
    head: ['', 'about', 'how'],
    rows: cases.map(({ case: id, about, words }) => [id, about, words]),
  };
}

function progress({ readers }: ReviewOutcome): Table {
  return {
    title: 'Readers',
    head: ['', 'answered', 'of', 'minutes'],
    rows: readers.map(({ reader, answered, items, seconds }) => [
      reader,
      String(answered),
      String(items),
      (seconds / 60).toFixed(1),
    ]),
  };
}

const figure = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '-');

function estimate({ estimate: value, low, high }: Interval): string {
  return Number.isFinite(value) ? `${figure(value)} [${figure(low)}, ${figure(high)}]` : '-';
}

function textTable({ title, head, rows, note }: Table): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd();
  return [title, line(head), ...rows.map(line), ...(note === undefined ? [] : [note])].join('\n');
}

function htmlTable({ title, head, rows, note }: Table): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table>
<caption>${escapeHtml(title)}</caption>
<thead><tr>${cells('th', head)}</tr></thead>
<tbody>
${body}
</tbody>
</table>${note === undefined ? '' : `\n<p>${escapeHtml(note)}</p>`}`;
}
