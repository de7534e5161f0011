/** What `soak` runs: packed rows of many lengths, looks at val, dropout. Argument: its options as JSON. Prints samples. */
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { openBaseWeights, openTrainingEngine } from '@llama-xr/llama';
import type { Example } from '../example.ts';
import { type JobEvent, runTrainingJob, type TrainingJob } from '../job.ts';
import { parseRecipe } from '../recipe.ts';
import { train } from '../trainer.ts';
import type { SoakOptions, SoakSample } from './soak.ts';

const SAMPLE_EVERY = 10;
const VAL = 16;
/** A pass has more steps than this. */
const PASS_STEPS = 40;

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

/** Texts that count upwards from where they begin: something to learn, in 60 lengths. */
function examplesOver(vocabulary: number): Example[] {
  const random = new Random(11);
  return Array.from({ length: 400 }, (_, i) => {
    const start = random.int(vocabulary);
    const length = 4 + random.int(60);
    return {
      id: `${i}`,
      tokens: Int32Array.from({ length }, (_, j) => (start + j) % vocabulary),
      lossFrom: 2,
    };
  });
}

async function* loopHere({ base, folder, data }: TrainingJob): AsyncGenerator<JobEvent> {
  using weights = openBaseWeights(base);
  const { rank, alpha, dropout } = recipe;
  await using engine = await openTrainingEngine(weights, { rank, alpha, dropout, mode: 'whole', threads: 1 });
  yield* train(engine, data, recipe, { checkpoint: join(folder, 'checkpoint'), identity: 'soak' });
}

const { base, folder, steps, what, leakBytes = 0 } = JSON.parse(process.argv[2] as string) as SoakOptions;

function vocabulary(): number {
  using weights = openBaseWeights(base);
  return weights.config.vocabulary;
}

const examples = examplesOver(vocabulary());
const passes = Array.from({ length: Math.ceil(steps / PASS_STEPS) }, () => examples.slice(VAL));
const job: TrainingJob = {
  base,
  folder,
  recipe,
  data: { passes, val: examples.slice(0, VAL) },
  identity: 'soak',
  mode: 'whole',
  threads: 1,
};

const kept: Uint8Array[] = [];
for await (const event of what === 'job' ? runTrainingJob(job) : loopHere(job)) {
  if (event.type !== 'step') continue;
  if (leakBytes > 0) kept.push(new Uint8Array(leakBytes).fill(1));
  if (event.step % SAMPLE_EVERY === 0) {
    globalThis.gc?.();
    const sample: SoakSample = { step: event.step, bytes: process.memoryUsage.rss(), loss: event.loss };
    console.log(JSON.stringify(sample));
  }
  if (event.step >= steps) break;
}
