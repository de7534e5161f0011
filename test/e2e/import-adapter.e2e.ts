/** An adapter that PEFT trained, as this project takes it over: the same loss, a run folder to draft and to train on from. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  loadAdapter,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  restoreAdapter,
} from '../../packages/llama/src/index.ts';
import { openGguf } from '../../packages/tensor/src/index.ts';
import { collate, lossWeight } from '../../packages/train/src/index.ts';
import { data, lacks, llamaXr, reference, SMOLLM2, scratchFolder } from './peers.ts';

// Without digits: transformers' GGUF reader drops SmolLM2's splitting of them.
const TEXT = 'Findings: an enlarged heart. Report: The cardiac silhouette is enlarged. The lungs are clear.';
const RECIPE = {
  name: 'small',
  fusion: 'findings',
  maxTokens: 192,
  passes: 1,
  batchSize: 4,
  learningRate: 1e-3,
  decoding: { maxTokens: 24 },
};

/** What our engine makes of a text with the adapter of a folder: mean loss of all tokens but the first. */
async function lossOf(adapterFolder: string, tokens: readonly number[]): Promise<number> {
  using weights = openBaseWeights(SMOLLM2);
  const adapter = loadAdapter(adapterFolder, weights.config);
  await using engine = await openTrainingEngine(weights, { ...adapter, mode: 'layered', threads: 1 });
  restoreAdapter(engine, adapter);
  const example = { id: 'text', tokens: Int32Array.from(tokens), lossFrom: 1 };
  return await engine.loss(collate([example], lossWeight([example])));
}

describe.skipIf(lacks('LLAMA_XR_MODELS', 'LLAMA_XR_DATA', 'LLAMA_XR_PYTHON'))(
  'an adapter by PEFT on SmolLM2 (needs LLAMA_XR_MODELS, LLAMA_XR_DATA, LLAMA_XR_PYTHON)',
  () => {
    const folder = scratchFolder();
    const at = (name: string) => join(folder, name);
    const theirs: Record<string, number> = {};
    let tokens: number[];

    beforeAll(() => {
      using gguf = openGguf(SMOLLM2);
      tokens = loadTokenizer(gguf).encode(TEXT);
      writeFileSync(at('ids.json'), JSON.stringify(tokens));
      const said = reference('peft-adapter.py', '--train', SMOLLM2, at('peft'), at('ids.json'));
      for (const [, name, value] of said.matchAll(/^(\w+) (\S+)$/gm)) theirs[name as string] = Number(value);

      const whole = JSON.parse(readFileSync(data('iu-xray/annotation.json'), 'utf8'));
      const few = { train: whole.train.slice(0, 8), val: whole.val.slice(0, 2), test: [] };
      writeFileSync(at('annotation.json'), JSON.stringify(few));
      writeFileSync(at('recipe.json'), JSON.stringify(RECIPE));
      const splits = ['--splits', at('annotation.json'), '--findings', 'mesh'];
      llamaXr('prepare', data('iu-xray'), '--format', 'iu-xray', ...splits, '--out', at('data'));
    });

    const sources = () => ['--base', SMOLLM2, '--data', at('data')];

    test('imports with its rank, its scaling and its projections, and gives the same loss', async () => {
      const recipe = ['--recipe', at('recipe.json')];
      const said = llamaXr('import-adapter', at('peft'), ...sources(), ...recipe, '--out', at('run'));
      expect(said).toMatchObject({ rank: 4, alpha: 16, adapted: ['q', 'v', 'down'] });
      expect(theirs.adapted).toBeLessThan(0.9 * (theirs.base as number));
      for (const path of [at('run/adapter'), at('run/adapter/adapter.gguf'), at('peft')]) {
        expect(Math.abs((await lossOf(path, tokens)) - (theirs.adapted as number))).toBeLessThan(1e-4);
      }
    });

    test('drafts', () => {
      const args = ['--data', at('data'), '--threads', '1', '--out', at('drafts.jsonl')];
      expect(llamaXr('generate', '--run', at('run'), ...args)).toMatchObject({ drafts: 2 });
    });

    test('trains on from where it stood, with all steps of its recipe before it', () => {
      const recipe = ['--recipe', at('run/recipe.json'), '--mode', 'layered', '--threads', '1'];
      const train = (out: string) =>
        llamaXr('train', ...sources(), ...recipe, '--out', out) as { steps: number; valLossBefore: number };
      const [imported, fresh] = [train(at('run')), train(at('fresh'))];
      expect(imported.steps).toBe(fresh.steps);
      expect(Math.abs(imported.valLossBefore - fresh.valLossBefore)).toBeGreaterThan(1e-3);
    });
  },
);
