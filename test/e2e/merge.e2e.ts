/** A merged model as its readers see it: our engine and llama.cpp, beside base and adapter kept apart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256File } from '../../packages/core/src/index.ts';
import {
  adapterOf,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  saveAdapter,
} from '../../packages/llama/src/index.ts';
import { openGenerator } from '../../packages/llamacpp/src/index.ts';
import { openGguf } from '../../packages/tensor/src/index.ts';
import { AdamW, collate, lossWeight, Recipe, RunFolder } from '../../packages/train/src/index.ts';
import { lacks, llamaXr, SMOLLM2, scratchFolder } from './peers.ts';

const TEXT =
  'Findings: an enlarged heart. Report: The cardiac silhouette is enlarged. The lungs are clear. No effusion is seen.';

interface Merged {
  weightError: number;
  updateError: number;
  loss: { base: number; adapter: number; merged: number };
}

describe.skipIf(lacks('LLAMA_XR_MODELS'))('a merged SmolLM2 (needs LLAMA_XR_MODELS)', () => {
  const folder = scratchFolder();
  const at = (name: string) => join(folder, name);
  let tokens: number[];

  beforeAll(async () => {
    writeFileSync(at('text.txt'), TEXT);
    using gguf = openGguf(SMOLLM2);
    tokens = loadTokenizer(gguf).encode(TEXT);
    using weights = openBaseWeights(SMOLLM2);
    await using engine = await openTrainingEngine(weights, {
      rank: 8,
      alpha: 16,
      seed: 1,
      mode: 'layered',
      threads: 1,
    });
    const example = { id: 'text', tokens: Int32Array.from(tokens), lossFrom: 1 };
    const batch = collate([example], lossWeight([example]));
    const optimizer = new AdamW(engine.parameters.length, {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
    });
    for (let step = 0; step < 3; step++) {
      await engine.forwardBackward(batch);
      optimizer.step(engine.parameters, engine.gradients, 2e-3, 1);
    }
    const run = new RunFolder(at('run'));
    saveAdapter(run.adapter, adapterOf(engine), { base: SMOLLM2 });
    run.write({
      version: 1,
      base: { path: SMOLLM2, sha256: await sha256File(SMOLLM2) },
      data: { path: at('none'), sha256: '' },
      recipe: Recipe.parse({ name: 'merge', rank: 8 }),
      notices: [],
    });
  });

  const merge = (type: string) =>
    llamaXr(
      'merge',
      '--run',
      at('run'),
      '--out',
      at(`${type}.gguf`),
      '--type',
      type,
      '--text',
      at('text.txt'),
      '--threads',
      '1',
    ) as Merged;

  test('in 8 bits it hardly drifts, and llama.cpp reads it', async () => {
    const { weightError, updateError, loss } = merge('q8_0');
    expect(weightError).toBeLessThan(0.01);
    expect(updateError).toBeGreaterThan(weightError);
    expect(loss.adapter).toBeLessThan(0.9 * loss.base);
    expect(Math.abs(loss.merged - loss.adapter)).toBeLessThan(0.02);
    const options = { base: at('q8_0.gguf'), contextTokens: 128, parallel: 1, threads: 1 };
    await using generator = await openGenerator(options);
    for await (const { logProbabilities } of generator.score([{ id: 'text', tokens, from: 1 }])) {
      const theirs = -logProbabilities.reduce((sum, p) => sum + p, 0) / logProbabilities.length;
      expect(Math.abs(theirs - loss.merged) / loss.merged).toBeLessThan(0.03);
    }
  });

  test('in 4 bits it drifts further, and says so', () => {
    const { updateError, loss } = merge('q4_1');
    expect(updateError).toBeGreaterThan(0.1);
    expect(Math.abs(loss.merged - loss.adapter)).toBeGreaterThan(1e-4);
    const manifest = JSON.parse(readFileSync(at('q4_1.gguf.manifest.json'), 'utf8'));
    expect(manifest.config).toMatchObject({ type: 'Q4_1', loss });
  });
});
