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
  /** Count what is left open (`may represent ...`) as stated too. Default false: experts mostly do not tag it. */
  readonly doubted?: boolean;
}

/**
 * Whether a mention counts as stated: said outright, called likely or probable, or named as one of alternatives. So the
 * indexers of IU X-ray counted: with these doubts 12.0 % of the findings they tagged go unsaid by the reference reports
 * instead of 15.3 %, and no more than before (6.2 %) of what is said is untagged.
 */
export function isStated({ polarity, doubt }: Mention): boolean {
  return polarity === 'positive' || (doubt !== undefined && doubt !== 'possible');
}

/** The findings a report states, in the order of FINDINGS. */
export function statedFindings(text: string, { doubted = false }: StatedOptions = {}): Set<Finding> {
  const stated = new Set<Finding>();
  for (const mention of labelReport(text)) {
    if (isStated(mention) || (doubted && mention.polarity === 'uncertain')) stated.add(mention.finding);
  }
  return new Set(FINDINGS.filter((finding) => stated.has(finding)));
}

/** Whether a report states or suspects any finding. */
export function isAbnormal(text: string): boolean {
  return labelReport(text).some((mention) => mention.polarity !== 'negative');
}
