/** How well the heads and the drafts read the phantoms: which findings are seen at all, and whether sides are right. */
import type { Study } from '@llama-xr/dataset';
import { type Finding, labelReport, parseTag, tagFindings, tagInWords } from '@llama-xr/reports';
import type { TagHeads } from '@llama-xr/vision';

/** A head whose scores order pairs right less often than this is hardly better than a coin. */
const WEAK = 0.75;

/** The findings that the features are too weak to show, in words. */
export const weakFindings = ({ heads }: TagHeads): string[] =>
  heads.filter(({ area }) => area < WEAK).map(({ form }) => tagInWords(form.head));

/** Findings of a pleura have a side that a draft must not mix up. */
const SIDED: readonly Finding[] = ['pleural effusion', 'pneumothorax'];

export interface SideCounts {
  readonly right: number;
  readonly wrong: number;
  /** Stated without a side. */
  readonly unsaid: number;
}

/** Of drafts that rightly state an effusion or a pneumothorax, how many put it on the right side. */
export function countSides(
  drafts: readonly { readonly id: string; readonly prediction: string }[],
  truth: readonly Study[],
): SideCounts {
  const tagsOf = new Map(truth.map(({ id, tags }) => [id, tags]));
  const counts = { right: 0, wrong: 0, unsaid: 0 };
  for (const { id, prediction } of drafts) {
    for (const finding of SIDED) {
      const tag = tagsOf.get(id)?.find((text) => tagFindings([text]).has(finding));
      const mention = labelReport(prediction).find((m) => m.finding === finding && m.polarity === 'positive');
      if (tag === undefined || mention === undefined) continue;
      if (mention.side === undefined) counts.unsaid++;
      else if (parseTag(tag).qualifiers.includes(mention.side)) counts.right++;
      else counts.wrong++;
    }
  }
  return counts;
}
