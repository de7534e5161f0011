/** For a test: a training run in a process of its own, to be killed. Arguments: the base, the run folder. */
import { mkdirSync } from 'node:fs';
import { Random } from '@llama-xr/core';
import type { Example } from '../example.ts';
import { runTrainingJob } from '../job.ts';
import { parseRecipe } from '../recipe.ts';

const [base = '', folder = ''] = process.argv.slice(2);

const random = new Random(3);
const examples = Array.from({ length: 60 }, (_, i): Example => {
  const prompt = [1, random.int(4), 2, random.int(20)];
  const response = Array.from({ length: 2 + random.int(8) }, () => random.int(20));
  return { id: `${i}`, tokens: Int32Array.from([...prompt, ...response]), lossFrom: prompt.length };
});

const recipe = parseRecipe(
  {
    name: 'killed',
    rank: 2,
    dropout: 0.1,
    batchSize: 4,
    accumulation: 2,
    passes: 3,
    maxTokens: 32,
    packing: true,
    sharePrefix: true,
    learningRate: 1e-2,
    keep: 'best',
    watch: 'grounding',
    validation: { everySteps: 2, grounding: 12 },
  },
  'killed',
);

mkdirSync(folder, { recursive: true });
const data = { passes: [0, 1, 2].map(() => examples.slice(12)), val: examples.slice(0, 12) };
const job = {
  base,
  folder,
  recipe,
  data,
  identity: 'x',
  mode: 'layered',
  threads: 1,
  tensorboard: true,
} as const;
for await (const _ of runTrainingJob({ ...job, checkpointSeconds: 0 }));
