/**
 * Whether a draft says what a scenario asks for: claim by claim, by the labeler's reading of it, and by plain expressions
 * where the labeler has no word. An empty draft fails every scenario, and so does one that is caught in a loop.
 */
import { comparisonsIn, labelReport, type Mention, splitSentences } from '@llama-xr/reports';
import { type Claim, claimInWords, list, type SimpleClaim } from './claim.ts';
import type { Scenario, SeverityLevel } from './scenario.ts';
import { WORDINGS } from './wording.ts';

export interface ClaimVerdict {
  readonly rule: 'must' | 'must not';
  /** The claim in words. */
  readonly claim: string;
  readonly because?: string;
  readonly holds: boolean;
  /** The words of the draft that decided it, where there are any. */
  readonly found?: string;
}

export interface ScenarioVerdict {
  readonly id: string;
  readonly title: string;
  readonly severity: SeverityLevel;
  readonly passed: boolean;
  readonly draft: string;
  readonly claims: readonly ClaimVerdict[];
}

export function judgeDraft(scenario: Scenario, draft: string): ScenarioVerdict {
  const read = { text: draft, mentions: labelReport(draft) };
  const verdict = (rule: ClaimVerdict['rule'], claim: Claim): ClaimVerdict => {
    const found = evidence(claim, read);
    return {
      rule,
      claim: claimInWords(claim),
      ...(claim.because === undefined ? {} : { because: claim.because }),
      holds: (found !== undefined) === (rule === 'must'),
      ...(found === undefined ? {} : { found }),
    };
  };
  const claims = [
    ...scenario.must.map((claim) => verdict('must', claim)),
    ...scenario.mustNot.map((claim) => verdict('must not', claim)),
    ...wholeDraft(draft),
  ];
  const { id, title, severity } = scenario;
  return { id, title, severity, passed: claims.every(({ holds }) => holds), draft, claims };
}

/** What holds for every draft, whatever the scenario. */
function wholeDraft(draft: string): ClaimVerdict[] {
  if (draft.trim() === '')
    return [{ rule: 'must', claim: 'anything at all: the draft is empty', holds: false }];
  const loop = loopIn(draft);
  return loop === undefined
    ? []
    : [{ rule: 'must not', claim: 'the same over and over', holds: false, found: loop }];
}

/** One to six words four times in a row, or a sentence three times. */
const WORDS_IN_A_ROW = /(?<!\S)(\S{1,40}(?:\s\S{1,40}){0,5})(?:\s\1){3}(?!\S)/i;

function loopIn(draft: string): string | undefined {
  const sentences = Map.groupBy(splitSentences(draft), (sentence) => sentence.toLowerCase());
  const often = [...sentences.values()].find((same) => same.length >= 3);
  return often?.[0] ?? WORDS_IN_A_ROW.exec(draft.replace(/\s+/g, ' '))?.[1];
}

interface ReadDraft {
  readonly text: string;
  readonly mentions: readonly Mention[];
}

/** The words of the draft that make a claim true; undefined where it is not. */
function evidence(claim: Claim, read: ReadDraft): string | undefined {
  if (claim.anyOf !== undefined) {
    for (const one of claim.anyOf) {
      const found = evidence(one, read);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (claim.comparison) return comparisonsIn(read.text)[0]?.text;
  if (claim.wording !== undefined) return WORDINGS[claim.wording].pattern.exec(read.text)?.[0];
  if (claim.matches !== undefined) return new RegExp(claim.matches, 'i').exec(read.text)?.[0];
  if (claim.says !== undefined) return saying(read.text, new RegExp(claim.says, 'gi'));
  return mentioned(claim, read);
}

function mentioned(claim: SimpleClaim, { text, mentions }: ReadDraft): string | undefined {
  const fitting = mentions.filter((mention) => fits(claim, mention));
  const quote = (mention: Mention | undefined) => mention && text.slice(mention.start, mention.end);
  if (claim.side !== 'bilateral') return quote(fitting.find(({ side }) => covers(side, claim.side)));
  const both = fitting.find(({ side }) => side === 'bilateral');
  const [left, right] = (['left', 'right'] as const).map((side) =>
    fitting.find((mention) => mention.side === side),
  );
  return quote(both) ?? (left && right && `${quote(left)} ... ${quote(right)}`);
}

/** All but the side. */
function fits(claim: SimpleClaim, mention: Mention): boolean {
  const named = claim.anyFinding
    ? !(claim.except ?? []).includes(mention.finding)
    : among(claim.finding, mention.finding) && among(claim.device, mention.device);
  return (
    named &&
    list(claim.polarity ?? 'positive').includes(mention.polarity) &&
    among(claim.place, mention.location) &&
    among(claim.severity, mention.severity) &&
    among(claim.change, mention.change) &&
    among(claim.placement, mention.placement) &&
    among(claim.tip, mention.tip)
  );
}

/** What a claim leaves open, everything fits. */
function among<T>(wanted: T | readonly T[] | undefined, got: T | undefined): boolean {
  return wanted === undefined || (got !== undefined && list(wanted).includes(got));
}

const covers = (said: Mention['side'], wanted: SimpleClaim['side']): boolean =>
  wanted === undefined || said === wanted || said === 'bilateral';

const DENIAL = /\b(?:no|not|without|never|free of|negative for|absent|denies|rather than|exclude[sd]?)\b/i;
/** Where a denial ends: a new clause. */
const CLAUSE = /[;:]|,? (?:but|however|although|with|and (?:the|a|an|there)) /gi;

/** The first match that nothing before it in its clause denies. */
function saying(text: string, pattern: RegExp): string | undefined {
  for (const sentence of splitSentences(text)) {
    for (const { index, 0: found } of sentence.matchAll(pattern)) {
      const before = sentence.slice(0, index).split(CLAUSE).at(-1) ?? '';
      if (!DENIAL.test(before)) return found;
    }
  }
  return undefined;
}
