/**
 * An adapter trained here for a few steps on SmolLM2, as its three readers see it: our engine, PEFT on transformers, and
 * llama.cpp.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  adapterOf,
  type Batch,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  saveAdapter,
  type TrainingOptions,
} from '../../packages/llama/src/index.ts';
import { openGenerator } from '../../packages/llamacpp/src/index.ts';
import { openGguf } from '../../packages/tensor/src/index.ts';
import { AdamW } from '../../packages/train/src/index.ts';
import { lacks, reference, SMOLLM2, scratchFolder } from './peers.ts';

// Without digits: transformers' GGUF reader drops SmolLM2's splitting of them.
const TEXT =
  'Findings: an enlarged heart. Report: The cardiac silhouette is enlarged. The lungs are clear. No effusion is seen.';
const STEPS = 4;

/** One row, all tokens but the first in the loss. */
function batchOf(tokens: readonly number[]): Batch {
  const sequence = tokens.length - 1;
  return {
    batch: 1,
    sequence,
    ids: Int32Array.from(tokens.slice(0, -1)),
    labels: Int32Array.from(tokens.slice(1)),
    weights: new Float32Array(sequence).fill(1 / sequence),
  };
}

const PLAIN: Omit<TrainingOptions, 'rank'> = {};
/** Its factor is 2.8 times as large at rank 8: whoever reads it as alpha / rank computes other losses. */
const STABILISED: Omit<TrainingOptions, 'rank'> = {
  scaling: 'alpha/sqrt(r)',
  targets: ['q', 'v', 'down'],
  dropout: 0.1,
};

describe.skipIf(lacks('LLAMA_XR_MODELS')).each([
  ['on all projections', PLAIN],
  ['rank-stabilised, on q, v and down, with dropout', STABILISED],
])('an adapter on SmolLM2, %s (needs LLAMA_XR_MODELS)', (_name, shape) => {
  const folder = scratchFolder();
  let tokens: number[];
  const loss = { before: 0, after: 0 };

  beforeAll(async () => {
    using gguf = openGguf(SMOLLM2);
    tokens = [...loadTokenizer(gguf).encode(TEXT)];
    using weights = openBaseWeights(SMOLLM2);
    const options = { rank: 8, alpha: 16, seed: 1, mode: 'layered', ...shape } as const;
    await using engine = await openTrainingEngine(weights, options);
    const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    const optimizer = new AdamW(engine.parameters.length, settings);
    const batch = batchOf(tokens);
    loss.before = await engine.loss(batch);
    for (let step = 0; step < STEPS; step++) {
      await engine.forwardBackward(batch, { dropoutSeed: `${step}` });
      optimizer.step(engine.parameters, engine.gradients, 2e-3, 1);
    }
    loss.after = await engine.loss(batch);
    saveAdapter(folder, adapterOf(engine), { base: SMOLLM2 });
  });

  test('training lowers the loss of its text', () => {
    expect(loss.after).toBeLessThan(0.8 * loss.before);
  });

  test.skipIf(lacks('LLAMA_XR_PYTHON'))(
    'PEFT and transformers compute the same losses, adapted and merged (needs LLAMA_XR_PYTHON)',
    () => {
      const ids = join(folder, 'ids.json');
      writeFileSync(ids, JSON.stringify(tokens));
      const said = reference('peft-adapter.py', '--loss', SMOLLM2, folder, ids);
      const theirs = Object.fromEntries(
        [...said.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
      );
      expect(Math.abs(theirs.base! - loss.before)).toBeLessThan(1e-4);
      expect(Math.abs(theirs.adapted! - loss.after)).toBeLessThan(1e-4);
      expect(Math.abs(theirs.merged! - loss.after)).toBeLessThan(1e-4);
    },
  );

  test('llama.cpp computes the same losses, but for its int8 activations', async () => {
    for (const [expected, adapter] of [
      [loss.before, {}],
      [loss.after, { adapter: join(folder, 'adapter.gguf') }],
    ] as const) {
      await using generator = await openGenerator({
        base: SMOLLM2,
        contextTokens: 128,
        parallel: 1,
        // Threads that wait for each other spin, and starve on a busy machine.
        threads: 1,
        ...adapter,
      });
      for await (const { logProbabilities } of generator.score([{ id: 'text', tokens, from: 1 }])) {
        const theirs = -logProbabilities.reduce((sum, p) => sum + p, 0) / logProbabilities.length;
        expect(Math.abs(theirs - expected) / expected).toBeLessThan(0.03);
      }
    }
  });
});
