/**
 * For the soak: a training run in a process of its own, which tells its memory as it goes on. Everything of a run takes
 * part: the engine's thread, packed rows of many lengths, looks at val, the log and its page, checkpoints.
 *
 *     node --expose-gc soak-run.ts BASE FOLDER STEPS [LEAK]
 *
 * LEAK: bytes that are kept at each step, to see that the measure would find them. A JSON line each ten steps.
 */
import { Random } from '@llama-xr/core';
import { openBaseWeights } from '@llama-xr/llama';
import type { Example } from './example.ts';
import { runTrainingJob } from './job.ts';
import { parseRecipe } from './recipe.ts';

/** One line of the output. */
export interface SoakSample {
  readonly step: number;
  /** Resident memory of the process, all threads. */
  readonly bytes: number;
  readonly loss: number;
}

const SAMPLE_EVERY = 10;
const VAL = 16;

const [base = '', folder = '', steps = '100', leak = '0'] = process.argv.slice(2);

function vocabularyOf(path: string): number {
  using weights = openBaseWeights(path);
  return weights.config.vocabulary;
}

/** Texts that count upwards from where they begin: something to learn, in 60 lengths. */
function examplesOver(vocabulary: number): Example[] {
  const random = new Random(11);
  return Array.from({ length: 400 }, (_, i) => {
    const start = random.int(vocabulary);
    const length = 4 + random.int(60);
    const tokens = Int32Array.from({ length }, (_, j) => (start + j) % vocabulary);
    return { id: `${i}`, tokens, lossFrom: 2 };
  });
}

const recipe = parseRecipe(
  {
    name: 'soak',
    rank: 4,
    dropout: 0.1,
    batchSize: 8,
    maxTokens: 64,
    packing: true,
    rowTokens: 128,
    learningRate: 1e-3,
    schedule: 'constant',
    validation: { everySteps: 100, studies: VAL },
  },
  'soak',
);
const examples = examplesOver(vocabularyOf(base));
const train = examples.slice(VAL);
// About 48 steps a pass, at least one in any case.
const passes = Array.from({ length: Number(steps) }, () => train).slice(0, Math.ceil(Number(steps) / 40));
const job = { base, folder, recipe, data: { passes, val: examples.slice(0, VAL) }, identity: 'soak' };

const kept: Uint8Array[] = [];
for await (const event of runTrainingJob({ ...job, mode: 'whole', threads: 1 })) {
  if (event.type !== 'step') continue;
  if (Number(leak) > 0) kept.push(new Uint8Array(Number(leak)).fill(event.step));
  if (event.step % SAMPLE_EVERY === 0) {
    globalThis.gc?.();
    const sample: SoakSample = { step: event.step, bytes: process.memoryUsage.rss(), loss: event.loss };
    console.log(JSON.stringify(sample));
  }
  if (event.step >= Number(steps)) break;
}
