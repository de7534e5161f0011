/** Real weights: SmolLM2-135M-Instruct in 4 bits. One thread, since threads that spin starve each other on a busy machine. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Generator, openGenerator } from './index.ts';
import type { NativeLoopResult, NativeLoopTask } from './testing/native-loop.ts';

const models = process.env.LLAMA_XR_MODELS;
const base = join(models ?? '', 'smollm2-135m-instruct-q4_1.gguf');

/** Made by reference/llamacpp_scores.py: transformers on the dequantized file. */
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'smollm2-scores.json'), 'utf8'),
) as { texts: { text: string; tokens: number[]; logProbabilities: number[] }[] };

const FINDINGS = [
  'an enlarged heart and a small left pleural effusion',
  'a right upper lobe nodule',
  'no finding',
  'a pacemaker with leads in place',
  'consolidation in the left lower zone',
  'a large right pneumothorax',
];

async function nativeLoop(task: NativeLoopTask): Promise<NativeLoopResult> {
  const program = join(import.meta.dirname, 'testing', 'native-loop.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(task)]);
  return JSON.parse(stdout) as NativeLoopResult;
}

describe.skipIf(models === undefined)('SmolLM2-135M-Instruct, 4 bits (needs LLAMA_XR_MODELS)', () => {
  let generator: Generator;
  let requests: { id: string; tokens: readonly number[] }[];
  beforeAll(async () => {
    generator = await openGenerator({ base, contextTokens: 256, threads: 1, parallel: 4 });
    requests = await Promise.all(
      FINDINGS.map(async (findings, i) => ({
        id: `${i}`,
        tokens: await generator.tokenize(
          `<|im_start|>user\nWrite a chest X-ray report that states ${findings}.<|im_end|>\n<|im_start|>assistant\n`,
        ),
      })),
    );
  });
  afterAll(() => generator[Symbol.asyncDispose]());

  async function texts(of: Generator, subset = requests): Promise<string[]> {
    const found: string[] = [];
    for await (const { id, tokens } of of.generate(subset, { maxTokens: 24, stop: [] })) {
      found[Number(id)] = tokens.join(' ');
    }
    return found;
  }

  test("greedy texts are those of llama.cpp's own sampler, alone and four at once", async () => {
    const prompts = requests.slice(0, 4).map(({ tokens }) => tokens);
    const common = { base, maxTokens: 24, contextTokens: 256, threads: 1 };
    const together = await nativeLoop({ ...common, prompts });
    const first = await nativeLoop({ ...common, prompts: prompts.slice(0, 1) });
    await using fresh = await openGenerator({ base, contextTokens: 256, threads: 1, parallel: 4 });
    expect(await texts(fresh, requests.slice(0, 4))).toEqual(together.tokens.map((text) => text.join(' ')));
    await using single = await openGenerator({ base, contextTokens: 256, threads: 1, parallel: 1 });
    expect(await texts(single, requests.slice(0, 1))).toEqual([first.tokens[0]?.join(' ')]);
  });

  test('texts hardly depend on how many are written at once', async () => {
    await using single = await openGenerator({ base, contextTokens: 256, threads: 1, parallel: 1 });
    const [alone, beside] = [await texts(single), await texts(generator)];
    // Batches of another size add in another order: where two tokens are all but equal, the choice may differ.
    expect(alone.filter((text, i) => text === beside[i]).length).toBeGreaterThanOrEqual(5);
  });

  test('log probabilities are those of transformers on the dequantized weights, but for int8 activations', async () => {
    const scored = new Map<string, readonly number[]>();
    const items = golden.texts.map(({ tokens }, i) => ({ id: `${i}`, tokens, from: 1 }));
    for await (const { id, logProbabilities } of generator.score(items)) scored.set(id, logProbabilities);
    for (const [i, { text, tokens, logProbabilities }] of golden.texts.entries()) {
      expect(await generator.tokenize(text)).toEqual(tokens);
      const ours = scored.get(`${i}`) as readonly number[];
      expect(ours).toHaveLength(logProbabilities.length);
      expect(Math.abs(mean(ours) - mean(logProbabilities))).toBeLessThan(0.015);
      const apart = ours.map((value, k) => Math.abs(value - (logProbabilities[k] as number)));
      expect(mean(apart)).toBeLessThan(0.1);
    }
  });

  test('a chat answer ends by itself, with a stop token that is not told', async () => {
    const tokens = await generator.tokenize(
      '<|im_start|>user\nAnswer with one word: what is the capital of France?<|im_end|>\n<|im_start|>assistant\n',
    );
    for await (const result of generator.generate([{ id: 'a', tokens }], { maxTokens: 60 })) {
      expect(result.stopReason).toBe('stop');
      expect(await generator.detokenize(result.tokens)).toMatch(/Paris/);
      expect(result.tokens.some((token) => generator.model.endTokens.includes(token))).toBe(false);
    }
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
