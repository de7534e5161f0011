/**
 * The claims of a draft held against what the model was told, one by one: which sentence states which finding, and whether the
 * input has it. The input is not the truth: a claim may be unsupported and right, and what the encoder missed cannot be asked for.
 */
import { labelReport, type Mention, splitSentences } from '@llama-xr/reports';
import type { Statement } from '../clinical/report-errors.ts';
import { zoneOf } from '../clinical/significance.ts';
import { statementsOfTags } from '../clinical/tag-statements.ts';

export type ClaimVerdict =
  /** Stated, and the input has it. */
  | 'supported'
  /** Stated or suspected; the input lacks it. */
  | 'unsupported'
  /** Stated on a side, or at a height, that the input does not name for it. */
  | 'misplaced'
  /** In the input; the draft does not mention it. */
  | 'omitted'
  /** In the input; the draft denies it. */
  | 'denied';

export interface Claim {
  readonly verdict: ClaimVerdict;
  readonly finding: string;
  /** The sentence that makes the claim, from 0, and its text; absent of what is omitted. */
  readonly sentence?: number;
  readonly text?: string;
  /** Characters [start, end) of the draft. */
  readonly start?: number;
  readonly end?: number;
  /** `the input has it right, the draft left`; absent where the verdict says all. */
  readonly detail?: string;
}

/** @param input the findings that the model was told, as tags */
export function claimsOf(draft: string, input: readonly string[]): Claim[] {
  const told = statementsOfTags(input).statements;
  const mentions = labelReport(draft);
  const sentences = splitSentences(draft);
  const claim = (verdict: ClaimVerdict, mention: Mention, detail?: string): Claim => {
    const { finding, sentence, start, end } = mention;
    const text = sentences[sentence] ?? draft.slice(start, end);
    return { verdict, finding, sentence, text, start, end, ...(detail !== undefined && { detail }) };
  };
  const stated = mentions.filter(({ polarity }) => polarity !== 'negative');
  const claims = stated.map((mention) => {
    const place = told.get(mention.finding);
    if (place === undefined) return claim('unsupported', mention);
    const detail = misplacement(mention, place);
    return detail === undefined ? claim('supported', mention) : claim('misplaced', mention, detail);
  });
  const mentioned = new Set<string>(stated.map(({ finding }) => finding));
  for (const finding of told.keys()) {
    if (mentioned.has(finding)) continue;
    const denial = mentions.find((mention) => mention.finding === finding && !('implied' in mention));
    claims.push(denial === undefined ? { verdict: 'omitted', finding } : claim('denied', denial));
  }
  return claims;
}

function misplacement({ side, location }: Mention, told: Statement): string | undefined {
  const sides = side === 'bilateral' ? ['left', 'right'] : side === undefined ? [] : [side];
  const extra = sides.filter((one) => !told.sides.has(one));
  if (told.sides.size > 0 && extra.length > 0)
    return `side: the input has ${[...told.sides].join(' and ')}, the draft ${sides.join(' and ')}`;
  const zone = location && zoneOf(location);
  if (zone !== undefined && told.zones.size > 0 && !told.zones.has(zone))
    return `height: the input has ${[...told.zones].join(' and ')}, the draft ${zone}`;
  return undefined;
}

export interface ClaimSummary {
  /** Drafts whose input is known. */
  readonly drafts: number;
  readonly counts: Readonly<Record<ClaimVerdict, number>>;
  /** Of the claims that drafts make, the share that the input supports at its place. */
  readonly supportedClaims: number;
  /** Of the findings told, the share that drafts state. */
  readonly toldFindings: number;
  /** Share of the drafts with at least one unsupported claim, and with one omitted or denied finding. */
  readonly draftsUnsupported: number;
  readonly draftsOmitting: number;
}

export function summariseClaims(claimsOfDrafts: readonly (readonly Claim[])[]): ClaimSummary {
  const counts = { supported: 0, unsupported: 0, misplaced: 0, omitted: 0, denied: 0 };
  for (const claims of claimsOfDrafts) for (const { verdict } of claims) counts[verdict]++;
  const made = counts.supported + counts.unsupported + counts.misplaced;
  const stated = new Set<string>();
  const left = counts.omitted + counts.denied;
  claimsOfDrafts.forEach((claims, i) => {
    for (const { verdict, finding } of claims) {
      if (verdict === 'supported' || verdict === 'misplaced') stated.add(`${i} ${finding}`);
    }
  });
  const drafts = claimsOfDrafts.length;
  const having = (...verdicts: readonly ClaimVerdict[]) =>
    claimsOfDrafts.filter((claims) => claims.some(({ verdict }) => verdicts.includes(verdict))).length /
    drafts;
  return {
    drafts,
    counts,
    supportedClaims: made === 0 ? Number.NaN : counts.supported / made,
    toldFindings: stated.size + left === 0 ? Number.NaN : stated.size / (stated.size + left),
    draftsUnsupported: having('unsupported'),
    draftsOmitting: having('omitted', 'denied'),
  };
}
