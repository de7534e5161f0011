import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGguf, openSafetensors } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import {
  type Adapter,
  adaptedProjections,
  adapterOf,
  adapterParameters,
  loadAdapter,
  openBaseWeights,
  openTrainingEngine,
  PROJECTIONS,
  restoreAdapter,
  saveAdapter,
} from '../index.ts';

/** By PEFT: see reference/peft-adapter.py. */
const GOLDEN = join(import.meta.dirname, '../golden');
const BASE = join(GOLDEN, 'tiny-llama.gguf');
const PEFT = join(GOLDEN, 'tiny-adapter');
const golden = JSON.parse(readFileSync(join(GOLDEN, 'tiny-adapter.json'), 'utf8')) as {
  ids: number[];
  lastLogits: number[];
};

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-adapter-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { config } = (() => {
  using base = openBaseWeights(BASE);
  return { config: base.config };
})();

/** The logits of the last token of the golden text, with an adapter on the tiny base. */
async function lastLogits(adapter: Adapter, alpha: number): Promise<Float32Array> {
  using base = openBaseWeights(BASE);
  await using engine = await openTrainingEngine(base, { rank: adapter.rank, alpha, threads: 1 });
  restoreAdapter(engine, adapter);
  const { ids } = golden;
  return await engine.logits(
    { batch: 1, sequence: ids.length, ids: Int32Array.from(ids) },
    Int32Array.of(ids.length - 1),
  );
}

function allFactors(adapter: Adapter) {
  return PROJECTIONS.map((projection) => [projection, adapter.factors(0, projection)]);
}

test.each([
  ['the same', 5],
  ['another', 12],
])("an adapter by PEFT gives PEFT's logits in an engine of %s alpha", async (_name, alpha) => {
  const adapter = loadAdapter(PEFT, config);
  expect(adapter).toMatchObject({ rank: 3, alpha: 5 });
  const logits = await lastLogits(adapter, alpha);
  for (const [i, expected] of golden.lastLogits.entries()) expect(logits[i]).toBeCloseTo(expected, 6);
});

test('what was loaded is saved again in the bytes of PEFT', () => {
  const target = join(folder, 'again');
  saveAdapter(target, loadAdapter(PEFT, config), { base: 'some-base' });
  const file = 'adapter_model.safetensors';
  expect(readFileSync(join(target, file)).equals(readFileSync(join(PEFT, file)))).toBe(true);
  const written = JSON.parse(readFileSync(join(target, 'adapter_config.json'), 'utf8'));
  const byPeft = JSON.parse(readFileSync(join(PEFT, 'adapter_config.json'), 'utf8'));
  const names = written.target_modules.toSorted();
  const base = byPeft.base_model_name_or_path;
  expect(byPeft).toMatchObject({
    ...written,
    target_modules: byPeft.target_modules,
    base_model_name_or_path: base,
  });
  expect(names).toEqual(byPeft.target_modules.toSorted());
});

test('GGUF and PEFT files of one adapter hold the same, in the order of their worlds', () => {
  const target = join(folder, 'both');
  saveAdapter(target, loadAdapter(PEFT, config), { base: BASE });
  const path = join(target, 'adapter.gguf');
  expect(allFactors(loadAdapter(path, config))).toEqual(allFactors(loadAdapter(target, config)));
  using file = openGguf(path);
  expect(file.string('general.type')).toBe('adapter');
  expect(file.number('adapter.lora.alpha')).toBe(5);
  expect(file.tensor('blk.0.ffn_down.weight.lora_a').shape).toEqual([3, 24]);
  expect(file.tensor('blk.0.ffn_down.weight.lora_b').shape).toEqual([16, 3]);
  using peft = openSafetensors(join(target, 'adapter_model.safetensors'));
  const q = 'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight';
  expect(peft.read(q).data).not.toEqual(file.dequantize('blk.0.attn_q.weight.lora_b'));
  rmSync(join(target, 'adapter_config.json'));
  expect(loadAdapter(target, config).rank).toBe(3);
});

