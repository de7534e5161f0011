/** An evaluation as one HTML page that needs nothing else: what must be known first stands on top. */
import { CLINICAL, type Prediction, protocols, type ScoreTable } from '@llama-xr/metrics';
import { type Case, caseList } from './cases.ts';
import { type Bar, barChart } from './charts.ts';
import { cleaningSection } from './cleaning.ts';
import { evidenceSections, subgroupTable } from './evidence-sections.ts';
import { type Html, html } from './html.ts';
import { comparisonTable, scoreTables } from './score-tables.ts';
import { STYLE } from './style.ts';

export interface PageOptions {
  /** The heading, such as the run and split that were scored. */
  readonly title?: string;
  /** Studies to show one by one, worst first. */
  readonly cases?: readonly Case[];
  /** A prediction whose way into the scores is shown. */
  readonly example?: Prediction;
  /** How the page was made, as name and value. */
  readonly provenance?: Readonly<Record<string, string>>;
}

export function renderPage(
  table: ScoreTable,
  { title = 'Scores of drafted reports', cases = [], provenance = {}, example }: PageOptions = {},
): string {
  const protocol = Object.keys(table.protocols)[0] as string;
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${table.notices.map((notice) => html`<p class="notice">${notice}</p>\n`)}
${table.warnings.map(({ severity, text }) => html`<p class="${severity}">${text}</p>\n`)}
${overview(table, protocol)}
${scoreTables(table)}
<p>Red and *: a baseline that does at least as well as the model. Beside the model: 95 % interval over studies. Random and shuffled
are means of ${table.repeats} draws, seed ${table.seed}. The constant is:</p>
<blockquote>${table.constant}</blockquote>
${comparisonTable(table.comparisons, protocol)}
${comparisonTable(table.comparisons, CLINICAL.name)}
<h2>What is behind the scores</h2>
${evidenceSections(table)}
${subgroupTable(table.subgroups, 'composite')}
${cases.length > 0 && html`<h2>Worst cases</h2>\n${caseList(cases)}`}
${
  example &&
  cleaningSection(
    example,
    Object.keys(table.protocols).filter((name) => Object.hasOwn(protocols, name)),
  )
}
${provenanceList(provenance)}
</body>
</html>
`);
}

/** The two scores that most are asked for, as pictures. */
function overview(table: ScoreTable, protocol: string): Html {
  const chart = (score: string) => {
    const scores = table.protocols[protocol]?.all ?? {};
    const interval = table.intervals[protocol]?.all?.[score];
    const bars = Object.entries(scores).flatMap(([label, values]): Bar[] => {
      const value = values[score];
      if (value === undefined) return [];
      const own = label === 'model' && interval && ([interval.low, interval.high] as const);
      return [{ label, value, marked: label === 'model', ...(own && { interval: own }) }];
    });
    return bars.length > 0 && barChart(`${score} (${protocol})`, bars);
  };
  const findings = Object.entries(table.findings.all ?? {}).map(([label, { microF1 }]) => ({
    label,
    value: microF1,
    marked: label === 'model',
  }));
  return html`${chart('ROUGE-L')}${chart('CIDEr')}${barChart('finding F1, micro', findings)}`;
}

function provenanceList(provenance: Readonly<Record<string, string>>): Html | false {
  const entries = Object.entries(provenance);
  return (
    entries.length > 0 &&
    html`<h2>How this was made</h2>
<dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`
  );
}
