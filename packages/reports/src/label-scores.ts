/**
 * Labels against gold labels: precision, recall and F1 of what is stated (1), label by label, over all decisions
 * (micro) and as the mean of the labels (macro), with 95 % intervals.
 *
 *   F1 = 2 both / (said + gold)
 *
 * The intervals are percentiles of a bootstrap over reports. Reports arrive one at a time and are not kept: each counts
 * in each resample a Poisson(1) number of times, the online bootstrap (Oza 2001; Chamandy et al. 2012). A label that the
 * gold never states can be right or wrong for no reason and counts in no mean.
 */
import { Random } from '@llama-xr/core';
import type { GoldLabels } from './report-lines.ts';
import type { LabelValue } from './schemes.ts';

export interface F1Score {
  readonly f1: number;
  /** 95 %. */
  readonly interval: readonly [low: number, high: number];
}

export interface LabelScore extends F1Score {
  readonly label: string;
  readonly gold: number;
  readonly said: number;
  readonly both: number;
  readonly precision: number;
  readonly recall: number;
}

export interface LabelScoreTable {
  readonly reports: number;
  /** Labels that the gold states at least once. */
  readonly labels: readonly LabelScore[];
  /** The others, and how often each was said. */
  readonly unjudged: readonly { readonly label: string; readonly said: number }[];
  readonly micro: F1Score;
  readonly macro: F1Score;
  /** Share of label values that equal the gold's, 1, 0, -1 and null told apart. */
  readonly agreement: number;
}

const RESAMPLES = 1000;

export class LabelScores {
  readonly #labels: readonly string[];
  readonly #random: Random;
  readonly #counts: Counts[];
  readonly #weights = new Uint8Array(RESAMPLES);
  #reports = 0;
  #judged = 0;
  #equal = 0;

  constructor(labels: readonly string[], seed = 3407) {
    this.#labels = labels;
    this.#random = new Random(seed);
    this.#counts = labels.map(() => new Counts());
  }

  /** Values in the order of the labels. @returns the labels on which the two part. */
  add(gold: GoldLabels, said: readonly LabelValue[]): string[] {
    this.#reports++;
    const parted: string[] = [];
    // A report in which nothing is stated changes no F1, in no resample.
    const counts = gold.some((value, i) => value !== undefined && (value === 1 || said[i] === 1));
    if (counts) for (let r = 0; r < RESAMPLES; r++) this.#weights[r] = poisson(this.#random);
    for (const [i, label] of this.#labels.entries()) {
      const [expected, got] = [gold[i], said[i]];
      if (expected === undefined) continue;
      this.#judged++;
      if (expected === got) this.#equal++;
      else parted.push(label);
      if (counts) this.#counts[i]?.add(expected === 1, got === 1, this.#weights);
    }
    return parted;
  }

  table(): LabelScoreTable {
    const rows = this.#labels.map((label, i) => ({ label, counts: this.#counts[i] as Counts }));
    const judged = rows.filter(({ counts }) => counts.gold > 0);
    const all = judged.map(({ counts }) => counts);
    return {
      reports: this.#reports,
      labels: judged.map(({ label, counts }) => ({
        label,
        gold: counts.gold,
        said: counts.said,
        both: counts.both,
        precision: share(counts.both, counts.said),
        recall: share(counts.both, counts.gold),
        f1: counts.f1(),
        interval: percentiles((r) => counts.f1(r)),
      })),
      unjudged: rows
        .filter(({ counts }) => counts.gold === 0)
        .map(({ label, counts }) => ({ label, said: counts.said })),
      micro: { f1: microF1(all), interval: percentiles((r) => microF1(all, r)) },
      macro: { f1: macroF1(all), interval: percentiles((r) => macroF1(all, r)) },
      agreement: share(this.#equal, this.#judged),
    };
  }
}

/** Of one label, in the reports and in each resample. */
class Counts {
  both = 0;
  said = 0;
  gold = 0;
  readonly #both = new Float64Array(RESAMPLES);
  readonly #sum = new Float64Array(RESAMPLES);

  add(gold: boolean, said: boolean, weights: Uint8Array): void {
    if (!gold && !said) return;
    this.gold += Number(gold);
    this.said += Number(said);
    this.both += Number(gold && said);
    const sum = Number(gold) + Number(said);
    for (let r = 0; r < RESAMPLES; r++) {
      const weight = weights[r] as number;
      if (gold && said) (this.#both[r] as number) += weight;
      (this.#sum[r] as number) += weight * sum;
    }
  }

  /** Twice the right ones, and said plus gold. */
  parts(resample?: number): readonly [number, number] {
    if (resample === undefined) return [2 * this.both, this.said + this.gold];
    return [2 * (this.#both[resample] as number), this.#sum[resample] as number];
  }

  f1(resample?: number): number {
    return share(...this.parts(resample));
  }
}

function microF1(counts: readonly Counts[], resample?: number): number {
  const parts = counts.map((label) => label.parts(resample));
  return share(
    parts.reduce((sum, [right]) => sum + right, 0),
    parts.reduce((sum, [, whole]) => sum + whole, 0),
  );
}

/** A label without any statement in a resample is left out of that resample's mean. */
function macroF1(counts: readonly Counts[], resample?: number): number {
  const scores = counts.map((label) => label.f1(resample)).filter((score) => !Number.isNaN(score));
  return share(
    scores.reduce((sum, score) => sum + score, 0),
    scores.length,
  );
}

function share(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : part / whole;
}

function percentiles(score: (resample: number) => number): readonly [number, number] {
  const scores = Float64Array.from({ length: RESAMPLES }, (_, r) => score(r)).filter(
    (value) => !Number.isNaN(value),
  );
  scores.sort();
  const at = (part: number) => scores[Math.round(part * (scores.length - 1))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}

/** Chances that a Poisson(1) number is at most 0, 1, 2, ... */
const POISSON: readonly number[] = (() => {
  const sums: number[] = [];
  let term = Math.exp(-1);
  let sum = 0;
  for (let k = 1; k <= 12; k++) {
    sum += term;
    sums.push(sum * 2 ** 32);
    term /= k;
  }
  return sums;
})();

function poisson(random: Random): number {
  const draw = random.uint32();
  let k = 0;
  while (k < POISSON.length && draw >= (POISSON[k] as number)) k++;
  return k;
}
