/**
 * What collapse does to findings: drafts lean to the report of a normal chest, and findings that are rare in training vanish first.
 * Counted on the findings that texts state; what a labeler does not know, these numbers do not see.
 */
import type { StatedFindings } from '../findings.ts';
import type { Interval } from '../statistics/bootstrap.ts';
import { shareInterval } from '../statistics/comparisons.ts';

export interface DraftCase {
  readonly draft: string;
  readonly references: readonly string[];
}

export interface NormalBias {
  /** Share of the drafts that state no finding, and of the references. */
  readonly normalDrafts: number;
  readonly normalReferences: number;
  /** The difference of the two: above 0 the drafts lean to normal. */
  readonly bias: number;
  /** Of the studies whose reference states a finding, the share whose draft states none at all. */
  readonly missed: Interval;
  /** Of the studies whose reference states none, the share whose draft states one. */
  readonly falseAlarms: Interval;
}

export function normalBias(cases: readonly DraftCase[], stated: StatedFindings): NormalBias {
  const judged = cases.map(({ draft, references }) => ({
    normalDraft: stated(draft).size === 0,
    normalReference: references.every((reference) => stated(reference).size === 0),
  }));
  const count = (of: (one: (typeof judged)[0]) => boolean) => judged.filter(of).length;
  const normalReferences = count(({ normalReference }) => normalReference);
  const normalDrafts = count(({ normalDraft }) => normalDraft);
  const n = judged.length;
  return {
    normalDrafts: normalDrafts / n,
    normalReferences: normalReferences / n,
    bias: (normalDrafts - normalReferences) / n,
    missed: shareInterval(
      count(({ normalDraft, normalReference }) => normalDraft && !normalReference),
      n - normalReferences,
    ),
    falseAlarms: shareInterval(
      count(({ normalDraft, normalReference }) => !normalDraft && normalReference),
      normalReferences,
    ),
  };
}

export interface FindingSurvival {
  readonly finding: string;
  /** Studies whose reference states it, whose draft states it, and both. */
  readonly references: number;
  readonly drafts: number;
  readonly right: number;
  /** drafts / references: 1 where the finding is drafted as often as it is there, 0 where it is lost. */
  readonly ratio: number;
}

export interface Survival {
  /** The findings that references state, the most frequent first. */
  readonly findings: readonly FindingSurvival[];
  /** The third of them that is rarest. */
  readonly rare: Omit<FindingSurvival, 'finding'> & { readonly findings: readonly string[] };
  /** The third that is most frequent, for comparison. */
  readonly frequent: Omit<FindingSurvival, 'finding'> & { readonly findings: readonly string[] };
  /** Findings of references that no draft states at all. */
  readonly lost: readonly string[];
}

export function findingSurvival(cases: readonly DraftCase[], stated: StatedFindings): Survival {
  const counts = new Map<string, { references: number; drafts: number; right: number }>();
  for (const { draft, references } of cases) {
    const ours = stated(draft);
    const truth = new Set(references.flatMap((reference) => [...stated(reference)]));
    for (const finding of ours.union(truth)) {
      const count = counts.get(finding) ?? { references: 0, drafts: 0, right: 0 };
      if (truth.has(finding)) count.references++;
      if (ours.has(finding)) count.drafts++;
      if (truth.has(finding) && ours.has(finding)) count.right++;
      counts.set(finding, count);
    }
  }
  const findings = [...counts]
    .filter(([, { references }]) => references > 0)
    .map(([finding, count]) => ({ finding, ...count, ratio: count.drafts / count.references }))
    .sort((a, b) => b.references - a.references || a.finding.localeCompare(b.finding));
  const third = Math.ceil(findings.length / 3);
  return {
    findings,
    rare: together(findings.slice(-third)),
    frequent: together(findings.slice(0, third)),
    lost: findings.filter(({ drafts }) => drafts === 0).map(({ finding }) => finding),
  };
}

function together(findings: readonly FindingSurvival[]) {
  const sum = (key: 'references' | 'drafts' | 'right') =>
    findings.reduce((total, finding) => total + finding[key], 0);
  const [references, drafts, right] = [sum('references'), sum('drafts'), sum('right')];
  const names = findings.map(({ finding }) => finding);
  return { findings: names, references, drafts, right, ratio: drafts / references };
}
