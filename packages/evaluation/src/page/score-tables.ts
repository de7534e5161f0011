/** The tables of scores, with the model's intervals, and the comparisons with the baselines. */
import {
  type Comparison,
  formatScore,
  isBeaten,
  type ScoreTable,
  type TableView,
  tablesOf,
} from '@llama-xr/metrics';
import { type Html, html } from './html.ts';

export function scoreTables(table: ScoreTable): Html[] {
  return tablesOf(table).map(htmlTable);
}

function htmlTable({ title, systems, blocks, ...view }: TableView): Html {
  return html`<table>
<caption>${title}</caption>
<thead><tr><th></th>${systems.map((system) => html`<th scope="col">${system}</th>`)}</tr></thead>
<tbody>
${blocks.map(
  ({
    heading,
    rows,
  }) => html`<tr class="heading"><th scope="rowgroup" colspan="${systems.length + 1}">${heading}</th></tr>
${rows.map(
  ({ label, values, decimals, interval }) => html`<tr><th scope="row">${label}</th>${values.map(
    (value, column) => {
      const beaten = isBeaten(view, values, column);
      const range =
        column === 0 &&
        interval &&
        html` <small>${interval.map((end) => end.toFixed(decimals)).join(' to ')}</small>`;
      return html`<td${column === 0 ? html` class="model"` : beaten && html` class="beats"`}>${formatScore(value, decimals)}${beaten && '*'}${range}</td>`;
    },
  )}</tr>
`,
)}`,
)}
</tbody>
</table>`;
}

/** The model against each baseline under one protocol. */
export function comparisonTable(comparisons: readonly Comparison[], protocol: string): Html | undefined {
  const rows = comparisons.filter((comparison) => comparison.protocol === protocol);
  if (rows.length === 0) return undefined;
  const tested = comparisons.length / new Set(comparisons.map((comparison) => comparison.protocol)).size;
  return html`<table>
<caption>The model minus each baseline (${protocol})</caption>
<thead><tr><th>baseline</th><th>studies</th><th>score</th><th>difference</th><th>95 % interval</th><th>p, adjusted</th><th>smallest to be seen</th></tr></thead>
<tbody>
${rows.map(
  ({
    baseline,
    subset,
    score,
    difference,
    adjustedP,
    detectable,
  }) => html`<tr><th scope="row">${baseline}</th><td>${subset}</td><td>${score}</td>
<td${difference.low <= 0 && html` class="beats"`}>${difference.estimate.toFixed(4)}</td><td>${difference.low.toFixed(4)} to ${difference.high.toFixed(4)}</td>
<td>${adjustedP < 0.001 ? 'below 0.001' : adjustedP.toFixed(3)}</td><td>${detectable?.toFixed(4) ?? '-'}</td></tr>
`,
)}
</tbody>
</table>
<p>Intervals: bootstrap over studies. p: approximate randomisation (BLEU: the bootstrap's), adjusted by Holm's method over the ${tested}
comparisons of this protocol. The last column: the smallest true difference that these studies show four times in five. Red: the interval
does not exclude that the baseline is as good.</p>`;
}
