/**
 * Calibration of an encoder's scores to a site: Platt scaling (Platt 1999) of the mean logit of a study's views, one
 * logistic a finding, fitted on the training studies whose truth is known. Afterwards 0.5 means that the finding is as
 * likely there as not, among patients like these: a rare finding needs a higher raw score than a common one.
 */
import { XRV_LABELS } from '@llama-xr/reports';
import { truthOf } from './simulate.ts';
import type { Study, StudyScores } from './study.ts';

/** p = 1 / (1 + exp(-(slope logit + offset))) */
interface Logistic {
  readonly slope: number;
  readonly offset: number;
}

/** Findings with fewer training studies that have them are left out: their score becomes 0, not known. */
const FEWEST = 5;
/** Weight of the prior that the raw score is right (slope 1), in studies. */
const RIDGE = 1;

/** A map from raw to calibrated scores, one logistic a finding of XRV_LABELS; undefined for findings too rare to tell. */
export class Calibration {
  readonly #logistics: readonly (Logistic | undefined)[];

  /** @param studies training studies; those without scores are passed over. */
  constructor(studies: readonly Study[]) {
    const known = studies.flatMap(({ scores, tags, labels }) =>
      scores === undefined ? [] : [{ scores, truth: truthOf(tags, labels) }],
    );
    this.#logistics = XRV_LABELS.map((label, i) => {
      const x = known.map(({ scores }) => meanLogit(scores, i));
      const y = known.map(({ truth }) => truth[label]);
      const positives = y.reduce<number>((sum, one) => sum + one, 0);
      return positives < FEWEST || positives > y.length - FEWEST ? undefined : fitLogistic(x, y);
    });
  }

  /** The study with calibrated scores in place of its raw ones, the same in each view that it has. */
  apply(study: Study): Study {
    const { scores } = study;
    if (scores === undefined) return study;
    const calibrated = this.#logistics.map((logistic, i) =>
      logistic === undefined ? 0 : sigmoid(logistic.slope * meanLogit(scores, i) + logistic.offset),
    );
    const { frontal, lateral, source } = scores;
    return { ...study, scores: { frontal: frontal && calibrated, lateral: lateral && calibrated, source } };
  }
}

function meanLogit({ frontal, lateral }: StudyScores, i: number): number {
  const logits = [frontal, lateral].filter((view) => view !== null).map((view) => logit(view[i] as number));
  return logits.reduce((sum, x) => sum + x, 0) / logits.length;
}

/** Newton's method for the regularised logistic likelihood; two parameters, a dozen steps. */
function fitLogistic(x: readonly number[], y: readonly number[]): Logistic {
  let slope = 1;
  let offset = 0;
  for (let step = 0; step < 25; step++) {
    let [g0, g1, h00, h01, h11] = [0, RIDGE * (slope - 1), 1e-9, 0, RIDGE];
    for (const [i, xi] of x.entries()) {
      const p = sigmoid(slope * xi + offset);
      const error = p - (y[i] as number);
      const weight = p * (1 - p);
      g0 += error;
      g1 += error * xi;
      h00 += weight;
      h01 += weight * xi;
      h11 += weight * xi * xi;
    }
    const determinant = h00 * h11 - h01 * h01;
    offset -= (h11 * g0 - h01 * g1) / determinant;
    slope -= (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, offset };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Scores of 0 and 1 would have no logit. */
function logit(p: number): number {
  const inside = Math.min(1 - 1e-4, Math.max(1e-4, p));
  return Math.log(inside / (1 - inside));
}
