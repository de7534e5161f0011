/**
 * What a text that reads no image would score. Every table prints these beside the model, because on mostly normal
 * reports one constant text beats most published systems.
 *
 * constant: one text for all studies. random: the reference of another study. shuffled: the model's own drafts, each
 * given to another study, as if its inputs had been shuffled. lookup: the training report with the nearest findings.
 */
import { fail, Random } from '@llama-xr/core';
import type { Prediction } from './predictions.ts';
import { cleanAlphanumeric } from './protocols.ts';
import { rougeF } from './scorers/rouge-l.ts';
import { lcsLength, wordPositions } from './text/lcs.ts';

export const BASELINES = ['constant', 'random', 'shuffled', 'lookup'] as const;
export type Baseline = (typeof BASELINES)[number];
export type System = 'model' | Baseline;

/** The drafts of a system in the order of the studies, once or (where chance decides) several times. */
export type Drafts = readonly (readonly string[])[];

export interface BaselineOptions {
  /** The text of the constant baseline. */
  readonly constant?: string | undefined;
  /** Training reports: the most typical of them is the constant, unless that is given. */
  readonly training?: readonly string[] | undefined;
  /** Drafts by lookup in the order of the predictions, where the lines do not carry them. */
  readonly lookup?: readonly string[] | undefined;
  /** Default 3407. */
  readonly seed?: number | undefined;
  /** How often drafts are shuffled, and references drawn; scores are averaged. Default 5. */
  readonly repeats?: number | undefined;
}

/** The drafts of every baseline that these predictions allow: a single study has no other to borrow from. */
export function baselineDrafts(
  predictions: readonly Prediction[],
  { constant, training, lookup, seed = 3407, repeats = 5 }: BaselineOptions = {},
): Map<Baseline, Drafts> {
  const drafts = new Map<Baseline, Drafts>();
  const references = predictions.map((p) => p.references[0] as string);
  const same = constant ?? mostTypical(training ?? predictions.flatMap((p) => p.references));
  drafts.set('constant', [predictions.map(() => same)]);
  if (predictions.length > 1) {
    drafts.set('random', deranged(references, new Random(`${seed}:random`), repeats));
    drafts.set(
      'shuffled',
      deranged(
        predictions.map((p) => p.prediction),
        new Random(`${seed}:shuffled`),
        repeats,
      ),
    );
  }
  const nearest = lookup ?? lookupOfLines(predictions);
  if (nearest !== undefined) {
    if (nearest.length !== predictions.length)
      fail('INPUT', `lookup: expected ${predictions.length} texts, one a prediction, got ${nearest.length}`);
    drafts.set('lookup', [nearest]);
  }
  return drafts;
}

function deranged(texts: readonly string[], random: Random, repeats: number): Drafts {
  return Array.from({ length: repeats }, () =>
    random.derangement(texts.length).map((i) => texts[i] as string),
  );
}

function lookupOfLines(predictions: readonly Prediction[]): string[] | undefined {
  const texts = predictions.map((p) => p.lookup);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** Beyond these many texts every second, third ... stands for all: the choice is as good and stays quick. */
const MOST_CANDIDATES = 600;

/**
 * The text that has the highest mean ROUGE-L against all of them (their medoid); of equals the first. Words are compared
 * in lower case, without punctuation. Taken from the references under test it knows more than a constant may: beating
 * it is beating every constant of that kind.
 */
export function mostTypical(texts: readonly string[]): string {
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
  return [...scored].reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best))[0];
}

function everyNth<T>(items: readonly T[], most: number): T[] {
  const step = Math.ceil(items.length / most);
  return items.filter((_, i) => i % step === 0);
}
