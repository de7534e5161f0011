/** Our side of bench/iu-training.ts, in a process of its own so that its peak memory is its own. Prints one JSON line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdapterEngine, openBaseWeights, openTrainingEngine } from '../packages/llama/src/index.ts';
import {
  AdamW,
  clipFactor,
  collateRows,
  type Example,
  globalNorm,
  lossWeight,
  packRows,
} from '../packages/train/src/index.ts';

export interface IuExample {
  readonly tokens: readonly number[];
  readonly lossFrom: number;
}

/** What both sides learn from, step after step. */
export interface IuBatches {
  readonly train: readonly (readonly IuExample[])[];
  readonly val: readonly (readonly IuExample[])[];
}

export interface IuSide {
  /** Of the training steps alone. */
  readonly seconds: number;
  /** What was computed, padding included. */
  readonly positions: number;
  readonly lastLoss: number;
  readonly valLoss: number;
  readonly peakBytes: number;
}

/** Longest row that is filled up: longer ones have less padding and more attention. */
const ROW_TOKENS = 320;

async function main(model: string, folder: string, rank: number, seed: number): Promise<IuSide> {
  const { train, val } = JSON.parse(readFileSync(join(folder, 'batches.json'), 'utf8')) as IuBatches;
  using base = openBaseWeights(model);
  await using engine = await openTrainingEngine(base, {
    rank,
    alpha: 2 * rank,
    seed,
    mode: 'whole',
    threads: 2,
  });
  const { parameters, gradients } = engine;
  const optimizer = new AdamW(parameters.length, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  let [positions, lastLoss] = [0, 0];
  const began = performance.now();
  for (const [i, examples] of train.entries()) {
    const batch = batchOf(examples);
    lastLoss = (await engine.forwardBackward(batch)).loss;
    const rate = 1e-3 * Math.min(1, (i + 1) / 8) * Math.max(0.05, 1 - (i + 1) / train.length);
    optimizer.step(parameters, gradients, rate, clipFactor(globalNorm(gradients), 1));
    positions += batch.ids.length;
  }
  const seconds = (performance.now() - began) / 1000;
  const valLoss = await lossOver(engine, val);
  return { seconds, positions, lastLoss, valLoss, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

const asExamples = (examples: readonly IuExample[]): Example[] =>
  examples.map(({ tokens, lossFrom }, i) => ({ id: `${i}`, tokens: Int32Array.from(tokens), lossFrom }));

function batchOf(given: readonly IuExample[]) {
  const examples = asExamples(given);
  const rows = packRows(examples, { rowTokens: ROW_TOKENS, sharePrefix: true });
  return collateRows(rows, lossWeight(examples));
}

async function lossOver(engine: AdapterEngine, batches: IuBatches['val']): Promise<number> {
  let [total, count] = [0, 0];
  for (const examples of batches) {
    const tokens = lossWeight(asExamples(examples));
    total += (await engine.loss(batchOf(examples))) * tokens;
    count += tokens;
  }
  return total / count;
}

if (import.meta.main) {
  const [model = '', folder = '', rank, seed] = process.argv.slice(2);
  console.log(JSON.stringify(await main(model, folder, Number(rank), Number(seed))));
}
