/** A report's mentions summed up: which findings it states at all, and whether it is abnormal. */
import { FINDINGS, type Finding } from './findings.ts';
import { labelReport, type Mention } from './label.ts';
import type { Polarity } from './scope.ts';

/** The word of a whole report on each finding it mentions: stated beats doubted, doubted beats denied. */
export function verdicts(mentions: readonly Mention[]): Map<Finding, Polarity> {
  const strength: Record<Polarity, number> = { negative: 0, uncertain: 1, positive: 2 };
  const verdict = new Map<Finding, Polarity>();
  for (const { finding, polarity } of mentions) {
    const known = verdict.get(finding);
    if (known === undefined || strength[polarity] > strength[known]) verdict.set(finding, polarity);
  }
  return verdict;
}

export interface StatedOptions {
  /** Count findings left in doubt (`may represent ...`) as stated too. Default false: experts mostly do not tag them. */
  readonly doubted?: boolean;
}

/** The findings a report states, in the order of FINDINGS. */
export function statedFindings(text: string, { doubted = false }: StatedOptions = {}): Set<Finding> {
  const verdict = verdicts(labelReport(text));
  return new Set(
    FINDINGS.filter((finding) => {
      const polarity = verdict.get(finding);
      return polarity === 'positive' || (doubted && polarity === 'uncertain');
    }),
  );
}

/** Whether a report states or suspects any finding. */
export function isAbnormal(text: string): boolean {
  return labelReport(text).some((mention) => mention.polarity !== 'negative');
}
