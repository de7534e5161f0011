/** The tables of scores, with the model's intervals, and the comparisons with the baselines. */
import {
  type Comparison,
  formatScore,
  isBeaten,
  LOWER_IS_BETTER,
  type ScoreTable,
  type TableRow,
  type TableView,
  tablesOf,
} from '@llama-xr/metrics';
import { type Html, html } from './html.ts';

export function scoreTables(table: ScoreTable): Html[] {
  return tablesOf(table).map(htmlTable);
}

function htmlTable(view: TableView): Html {
  const { title, systems, blocks } = view;
  const block = ({ heading, rows }: TableView['blocks'][0]) => html`<tr class="heading">
<th scope="rowgroup" colspan="${systems.length + 1}">${heading}</th></tr>
${rows.map((row) => htmlRow(view, row))}`;
  return html`<table>
<caption>${title}</caption>
<thead><tr><th></th>${systems.map((system) => html`<th scope="col">${system}</th>`)}</tr></thead>
<tbody>
${blocks.map(block)}
</tbody>
</table>`;
}

function htmlRow(view: TableView, row: TableRow): Html {
  const { label, values, decimals, interval } = row;
  const range =
    interval && html` <small>${interval.map((end) => end.toFixed(decimals)).join(' to ')}</small>`;
  const cells = values.map((value, column) => {
    const text = formatScore(value, decimals);
    if (column === 0) return html`<td class="model">${text}${range}</td>`;
    return isBeaten(view, row, column) ? html`<td class="beats">${text}*</td>` : html`<td>${text}</td>`;
  });
  return html`<tr><th scope="row">${label}</th>${cells}</tr>\n`;
}

/** The model against each baseline under one protocol. */
export function comparisonTable(comparisons: readonly Comparison[], protocol: string): Html | undefined {
  const rows = comparisons.filter((comparison) => comparison.protocol === protocol);
  if (rows.length === 0) return undefined;
  return html`<details><summary>The model minus each baseline (${protocol})</summary>
<table>
<thead><tr><th>baseline</th><th>studies</th><th>score</th><th>difference</th><th>95 % interval</th>
<th>p, adjusted</th><th>smallest to be seen</th></tr></thead>
<tbody>
${rows.map(comparisonRow)}
</tbody>
</table>
<p>Intervals: bootstrap over studies. p: approximate randomisation where the score is a mean over studies, else the bootstrap's; adjusted by
Holm's method over the scores compared with one baseline on the same studies. The last column: the smallest true difference that these studies show four
times in five. Red: it is not excluded that the baseline is as good.</p></details>`;
}

function comparisonRow({ baseline, subset, score, difference, adjustedP, detectable }: Comparison): Html {
  const { estimate, low, high } = difference;
  const sure = LOWER_IS_BETTER.has(score) ? high < 0 : low > 0;
  return html`<tr><th scope="row">${baseline}</th><td>${subset}</td><td>${score}</td>
<td${!sure && html` class="beats"`}>${estimate.toFixed(4)}</td><td>${low.toFixed(4)} to ${high.toFixed(4)}</td>
<td>${adjustedP < 0.001 ? 'below 0.001' : adjustedP.toFixed(3)}</td><td>${detectable?.toFixed(4) ?? '-'}</td></tr>
`;
}
