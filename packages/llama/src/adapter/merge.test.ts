import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGguf } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { MERGED_TYPES, mergeAdapter, openBaseWeights, openTrainingEngine } from '../index.ts';

/** By PEFT: see reference/peft-adapter.py. */
const GOLDEN = join(import.meta.dirname, '../golden');
const BASE = join(GOLDEN, 'tiny-llama.gguf');
const ADAPTER = join(GOLDEN, 'tiny-adapter');
const golden = JSON.parse(readFileSync(join(GOLDEN, 'tiny-adapter.json'), 'utf8')) as {
  ids: number[];
  lastLogits: number[];
};

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function lastLogits(path: string): Promise<Float32Array> {
  using base = openBaseWeights(path);
  await using engine = await openTrainingEngine(base, { rank: 0, threads: 1 });
  const { ids } = golden;
  const tokens = { batch: 1, sequence: ids.length, ids: Int32Array.from(ids) };
  return await engine.logits(tokens, Int32Array.of(ids.length - 1));
}

test.each([
  ['F16', 2e-3, 2 ** -11],
  ['BF16', 1e-2, 2 ** -8],
] as const)("a base merged in %s gives PEFT's logits without its adapter", async (type, off, rounding) => {
  const out = join(folder, `${type}.gguf`);
  const drift = mergeAdapter(BASE, ADAPTER, out, { type });
  expect(drift.matrices).toBe(7);
  expect(drift.weightError).toBeGreaterThan(rounding / 10);
  expect(drift.weightError).toBeLessThan(rounding);
  const logits = await lastLogits(out);
  for (const [i, expected] of golden.lastLogits.entries()) {
    expect(Math.abs((logits[i] as number) - expected)).toBeLessThan(off);
  }
});

test('what is not adapted is copied, and metadata stays', () => {
  const out = join(folder, 'copied.gguf');
  mergeAdapter(BASE, ADAPTER, out, { type: 'BF16' });
  using before = openGguf(BASE);
  using after = openGguf(out);
  expect([...after.metadata.keys()]).toEqual([...before.metadata.keys()]);
  expect([...after.tensors.keys()]).toEqual([...before.tensors.keys()]);
  for (const name of ['token_embd.weight', 'output_norm.weight', 'blk.0.ffn_norm.weight']) {
    expect(after.tensor(name).type).toBe(before.tensor(name).type);
    expect(after.read(name)).toEqual(before.read(name));
  }
  expect(after.tensor('blk.0.ffn_up.weight').type).toBe('BF16');
});

test('rows that are no whole blocks are refused, and nothing is written', () => {
  const out = join(folder, 'refused.gguf');
  expect(() => mergeAdapter(BASE, ADAPTER, out, { type: 'Q8_0' })).toThrow(
    /tensor blk\.0\.\S+: expected rows of whole Q8_0 blocks/,
  );
  expect(existsSync(out)).toBe(false);
  expect(MERGED_TYPES).toContain('Q8_0');
});
