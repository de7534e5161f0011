/**
 * Scores to probabilities by a logistic curve (Platt 1999), fitted by Newton's method (Lin, Lin and Weng 2007), and how
 * well scores part those with from those without.
 */

/** p = 1 / (1 + exp(-(slope score + offset))) */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

export function probability({ slope, offset }: Calibration, score: number): number {
  return 1 / (1 + Math.exp(-(slope * score + offset)));
}

const STEPS = 50;
/** Keeps the curve finite where scores part the classes without a mistake. */
const DAMPING = 1e-4;

/**
 * @param scores of a fit that did not see the row
 * @param truth 1 or 0 a score. Platt's targets, a little off 1 and 0, keep few cases from being over-believed.
 */
export function fitCalibration(scores: Float64Array, truth: Float64Array): Calibration {
  const positives = truth.reduce((sum, y) => sum + y, 0);
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (truth.length - positives + 2);
  let [slope, offset] = [4, -2];
  for (let step = 0; step < STEPS; step++) {
    let [ga, gb, haa, hab, hbb] = [DAMPING * slope, DAMPING * offset, DAMPING, 0, DAMPING];
    scores.forEach((score, i) => {
      const p = probability({ slope, offset }, score);
      const error = p - (truth[i] === 1 ? high : low);
      const weight = p * (1 - p);
      ga += error * score;
      gb += error;
      haa += weight * score * score;
      hab += weight * score;
      hbb += weight;
    });
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    // A step longer than the curve is worth trusting overshoots where the classes are far apart.
    const length = Math.min(1, 10 / Math.max(1e-12, Math.hypot(da, db)));
    slope -= length * da;
    offset -= length * db;
    if (Math.hypot(da, db) < 1e-8) break;
  }
  return { slope, offset };
}

/** Share of pairs of one with and one without in which the one with scores higher, ties as a half; 0.5 is chance. */
export function areaUnderCurve(scores: Float64Array, truth: Float64Array): number {
  const ties = [...Map.groupBy(scores.keys(), (i) => scores[i] as number)].sort(([a], [b]) => a - b);
  const positives = truth.reduce((sum, y) => sum + y, 0);
  let [pairs, below] = [0, 0];
  for (const [, rows] of ties) {
    const within = rows.filter((i) => truth[i] === 1).length;
    const without = rows.length - within;
    pairs += within * (below + without / 2);
    below += without;
  }
  return pairs / (positives * (truth.length - positives));
}
