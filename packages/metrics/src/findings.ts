/**
 * Findings that drafts state, against those of the references and against those the model was told. A label-based score:
 * it sees whether a finding is stated, not where, how large or how well.
 */
import { statedFindings as statedByReports, tagFindings as tagFindingsByReports } from '@llama-xr/reports';

/** The findings that a text states. */
export type StatedFindings = (text: string) => ReadonlySet<string>;

export interface FindingScores {
  /** F1 over all findings of all studies together. */
  readonly microF1: number;
  /** Mean F1 over the findings that any draft or reference states. */
  readonly macroF1: number;
  /** Share of the drafts that state a finding which their input lacks; absent where no study has an input. */
  readonly unsupported?: number;
  /** Share of the drafts with findings in their input that leave one out. */
  readonly omitted?: number;
}

export interface FindingCase {
  readonly draft: string;
  readonly references: readonly string[];
  /** Tags that the model was told; absent where not known. */
  readonly input?: readonly string[] | undefined;
}

/** A labeler that reads each text once. */
export function findingsReader(stated: StatedFindings = statedByReports): StatedFindings {
  const known = new Map<string, ReadonlySet<string>>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const findings = stated(text);
    known.set(text, findings);
    return findings;
  };
}

/**
 * @param stated reads a text's findings; what any of several references states counts as true
 * @param told reads the findings that tags name
 */
export function scoreFindings(
  cases: readonly FindingCase[],
  stated: StatedFindings,
  told: (tags: readonly string[]) => ReadonlySet<string> = tagFindingsByReports,
): FindingScores {
  const counts = new Map<string, Counts>();
  for (const { draft, references } of cases) {
    const found = stated(draft);
    const truth = new Set(references.flatMap((reference) => [...stated(reference)]));
    for (const finding of found.union(truth)) {
      const count = counts.get(finding) ?? { right: 0, stated: 0, true: 0 };
      if (found.has(finding) && truth.has(finding)) count.right++;
      if (found.has(finding)) count.stated++;
      if (truth.has(finding)) count.true++;
      counts.set(finding, count);
    }
  }
  const all = [...counts.values()];
  const sum = (key: keyof Counts) => all.reduce((total, count) => total + count[key], 0);
  return {
    microF1: f1({ right: sum('right'), stated: sum('stated'), true: sum('true') }),
    macroF1: all.length === 0 ? 1 : all.reduce((total, count) => total + f1(count), 0) / all.length,
    ...againstInput(cases, stated, told),
  };
}

interface Counts {
  right: number;
  stated: number;
  true: number;
}

/** 2 right / (stated + true); 1 where there is nothing to state and nothing stated. */
function f1({ right, stated, true: truth }: Counts): number {
  return stated + truth === 0 ? 1 : (2 * right) / (stated + truth);
}

function againstInput(
  cases: readonly FindingCase[],
  stated: StatedFindings,
  told: (tags: readonly string[]) => ReadonlySet<string>,
): { unsupported?: number; omitted?: number } {
  const judged = cases.flatMap(({ draft, input }) =>
    input === undefined ? [] : [{ found: stated(draft), known: told(input) }],
  );
  if (judged.length === 0) return {};
  const withFindings = judged.filter(({ known }) => known.size > 0);
  const unsupported = judged.filter(({ found, known }) => !found.isSubsetOf(known)).length / judged.length;
  if (withFindings.length === 0) return { unsupported };
  const omitted =
    withFindings.filter(({ found, known }) => !known.isSubsetOf(found)).length / withFindings.length;
  return { unsupported, omitted };
}
