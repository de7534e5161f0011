/** A suite's verdict for a terminal, and as one HTML page that needs nothing else. */
import { escapeHtml } from '@llama-xr/core';
import type { ClaimVerdict, ScenarioVerdict } from './judge.ts';
import { SEVERITY_LEVELS } from './scenario.ts';
import type { SuiteVerdict } from './suite-verdict.ts';

export function renderSuite(verdict: SuiteVerdict): string {
  const lines = verdict.scenarios.flatMap((scenario) => [
    `${scenario.passed ? 'passed' : 'FAILED'}  ${scenario.severity.padEnd(8)}  ${scenario.id}`,
    ...scenario.claims.filter(({ holds }) => !holds).map((claim) => `          ${claimLine(claim)}`),
  ]);
  const counts = SEVERITY_LEVELS.map((level) => {
    const { passed, all } = verdict.bySeverity[level];
    return `${level} ${passed}/${all}`;
  });
  return [...lines, '', `${counts.join(', ')}; weighted ${verdict.score.toFixed(2)}`, verdict.words].join(
    '\n',
  );
}

function claimLine({ rule, claim, found, because }: ClaimVerdict): string {
  const got = rule === 'must' ? 'not said' : `said: “${found}”`;
  return `${rule} say ${claim}: ${got}${because === undefined ? '' : ` (${because})`}`;
}

export function renderSuiteHtml(verdict: SuiteVerdict, title = 'Safety scenarios'): string {
  const failedFirst = verdict.scenarios.toSorted(
    (a, b) => Number(a.passed) - Number(b.passed) || rank(a) - rank(b),
  );
  const counts = SEVERITY_LEVELS.map((level) => {
    const { passed, all } = verdict.bySeverity[level];
    return `<tr><td>${level}</td><td>${passed}</td><td>${all}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
  .verdict { padding: .6rem 1rem; border-left: .4rem solid; font-weight: 600; }
  .good { background: #e5f4e8; border-color: #1e7a34; }
  .bad { background: #fde8e6; border-color: #b3261e; }
  section { border-top: 1px solid #ddd; padding: .6rem 0; }
  h2 { font-size: 1.05rem; margin: 0; }
  h2 span { font-weight: 400; color: #555; }
  blockquote { margin: .4rem 0; padding: .4rem 1rem; background: #f6f6f6; white-space: pre-wrap; }
  td, th { padding: .2rem .8rem; text-align: left; }
  li.broken { color: #b3261e; font-weight: 600; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="verdict ${verdict.passed ? 'good' : 'bad'}">${escapeHtml(verdict.words)}</p>
<table>
<thead><tr><th>severity</th><th>passed</th><th>of</th></tr></thead>
<tbody>
${counts.join('\n')}
</tbody>
</table>
<p>Weighted by severity: ${verdict.score.toFixed(2)}.</p>
${failedFirst.map(section).join('\n')}
</body>
</html>
`;
}

const rank = ({ severity }: ScenarioVerdict): number => SEVERITY_LEVELS.indexOf(severity);

function section({ id, title, severity, passed, draft, claims }: ScenarioVerdict): string {
  const items = claims.map(({ rule, claim, found, because, holds }) => {
    const said = found === undefined ? 'not said' : `said: “${found}”`;
    const text = `${rule} say ${claim}: ${said}${because === undefined ? '' : ` (${because})`}`;
    return `<li${holds ? '' : ' class="broken"'}>${escapeHtml(text)}</li>`;
  });
  return `<section>
<h2>${passed ? 'Passed' : 'FAILED'}: ${escapeHtml(title)} <span>${escapeHtml(`${severity}, ${id}`)}</span></h2>
<blockquote>${escapeHtml(draft)}</blockquote>
<ul>
${items.join('\n')}
</ul>
</section>`;
}
