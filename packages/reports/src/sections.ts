/**
 * The sections of a free-text report, by their headings: `FINDINGS: ... IMPRESSION: ...`, in capitals at the head of a
 * line or after a full stop, or in any case when alone before a colon at the head of a line.
 */

export const SECTIONS = ['indication', 'technique', 'comparison', 'findings', 'impression'] as const;
export type SectionName = (typeof SECTIONS)[number];

/** Text by section, trimmed; '' where there is none. `unheaded` stands before the first heading. */
export type Sections = Readonly<Record<SectionName | 'unheaded', string>>;

const HEADINGS: Readonly<Record<string, SectionName>> = {
  indication: 'indication',
  indications: 'indication',
  history: 'indication',
  'clinical history': 'indication',
  'clinical indication': 'indication',
  'clinical information': 'indication',
  'reason for exam': 'indication',
  'reason for examination': 'indication',
  technique: 'technique',
  procedure: 'technique',
  exam: 'technique',
  examination: 'technique',
  comparison: 'comparison',
  comparisons: 'comparison',
  findings: 'findings',
  finding: 'findings',
  impression: 'impression',
  impressions: 'impression',
  conclusion: 'impression',
  summary: 'impression',
};

const NAMES = Object.keys(HEADINGS).sort((a, b) => b.length - a.length);
const HEADING = new RegExp(
  [
    `(?:^|\\n)[ \\t]*(${NAMES.join('|')})[ \\t]*:`,
    `(?<=[.:)]\\s+)(${NAMES.join('|').toUpperCase()})[ \\t]*:`,
  ].join('|'),
  'gi',
);

/** Splits a report at its headings; a heading met twice continues its section. */
export function splitSections(report: string): Sections {
  const text = report.replace(/\r\n?/g, '\n');
  const parts: Record<SectionName | 'unheaded', string[]> = {
    unheaded: [],
    indication: [],
    technique: [],
    comparison: [],
    findings: [],
    impression: [],
  };
  let section: SectionName | 'unheaded' = 'unheaded';
  let begin = 0;
  for (const match of text.matchAll(HEADING)) {
    const name = match[1] ?? match[2] ?? '';
    // Within a line only capitals are a heading: "no change in comparison: ..." is prose.
    if (match[1] === undefined && name !== name.toUpperCase()) continue;
    parts[section].push(text.slice(begin, match.index));
    section = HEADINGS[name.toLowerCase()] as SectionName;
    begin = match.index + match[0].length;
  }
  parts[section].push(text.slice(begin));
  const joined = Object.entries(parts).map(([name, texts]) => [
    name,
    texts
      .map((t) => t.trim())
      .join('\n')
      .trim(),
  ]);
  return Object.fromEntries(joined) as Sections;
}
