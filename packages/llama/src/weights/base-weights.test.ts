import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  gguf,
  NF4_CODE,
  openGguf,
  openSafetensors,
  quantize,
  tensor,
  writeGguf,
  writeSafetensors,
} from '@llama-xr/tensor';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  interleaveRotaryRows,
  llama3RopeFactors,
  openBaseWeights,
  PROJECTIONS,
  separateRotaryRows,
} from '../index.ts';

/** One model in two layouts, by transformers and gguf: see reference/llama-layouts.py. */
const GOLDEN = join(import.meta.dirname, '../golden');
const HUGGING_FACE = join(GOLDEN, 'tiny-llama');
const GGUF = join(GOLDEN, 'tiny-llama.gguf');

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a GGUF and a Hugging Face folder of one model give the same configuration and weights', () => {
  using a = openBaseWeights(GGUF);
  using b = openBaseWeights(HUGGING_FACE);
  const { ropeScaling, ...config } = b.config;
  expect(ropeScaling?.factor).toBe(8);
  expect(a.config).toEqual({ ...config, rmsEps: Math.fround(1e-5) });
  expect(a.config).toMatchObject({ layers: 1, heads: 2, kvHeads: 1, headSize: 8, tiedEmbedding: false });
  for (const projection of PROJECTIONS) {
    expect(a.matrix(0, projection), projection).toEqual(b.matrix(0, projection));
  }
  expect(a.norms(0)).toEqual(b.norms(0));
  const tokens = Int32Array.of(0, 19, 7);
  expect(a.embedding.take(tokens)).toEqual(b.embedding.take(tokens));
  expect(a.output?.take(tokens)).toEqual(b.output?.take(tokens));
  expect(a.output?.part(3, 4)).toEqual(b.output?.part(3, 4));
  expect(a.outputNorm).toEqual(b.outputNorm);
  for (const [i, factor] of a.ropeFactors!.entries()) expect(b.ropeFactors![i]).toBeCloseTo(factor, 5);
});

test("Llama 3.1's rotary factors are those of transformers", () => {
  const { ropeFactors } = JSON.parse(readFileSync(join(GOLDEN, 'llama-layouts.json'), 'utf8')) as {
    ropeFactors: { headSize: number; ropeBase: number; factors: number[] };
  };
  const factors = llama3RopeFactors(ropeFactors.headSize, ropeFactors.ropeBase, {
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8192,
  });
  expect(factors.length).toBe(ropeFactors.factors.length);
  for (const [i, expected] of ropeFactors.factors.entries()) {
    expect(Math.abs((factors[i] as number) / expected - 1)).toBeLessThan(3e-6);
  }
});

