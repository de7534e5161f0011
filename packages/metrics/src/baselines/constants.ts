/** Constant texts: the most typical, the most frequent, and the best there is for each score. */
import { fail } from '@llama-xr/core';
import { cleanAlphanumeric, type Protocol } from '../protocols.ts';
import { scorePairs } from '../scorer.ts';
import { rougeF } from '../scorers/rouge-l.ts';
import { lcsLength, wordPositions } from '../text/lcs.ts';

/** Beyond these many texts every second, third ... stands for all: the choice is as good and stays quick. */
const MOST_CANDIDATES = 600;

/**
 * The text that has the highest mean ROUGE-L against all of them (their medoid); of equals the first. Words are compared
 * in lower case, without punctuation. Taken from the references under test it knows more than a constant may: beating
 * it is beating every constant of that kind.
 */
export function mostTypical(texts: readonly string[]): string {
  return byTypicality(texts)[0] as string;
}

/** Different texts, the most typical first. */
function byTypicality(texts: readonly string[]): string[] {
  if (texts.length === 0)
    fail('INPUT', 'constant baseline: expected at least one text to choose from, got none');
  const cleaned = everyNth(texts, MOST_CANDIDATES).map((text) => ({
    text,
    words: cleanAlphanumeric(text).split(' '),
  }));
  const scored = new Map<string, number>();
  for (const { text, words } of cleaned) {
    if (scored.has(text)) continue;
    const positions = wordPositions(words);
    let sum = 0;
    for (const { words: others } of cleaned) {
      const common = lcsLength(positions, others);
      sum += rougeF(common / words.length, common / others.length);
    }
    scored.set(text, sum);
  }
  return [...scored].sort((a, b) => b[1] - a[1]).map(([text]) => text);
}

function everyNth<T>(items: readonly T[], most: number): T[] {
  const step = Math.ceil(items.length / most);
  return items.filter((_, i) => i % step === 0);
}

/** The text that comes most often, case, spacing and punctuation aside; of equals the first. */
export function mostFrequent(texts: readonly string[]): string {
  if (texts.length === 0) fail('INPUT', 'most frequent text: expected at least one text, got none');
  const counts = new Map<string, { text: string; count: number }>();
  for (const text of texts) {
    const key = cleanAlphanumeric(text);
    const known = counts.get(key) ?? { text, count: 0 };
    known.count++;
    counts.set(key, known);
  }
  return [...counts.values()].reduce((best, next) => (next.count > best.count ? next : best)).text;
}

export interface BestConstant {
  readonly text: string;
  /** What it scores on the validation reports. */
  readonly score: number;
}

export interface BestConstantOptions {
  /** How many of the most typical training reports are tried. Default 40. */
  readonly candidates?: number;
}

/**
 * For each score of a protocol, the training report that scores best when it stands for every validation report: chosen where a
 * model is chosen too, so that its score on the test split is honest. The most typical reports and the most frequent one are tried.
 * @returns by the name of the score
 */
export function bestConstants(
  training: readonly string[],
  validation: readonly (readonly string[])[],
  protocol: Protocol,
  { candidates = 40 }: BestConstantOptions = {},
): Record<string, BestConstant> {
  const tried = new Set([...byTypicality(training).slice(0, candidates), mostFrequent(training)]);
  const references = validation.map((texts) => texts.map((text) => protocol.clean(text)));
  const best: Record<string, BestConstant> = {};
  for (const text of tried) {
    const prediction = protocol.clean(text);
    const pairs = references.map((texts) => ({ prediction, references: texts }));
    for (const scorer of protocol.scorers) {
      for (const [name, score] of Object.entries(scorePairs(scorer, pairs).corpus)) {
        if (best[name] === undefined || score > best[name].score) best[name] = { text, score };
      }
    }
  }
  return best;
}
