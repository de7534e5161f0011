/** A score table as one HTML page that needs nothing else: warnings on top, then the tables, then the constant text. */
import { formatScore, isBeaten, type TableView, tablesOf } from './render.ts';
import type { ScoreTable } from './score-table.ts';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
  .alarm, .warning, .notice { padding: .6rem 1rem; margin: .5rem 0; border-left: .4rem solid; }
  .alarm { background: #fde8e6; border-color: #b3261e; font-weight: 600; }
  .warning { background: #fff4dc; border-color: #b26a00; }
  .notice { background: #e7f0fb; border-color: #2a5db0; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  caption { text-align: left; font-weight: 600; padding: 1.5rem 0 .4rem; }
  th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
  th:first-child { text-align: left; font-weight: 400; }
  thead th, tr.heading th { font-weight: 600; }
  td.model { background: #f2f4f7; font-weight: 600; }
  td.beats { color: #b3261e; font-weight: 600; }
  blockquote { margin: 0; padding: .5rem 1rem; background: #f6f6f6; }
`;

/** @param title the heading of the page, e.g. the run and split that were scored */
export function renderHtml(table: ScoreTable, title = 'Scores of drafted reports'): string {
  const notices = table.notices.map((notice) => `<p class="notice">${escapeHtml(notice)}</p>`);
  const warnings = table.warnings.map(
    ({ severity, text }) => `<p class="${severity}">${escapeHtml(text)}</p>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${[...notices, ...warnings].join('\n')}
${tablesOf(table).map(htmlTable).join('\n')}
<p>Red: a baseline that does at least as well as the model. Random and shuffled are means of ${table.repeats}
draws, seed ${table.seed}. The constant is:</p>
<blockquote>${escapeHtml(table.constant)}</blockquote>
</body>
</html>
`;
}

function htmlTable(view: TableView): string {
  const head = view.systems.map((system) => `<th scope="col">${system}</th>`).join('');
  const body = view.blocks.flatMap(({ heading, rows }) => [
    `<tr class="heading"><th scope="rowgroup" colspan="${view.systems.length + 1}">${escapeHtml(heading)}</th></tr>`,
    ...rows.map(({ label, values, decimals }) => {
      const cells = values.map((value, column) => {
        const style =
          column === 0 ? ' class="model"' : isBeaten(view, values, column) ? ' class="beats"' : '';
        return `<td${style}>${formatScore(value, decimals)}</td>`;
      });
      return `<tr><th scope="row">${escapeHtml(label)}</th>${cells.join('')}</tr>`;
    }),
  ]);
  return `<table>
<caption>${escapeHtml(view.title)}</caption>
<thead><tr><th></th>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
