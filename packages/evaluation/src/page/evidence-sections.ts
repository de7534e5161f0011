/** What is no score: errors by class, claims against the input, collapse, rare findings, stated certainty. */
import type {
  CertaintyCalibration,
  ClaimSummary,
  ErrorsByClass,
  Evidence,
  ScoreTable,
  Subgroup,
} from '@llama-xr/metrics';
import { equalityPlot } from './charts.ts';
import { type Html, html } from './html.ts';

export function evidenceSections(table: ScoreTable): (Html | undefined)[] {
  const { claims, certainty, clinical } = table;
  return [
    clinical.errors.all && errorTable(clinical.errors.all),
    groundingTable(table),
    claims && claimTable(claims),
    collapseTable(table),
    survivalPlot(table),
    certaintyTable(certainty),
  ];
}

function simpleTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
): Html {
  return html`<table>
<caption>${caption}</caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}
</tbody>
</table>`;
}

function errorTable(errors: ErrorsByClass): Html {
  const rows = Object.entries(errors).map(([name, { significant, minor }]) => [
    name,
    significant.toFixed(3),
    minor.toFixed(3),
  ]);
  return simpleTable(
    "Errors a report, in ReXVal's classes, counted by our rules",
    ['class', 'significant', 'minor'],
    rows,
  );
}

function groundingTable({ grounding, shuffling }: ScoreTable): Html | undefined {
  if (shuffling === undefined) return undefined;
  const rows = Object.entries(shuffling).map(([name, { matched, shuffled, difference, p, grounded }]) => [
    name,
    matched.toFixed(4),
    shuffled.toFixed(4),
    difference.toFixed(4),
    p < 0.01 ? 'below 0.01' : p.toFixed(2),
    grounded ? 'yes' : 'no',
  ]);
  const rougeL = grounding && [
    `ROUGE-L (${grounding.protocol})`,
    grounding.matched.toFixed(4),
    grounding.shuffled.toFixed(4),
    (grounding.matched - grounding.shuffled).toFixed(4),
    '-',
    grounding.grounded ? 'yes' : 'no',
  ];
  return simpleTable(
    'Does the model read its input? Each draft on its own study, and on others',
    ['score', 'own study', 'others', 'difference', 'p', 'better than chance'],
    [...(rougeL ? [rougeL] : []), ...rows],
  );
}

function claimTable({
  drafts,
  counts,
  supportedClaims,
  toldFindings,
  draftsUnsupported,
  draftsOmitting,
}: ClaimSummary): Html {
  const share = (value: number) => (Number.isNaN(value) ? '-' : `${(100 * value).toFixed(1)} %`);
  return simpleTable(
    `Claims of ${drafts} drafts against what the model was told`,
    ['', ''],
    [
      ...Object.entries(counts).map(([verdict, count]) => [
        `${verdict} ${verdict === 'omitted' || verdict === 'denied' ? 'findings' : 'claims'}`,
        String(count),
      ]),
      ['claims that the input supports at their place', share(supportedClaims)],
      ['findings told that are stated', share(toldFindings)],
      ['drafts with an unsupported claim', share(draftsUnsupported)],
      ['drafts that omit or deny a finding', share(draftsOmitting)],
    ],
  );
}

function collapseTable({ diversity, referenceDiversity, normalBias }: Evidence): Html {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const range = ({ estimate, low, high }: { estimate: number; low: number; high: number }) =>
    `${percent(estimate)} (${percent(low)} to ${percent(high)})`;
  return simpleTable(
    'Collapse',
    ['', 'drafts', 'references'],
    [
      ['distinct texts', String(diversity.distinct), String(referenceDiversity.distinct)],
      [
        'largest group of near copies',
        percent(diversity.largestCluster.share),
        percent(referenceDiversity.largestCluster.share),
      ],
      [
        'words two texts share, mean',
        percent(diversity.meanOverlap),
        percent(referenceDiversity.meanOverlap),
      ],
      ['state no finding', percent(normalBias.normalDrafts), percent(normalBias.normalReferences)],
      ['abnormal studies drafted as normal', range(normalBias.missed), ''],
      ['normal studies drafted as abnormal', range(normalBias.falseAlarms), ''],
    ],
  );
}

function survivalPlot({ survival, studies }: ScoreTable): Html {
  const { findings, rare, frequent, lost } = survival;
  const points = findings.map(({ finding, references, drafts }) => ({
    x: references / studies.all,
    y: drafts / studies.all,
    label: `${finding}: in ${references} references, ${drafts} drafts`,
  }));
  return html`${equalityPlot('Do findings survive? One point a finding', points, { x: 'share of references', y: 'share of drafts' })}
<p>Drafts state the rarest third of findings ${rare.ratio.toFixed(2)} times as often as references do, the most frequent third
${frequent.ratio.toFixed(2)} times.${lost.length > 0 && html` Never drafted: ${lost.join(', ')}.`}</p>`;
}

function certaintyTable({ rows, ece }: CertaintyCalibration): Html {
  const shown = rows
    .filter(({ n }) => n > 0)
    .map(({ stated, promised, n, found }) => [
      stated,
      String(n),
      promised.toFixed(2),
      `${found.estimate.toFixed(3)} (${found.low.toFixed(3)} to ${found.high.toFixed(3)})`,
    ]);
  return html`${simpleTable(
    'Stated certainty: what a word promises, and what is found in the reference',
    ['said as', 'findings', 'promised', 'found'],
    shown,
  )}
<p>Expected calibration error: ${ece.estimate.toFixed(3)} (${ece.low.toFixed(3)} to ${ece.high.toFixed(3)}).</p>`;
}

/** A score cut by who the patients are. */
export function subgroupTable(subgroups: readonly Subgroup[], score: string): Html | undefined {
  if (subgroups.length === 0) return undefined;
  const rows = subgroups.map(({ by, group, n, score: { estimate, low, high }, note }) => [
    `${by}: ${group}`,
    String(n),
    estimate.toFixed(3),
    Number.isNaN(low) ? '-' : `${low.toFixed(3)} to ${high.toFixed(3)}`,
    note ?? '',
  ]);
  return simpleTable(`${score} by group`, ['group', 'studies', score, '95 % interval', ''], rows);
}
