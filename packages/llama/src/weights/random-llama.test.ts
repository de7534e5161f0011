import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGguf } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import {
  adapterLayout,
  GGUF_NAMES,
  LLAMA_3_1_8B,
  llama3RopeFactors,
  openBaseWeights,
  parameterCount,
  writeRandomLlama,
} from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-random-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SMALL = {
  ...LLAMA_3_1_8B,
  layers: 2,
  width: 256,
  feedForward: 512,
  heads: 8,
  kvHeads: 4,
  headSize: 32,
  vocabulary: 300,
};

function write(name: string, seed: number): string {
  const path = join(folder, name);
  writeRandomLlama(path, SMALL, { vocabulary: [], seed });
  return path;
}

test('Llama 3.1 8B has the 41,943,040 trainable parameters of QLoRA at rank 16', () => {
  expect(parameterCount(adapterLayout(LLAMA_3_1_8B, 16))).toBe(41_943_040);
});

test('opens as a Llama of its shape, its matrices in 4 bits', () => {
  using base = openBaseWeights(write('small.gguf', 1));
  const { ropeScaling, ...shape } = SMALL;
  expect(base.config).toMatchObject({ ...shape, rmsEps: expect.closeTo(SMALL.rmsEps, 12) });
  expect(base.ropeFactors).toEqual(llama3RopeFactors(SMALL.headSize, SMALL.ropeBase, ropeScaling!));
  expect(base.matrix(1, 'down')).toHaveProperty('nibbles');
});

test('weights are about 0 with the deviation of an initialised Llama', () => {
  using file = openGguf(write('weights.gguf', 1));
  const weights = file.dequantize(GGUF_NAMES.layer(1, 'gate'));
  const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
  const variance = weights.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weights.length;
  expect(Math.abs(mean)).toBeLessThan(2e-4);
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
});

test('a seed decides every byte', () => {
  const [a, b, c] = [write('a.gguf', 5), write('b.gguf', 5), write('c.gguf', 6)].map((path) =>
    readFileSync(path),
  );
  expect(a!.equals(b!)).toBe(true);
  expect(a!.equals(c!)).toBe(false);
});
