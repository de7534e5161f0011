import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGguf, openSafetensors } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { openTrainingEngine, type TrainingOptions } from '../model/engine.ts';
import { openBaseWeights } from '../weights/base-weights.ts';
import { adapterOf, loadAdapter, restoreAdapter, saveAdapter } from './adapter.ts';

const BASE = join(import.meta.dirname, '../golden/tiny-llama.gguf');
const TEXT = { batch: 1, sequence: 6, ids: Int32Array.of(1, 7, 3, 9, 2, 5) };

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-adapter-shape-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An engine on the tiny base; its adapter changes the model. */
async function openEngine(options: Omit<TrainingOptions, 'threads'>) {
  const base = openBaseWeights(BASE);
  const engine = await openTrainingEngine(base, { ...options, threads: 1 });
  engine.parameters.forEach((_, i) => {
    engine.parameters[i] = 0.3 * Math.sin(i);
  });
  return engine;
}

const logitsError = (a: Float32Array, b: Float32Array) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));

test('a rank-stabilised adapter is the same model in an engine, in PEFT files and in GGUF', async () => {
  await using engine = await openEngine({ rank: 3, alpha: 5, scaling: 'alpha/sqrt(r)' });
  const expected = await engine.logits(TEXT);
  const target = join(folder, 'stabilised');
  saveAdapter(target, adapterOf(engine), { base: BASE });
  const peft = JSON.parse(readFileSync(join(target, 'adapter_config.json'), 'utf8'));
  expect(peft).toMatchObject({ r: 3, lora_alpha: 5, use_rslora: true });
  using gguf = openGguf(join(target, 'adapter.gguf'));
  // llama.cpp knows alpha / rank alone.
  expect(gguf.number('adapter.lora.alpha')).toBeCloseTo(5 * Math.sqrt(3), 5);
  for (const path of [target, join(target, 'adapter.gguf')]) {
    await using plain = await openEngine({ rank: 3, alpha: 1 });
    restoreAdapter(plain, loadAdapter(path, engine.config));
    expect(logitsError(await plain.logits(TEXT), expected)).toBeLessThan(1e-5);
  }
});

test('projections that are not adapted are absent from the files and bare in what reads them', async () => {
  await using engine = await openEngine({ rank: 2, targets: ['v', 'q', 'up'] });
  const target = join(folder, 'some');
  saveAdapter(target, adapterOf(engine), { base: BASE });
  const { target_modules } = JSON.parse(readFileSync(join(target, 'adapter_config.json'), 'utf8'));
  expect(target_modules).toEqual(['q_proj', 'v_proj', 'up_proj']);
  using file = openSafetensors(join(target, 'adapter_model.safetensors'));
  expect(file.tensors.size).toBe(engine.config.layers * 3 * 2);
  const adapter = loadAdapter(target, engine.config);
  expect(adapter.factors(0, 'k')).toBeUndefined();
  await using full = await openEngine({ rank: 2 });
  restoreAdapter(full, adapter);
  expect(logitsError(await full.logits(TEXT), await engine.logits(TEXT))).toBeLessThan(1e-5);
  await using fewer = await openEngine({ rank: 2, targets: ['q', 'v'] });
  expect(() => restoreAdapter(fewer, adapter)).toThrow(
    /targets: expected those of the adapter, among them up/,
  );
});