test("what an engine holds is saved and restored to the engine's own numbers", async () => {
  using base = openBaseWeights(BASE);
  const options = { rank: 2, alpha: 8, threads: 1 };
  await using engine = await openTrainingEngine(base, { ...options, seed: 1 });
  await using other = await openTrainingEngine(base, { ...options, seed: 2 });
  for (let i = 0; i < engine.parameters.length; i++) engine.parameters[i] = Math.sin(i);
  const target = join(folder, 'engine');
  saveAdapter(target, adapterOf(engine), { base: BASE });
  restoreAdapter(other, loadAdapter(target, config));
  expect(other.parameters).toEqual(engine.parameters);
  expect(() => restoreAdapter(other, loadAdapter(PEFT, config))).toThrow(
    /rank: expected that of the adapter, 3, got 2/,
  );
});

test('the numbers of an adapter are what an engine holds; projections that it leaves alone start anew', async () => {
  const whole = loadAdapter(PEFT, config);
  using base = openBaseWeights(BASE);
  await using engine = await openTrainingEngine(base, { rank: 3, alpha: 5, threads: 1, seed: 7 });
  const start = engine.parameters.slice();
  restoreAdapter(engine, whole);
  expect(adapterParameters(whole, { seed: 1 })).toEqual(engine.parameters);
  const some: Adapter = { ...whole, factors: (l, p) => (p === 'v' ? undefined : whole.factors(l, p)) };
  const factorsOf = (parameters: Float32Array) =>
    adapterOf({ ...engine, config, parameters }).factors(0, 'v');
  const v = factorsOf(adapterParameters(some, { seed: 7 }));
  expect(v?.a).toEqual(factorsOf(start)?.a);
  expect(v?.b.every((value) => value === 0)).toBe(true);
  expect(adaptedProjections(some)).toEqual(PROJECTIONS.filter((projection) => projection !== 'v'));
  const fewer = { rank: 3, alpha: 5, threads: 1, targets: adaptedProjections(some) };
  await using narrow = await openTrainingEngine(base, fewer);
  restoreAdapter(narrow, some);
  expect(adapterParameters(some, { seed: 7, targets: fewer.targets })).toEqual(narrow.parameters);
});

/** The golden PEFT folder with another configuration. */
function withConfig(fields: object): string {
  const target = join(folder, 'altered');
  cpSync(PEFT, target, { recursive: true });
  const path = join(target, 'adapter_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }));
  return target;
}

test('rank-stabilised scaling becomes a plain alpha', () => {
  expect(loadAdapter(withConfig({ use_rslora: true }), config).alpha).toBeCloseTo(5 * Math.sqrt(3), 12);
});

test.each([
  [{ peft_type: 'IA3' }, /peft_type: expected "LORA", got "IA3"/],
  [{ use_dora: true, modules_to_save: ['lm_head'] }, /2 mistakes\n.*use_dora.*\n.*modules_to_save/],
  [{ init_lora_weights: 'pissa_niter_4' }, /init_lora_weights: expected true/],
  [{ rank_pattern: { q_proj: 8 } }, /rank_pattern: expected nothing, got \{"q_proj":8\}/],
  [{ r: 4 }, /expected rank 4 of adapter_config\.json, got 3/],
  [{ r: 'three' }, /r: expected an integer of at least 1, got "three"/],
])('a PEFT configuration with %j is refused by name', (fields, message) => {
  expect(() => loadAdapter(withConfig(fields), config)).toThrow(message);
});

test('an adapter of another base, and a model for an adapter, are refused', () => {
  const wider = { ...config, feedForward: 32 };
  expect(() => loadAdapter(PEFT, wider)).toThrow(
    /layer 0 gate B: expected shape \[32, 3\], got \[24, 3\]: made for another base/,
  );
  expect(() => loadAdapter(BASE, config)).toThrow(/expected a LoRA adapter/);
  expect(() => loadAdapter(join(folder, 'nowhere'), config)).toThrow(/adapter_config\.json: no such file/);
});
