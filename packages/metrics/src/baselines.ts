/**
 * What a text that reads no image would score. Every table prints these beside the model, because on mostly normal
 * reports one constant text beats most published systems.
 *
 * constant: one text for all studies. frequent: the commonest training report for all. random: the reference of another study.
 * shuffled: the model's own drafts, each given to another study, as if its inputs had been shuffled. lookup: the training
 * report with the nearest findings. features: that with the nearest image features. template: what the model was told, in fixed
 * sentences.
 */
import { fail, Random } from '@llama-xr/core';
import { mostFrequent, mostTypical } from './baselines/constants.ts';
import { templateOfTags } from './baselines/template-report.ts';
import type { Prediction } from './predictions.ts';

export const BASELINES = [
  'constant',
  'frequent',
  'random',
  'shuffled',
  'lookup',
  'features',
  'template',
] as const;
export type Baseline = (typeof BASELINES)[number];
/** Systems of a table; the best constant has another text for each score, and so no drafts (best-constant.ts). */
export type System = 'model' | Baseline | 'best constant';

/** The drafts of a system in the order of the studies, once or (where chance decides) several times. */
export type Drafts = readonly (readonly string[])[];

export interface BaselineOptions {
  /** The text of the constant baseline. */
  readonly constant?: string | undefined;
  /** Training reports: the most typical of them is the constant, unless that is given; the commonest is `frequent`. */
  readonly training?: readonly string[] | undefined;
  /** Drafts by lookup in the order of the predictions, where the lines do not carry them. */
  readonly lookup?: readonly string[] | undefined;
  /** Training reports of the nearest image features, in the order of the predictions: see `nearestByFeatures`. */
  readonly features?: readonly string[] | undefined;
  /** Default 3407. */
  readonly seed?: number | undefined;
  /** How often drafts are shuffled, and references drawn; scores are averaged. Default 5. */
  readonly repeats?: number | undefined;
}

/** The drafts of every baseline that these predictions allow: a single study has no other to borrow from. */
export function baselineDrafts(
  predictions: readonly Prediction[],
  { constant, training, lookup, features, seed = 3407, repeats = 5 }: BaselineOptions = {},
): Map<Baseline, Drafts> {
  const drafts = new Map<Baseline, Drafts>();
  const references = predictions.map((p) => p.references[0] as string);
  const same = constant ?? mostTypical(training ?? predictions.flatMap((p) => p.references));
  drafts.set('constant', [predictions.map(() => same)]);
  if (training !== undefined) {
    const frequent = mostFrequent(training);
    drafts.set('frequent', [predictions.map(() => frequent)]);
  }
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
  const told = predictions.map(({ input }) => input);
  const given: Partial<Record<Baseline, readonly string[] | undefined>> = {
    lookup: lookup ?? lookupOfLines(predictions),
    features,
    template: told.every((input) => input !== undefined) ? told.map(templateOfTags) : undefined,
  };
  for (const [name, texts] of Object.entries(given) as [Baseline, readonly string[] | undefined][]) {
    if (texts === undefined) continue;
    if (texts.length !== predictions.length)
      fail('INPUT', `${name}: expected ${predictions.length} texts, one a prediction, got ${texts.length}`);
    drafts.set(name, [texts]);
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