test('the two orders of rows undo each other, and differ', () => {
  const shape = fc.record({
    heads: fc.integer({ min: 1, max: 4 }),
    half: fc.integer({ min: 2, max: 8 }),
    columns: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(shape, ({ heads, half, columns }) => {
      const matrix = Float32Array.from({ length: heads * half * 2 * columns }, (_, i) => i);
      const mixed = interleaveRotaryRows(matrix, heads, half * 2);
      expect(mixed).not.toEqual(matrix);
      expect(separateRotaryRows(mixed, heads, half * 2)).toEqual(matrix);
    }),
  );
});

/** The tiny GGUF with some keys and tensors replaced, or dropped where undefined. */
function altered(
  keys: Record<string, ReturnType<typeof gguf.string> | undefined>,
  drop: string[] = [],
): string {
  using source = openGguf(GGUF);
  const metadata = new Map(source.metadata);
  for (const [key, value] of Object.entries(keys)) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  const path = join(folder, 'altered.gguf');
  const tensors = [...source.tensors.values()].filter(({ name }) => !drop.includes(name));
  writeGguf(path, { metadata, tensors: tensors.map((t) => ({ ...t, data: source.read(t.name) })) });
  return path;
}

test.each([
  [
    'another architecture',
    { 'general.architecture': gguf.string('qwen2') },
    /architecture "llama", got "qwen2"/,
  ],
  [
    'an adapter',
    { 'general.type': gguf.string('adapter') },
    /expected a model, got a GGUF of type "adapter"/,
  ],
  [
    'missing keys',
    { 'llama.block_count': undefined, 'llama.context_length': undefined },
    /2 mistakes\n.*block_count is missing\n.*context_length/,
  ],
  ['no heads', { 'llama.attention.head_count': gguf.uint32(0) }, /heads: expected an integer from 1 to/],
  [
    '4 billion layers',
    { 'llama.block_count': gguf.uint32(2 ** 32 - 1) },
    /layers: expected an integer from 1 to 1024/,
  ],
  [
    'a text for a number',
    { 'llama.block_count': gguf.string('30') },
    /llama\.block_count: expected a number/,
  ],
  [
    'another width',
    { 'llama.feed_forward_length': gguf.uint32(32) },
    /ffn_gate\.weight: expected shape \[32, 16\], got \[24, 16\]/,
  ],
  [
    'partial rotation',
    { 'llama.rope.dimension_count': gguf.uint32(4) },
    /rope\.dimension_count: expected the head size 8, got 4/,
  ],
  ['yarn', { 'llama.rope.scaling.type': gguf.string('yarn') }, /expected none or linear, got "yarn"/],
  ['experts', { 'llama.expert_count': gguf.uint32(8) }, /a mixture of 8 experts/],
] as const)('a GGUF with %s is refused by name', (_name, keys, message) => {
  expect(() => openBaseWeights(altered(keys))).toThrow(message);
});

test('all missing tensors are listed', () => {
  const path = altered({}, ['blk.0.attn_q.weight', 'output_norm.weight']);
  expect(() => openBaseWeights(path)).toThrow(
    /2 mistakes\n {2}- tensor output_norm\.weight is missing\n {2}- tensor blk\.0\.attn_q/,
  );
});

test('4-bit matrices stay in 4 bits, others are dequantized', () => {
  using source = openGguf(GGUF);
  const path = join(folder, 'wide.gguf');
  const ones = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const metadata = new Map(source.metadata)
    .set('llama.embedding_length', gguf.uint32(32))
    .set('llama.rope.dimension_count', gguf.uint32(16))
    .set('llama.feed_forward_length', gguf.uint32(64));
  const make = (name: string, type: 'Q4_0' | 'Q4_1' | 'Q8_0' | 'F32', ...shape: number[]) => ({
    name,
    type,
    shape,
    data: quantize(type, ones(shape.reduce((a, b) => a * b))),
  });
  const tensors = [
    make('token_embd.weight', 'Q8_0', 20, 32),
    make('output_norm.weight', 'F32', 32),
    make('blk.0.attn_norm.weight', 'F32', 32),
    make('blk.0.ffn_norm.weight', 'F32', 32),
    make('blk.0.attn_q.weight', 'Q4_1', 32, 32),
    make('blk.0.attn_k.weight', 'Q4_0', 16, 32),
    make('blk.0.attn_v.weight', 'Q8_0', 16, 32),
    make('blk.0.attn_output.weight', 'F32', 32, 32),
    make('blk.0.ffn_gate.weight', 'Q4_1', 64, 32),
    make('blk.0.ffn_up.weight', 'Q4_1', 64, 32),
    make('blk.0.ffn_down.weight', 'Q4_1', 32, 64),
  ];
  writeGguf(path, { metadata, tensors });
  using weights = openBaseWeights(path);
  expect(weights.config.tiedEmbedding).toBe(true);
  expect(weights.output).toBeUndefined();
  expect(weights.matrix(0, 'q')).toMatchObject({ scale: { length: 32 }, nibbles: { length: 512 } });
  expect(weights.matrix(0, 'k')).toMatchObject({ scale: { length: 16 } });
  expect(weights.matrix(0, 'v')).toMatchObject({ scale: { length: 16 }, quants: { length: 512 } });
  const forms = (['q', 'k', 'v', 'o'] as const).map((projection) => weights.form(0, projection));
  expect(forms).toEqual(['q4', 'q4', 'q8x32', 'float32']);
  expect(weights.matrix(0, 'o')).toEqual(ones(1024));
});

test('a model in shards is read by its index, which may not lead out of the folder', () => {
  const target = join(folder, 'shards');
  cpSync(HUGGING_FACE, target, { recursive: true });
  const entries = (() => {
    using file = openSafetensors(join(target, 'model.safetensors'));
    return file.names().map((name) => [name, file.read(name)] as const);
  })();
  rmSync(join(target, 'model.safetensors'));
  writeSafetensors(join(target, 'a.safetensors'), new Map(entries.slice(0, 5)));
  writeSafetensors(join(target, 'b.safetensors'), new Map(entries.slice(5)));
  const index = join(target, 'model.safetensors.index.json');
  writeFileSync(
    index,
    JSON.stringify({ weight_map: { x: 'a.safetensors', y: 'b.safetensors', z: 'b.safetensors' } }),
  );
  {
    using weights = openBaseWeights(target);
    using whole = openBaseWeights(HUGGING_FACE);
    expect(weights.matrix(0, 'q')).toEqual(whole.matrix(0, 'q'));
  }
  writeFileSync(index, JSON.stringify({ weight_map: { x: 'a.safetensors' } }));
  expect(() => openBaseWeights(target)).toThrow(/tensor .* is missing/);
  writeFileSync(index, JSON.stringify({ weight_map: { x: '../../secret.safetensors' } }));
  expect(() => openBaseWeights(target)).toThrow(/expected names of files beside it/);
});

test('an NF4 matrix among the weights is decoded', () => {
  const target = join(folder, 'nf4');
  cpSync(HUGGING_FACE, target, { recursive: true });
  const file = join(target, 'model.safetensors');
  const name = 'model.layers.0.mlp.up_proj.weight';
  const tensors = new Map(
    (() => {
      using source = openSafetensors(file);
      return source.names().map((key) => [key, source.read(key)] as const);
    })(),
  );
  // 24 x 16 weights: nibbles 0 to 15 over and over, 6 blocks of 64 with magnitudes 1 to 6.
  const state = JSON.stringify({ quant_type: 'nf4', blocksize: 64, dtype: 'float32', shape: [24, 16] });
  tensors.set(
    name,
    tensor(
      'uint8',
      [192, 1],
      Uint8Array.from({ length: 192 }, (_, i) => 0x01 + 0x22 * (i % 8)),
    ),
  );
  tensors.set(`${name}.absmax`, tensor('float32', [6], Float32Array.of(1, 2, 3, 4, 5, 6)));
  tensors.set(`${name}.quant_map`, tensor('float32', [16], Float32Array.from(NF4_CODE)));
  tensors.set(`${name}.quant_state.bitsandbytes__nf4`, tensor('uint8', [state.length], Buffer.from(state)));
  writeSafetensors(file, tensors);
  using weights = openBaseWeights(target);
  const expected = Float32Array.from({ length: 384 }, (_, i) => {
    return (NF4_CODE[i % 16] as number) * (1 + Math.floor(i / 64));
  });
  expect(weights.matrix(0, 'up')).toEqual(expected);
});

test('mistakes of a config.json are told all at once', () => {
  const target = join(folder, 'config');
  cpSync(HUGGING_FACE, target, { recursive: true });
  const config = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8')) as Record<string, unknown>;
  const write = (fields: object) =>
    writeFileSync(join(target, 'config.json'), JSON.stringify({ ...config, ...fields }));
  write({ hidden_size: undefined, attention_bias: true, rope_parameters: { rope_type: 'yarn' } });
  expect(() => openBaseWeights(target)).toThrow(
    /3 mistakes(.|\n)*attention_bias(.|\n)*hidden_size(.|\n)*"yarn"/,
  );
  write({ model_type: 'mistral' });
  expect(() => openBaseWeights(target)).toThrow(/config\.json: model_type: expected "llama", got "mistral"/);
  write({ vocab_size: 21 });
  expect(() => openBaseWeights(target)).toThrow(
    /embed_tokens\.weight: expected shape \[21, 16\], got \[20, 16\]/,
  );
});
