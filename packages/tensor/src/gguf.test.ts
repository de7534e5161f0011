import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamaXrError } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { bytesOf, type GgufValue, gguf, openGguf, quantize, requantized, writeGguf } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** Written by pip's gguf 0.19.0: reference/gguf-file.py. */
const GOLDEN = join(import.meta.dirname, 'golden/tiny.gguf');

test('every kind of value and tensor of a file by the Python package is read', () => {
  using file = openGguf(GOLDEN);
  expect(file.version).toBe(3);
  expect(Object.fromEntries([...file.metadata].map(([key, { value }]) => [key, value]))).toEqual({
    'general.architecture': 'llama',
    'value.uint8': 200,
    'value.int8': -100,
    'value.uint16': 60000,
    'value.int16': -30000,
    'value.uint32': 4_000_000_000,
    'value.int32': -2_000_000_000,
    'value.uint64': 2 ** 53 - 1,
    'value.int64': -(2 ** 53) + 1,
    'value.float32': Math.fround(1e-5),
    'value.float64': 1e-5,
    'value.bool': true,
    'value.string': 'Röntgen ✓',
    'value.strings': ['a', '', 'Ġthe'],
    'value.int32s': [3, -1, 0],
    'value.float32s': [0.5, -1.5],
    'value.bools': [true, false],
  });
  expect(file.tensor('matrix.Q4_1')).toMatchObject({ shape: [3, 64], type: 'Q4_1', byteLength: 120 });
  expect(file.readRows('matrix.Q8_0', 1, 2)).toEqual(file.read('matrix.Q8_0').subarray(68));
  const exact = file.dequantize('matrix.F16');
  for (const [i, value] of file.dequantize('matrix.Q8_0').entries()) {
    expect(value).toBeCloseTo(exact[i] as number, 1);
  }
});

test('what was read is written again byte for byte', () => {
  using file = openGguf(GOLDEN);
  const tensors = [...file.tensors.values()].map((tensor) => ({
    ...tensor,
    data: () => file.read(tensor.name),
  }));
  writeGguf(at('again.gguf'), { metadata: file.metadata, tensors });
  expect(readFileSync(at('again.gguf')).equals(readFileSync(GOLDEN))).toBe(true);
});

test('some tensors in another type, the others to the bit', () => {
  using file = openGguf(GOLDEN);
  const tensors = requantized(file, 'Q4_0', ({ type }) => type === 'F16');
  writeGguf(at('q4.gguf'), { metadata: file.metadata, tensors });
  using again = openGguf(at('q4.gguf'));
  expect(again.read('matrix.F16')).toEqual(quantize('Q4_0', file.dequantize('matrix.F16')));
  expect(again.read('matrix.Q4_1')).toEqual(file.read('matrix.Q4_1'));
});

const value: fc.Arbitrary<GgufValue> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map(gguf.string),
  fc.boolean().map(gguf.bool),
  fc.nat(2 ** 32 - 1).map(gguf.uint32),
  fc.float({ noNaN: true }).map(gguf.float32),
  fc.array(fc.string({ unit: 'grapheme' })).map(gguf.strings),
  fc.array(fc.integer()).map(gguf.int32s),
);
const someTensor = fc.record({
  rows: fc.integer({ min: 0, max: 4 }),
  blocks: fc.integer({ min: 1, max: 3 }),
});

test('any content survives writing and reading', () => {
  const path = at('property.gguf');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), fc.array(someTensor, { maxLength: 4 }), (keys, sizes) => {
      const metadata = new Map(Object.entries(keys));
      metadata.delete('general.alignment');
      const tensors = sizes.map(({ rows, blocks }, i) => ({
        name: `t${i}`,
        shape: [rows, blocks * 32],
        type: 'Q8_0' as const,
        data: quantize(
          'Q8_0',
          Float32Array.from({ length: rows * blocks * 32 }, (_, j) => Math.sin(i + j)),
        ),
      }));
      writeGguf(path, { metadata, tensors });
      using file = openGguf(path);
      expect(new Map(file.metadata)).toEqual(metadata);
      for (const tensor of tensors) expect(file.read(tensor.name)).toEqual(tensor.data);
    }),
    { numRuns: 60 },
  );
});

/** Opens and reads all; a damaged file may do that well, or fail as ours, and nothing else. */
function readAll(path: string): void {
  using file = openGguf(path);
  for (const { name } of file.tensors.values()) file.dequantize(name);
}

test('a file cut at any place is refused with its name', () => {
  const whole = readFileSync(GOLDEN);
  writeFileSync(at('cut.gguf'), whole);
  for (let length = whole.length - 1; length >= 0; length--) {
    truncateSync(at('cut.gguf'), length);
    try {
      readAll(at('cut.gguf'));
      expect.fail(`cut at ${length}: read without an error`);
    } catch (error) {
      expect(error).toBeInstanceOf(LlamaXrError);
      expect((error as LlamaXrError).message).toMatch(/cut\.gguf: /);
    }
  }
});

test('a file with any bytes overwritten is read, or refused as ours', () => {
  const whole = readFileSync(GOLDEN);
  const patch = fc.record({
    where: fc.nat(whole.length - 1),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constant(new Uint8Array(8).fill(0xff)),
      fc.constant(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x7f)),
    ),
  });
  fc.assert(
    fc.property(fc.array(patch, { minLength: 1, maxLength: 3 }), (patches) => {
      const damaged = Buffer.from(whole);
      for (const { where, bytes } of patches) damaged.set(bytes.subarray(0, damaged.length - where), where);
      writeFileSync(at('damaged.gguf'), damaged);
      try {
        readAll(at('damaged.gguf'));
      } catch (error) {
        expect(error).toBeInstanceOf(LlamaXrError);
      }
    }),
    { numRuns: 500 },
  );
});

/** The golden file with 8 bytes replaced at the place that `find` gives. */
function forged(find: (file: Buffer) => number, uint64: bigint): string {
  const bytes = readFileSync(GOLDEN);
  bytes.writeBigUInt64LE(uint64, find(bytes));
  writeFileSync(at('forged.gguf'), bytes);
  return at('forged.gguf');
}

test.each([
  ['a million tensors', () => 8, 10n ** 6n, /number of tensors: 1000000 declared, but only/],
  ['2^63 keys', () => 16, 2n ** 63n, /number of metadata keys: expected less than 2\^53/],
  ['a key of 2^40 bytes', () => 24, 2n ** 40n, /metadata key 0: 1099511627776 declared/],
  ['a text of 4 GB', (f: Buffer) => f.indexOf('llama') - 8, 2n ** 32n, /"general.architecture": 4294967296/],
  [
    'a list of 2^50',
    (f: Buffer) => f.indexOf('value.int32s') + 20,
    2n ** 50n,
    /"value.int32s": 1125899906842/,
  ],
  [
    'an axis of 2^52',
    (f: Buffer) => f.indexOf('norm.weight') + 15,
    2n ** 52n,
    /"norm.weight": expected 18014398509481984 bytes/,
  ],
  ['an offset at 2^45', (f: Buffer) => f.indexOf('norm.weight') + 27, 2n ** 45n, /norm.weight.*file ends/],
  [
    'an odd offset',
    (f: Buffer) => f.indexOf('norm.weight') + 27,
    8n,
    /expected a multiple of 32 as offset, got 8/,
  ],
  [
    'type 255',
    (f: Buffer) => f.indexOf('norm.weight') + 23,
    255n,
    /expected a tensor type of ggml, got type 255/,
  ],
  ['100 axes', (f: Buffer) => f.indexOf('norm.weight') + 11, 100n, /at most 4 axes, got 100/],
  [
    'part of a block',
    (f: Buffer) => f.indexOf('matrix.Q8_0') + 15,
    33n,
    /rows of whole Q8_0 blocks.*\[3, 33\]/,
  ],
] as const)('%s: refused before anything is allocated', (_name, find, uint64, message) => {
  const before = process.memoryUsage().rss;
  const path = forged(find, uint64);
  expect(() => openGguf(path)).toThrow(message);
  expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
});

test('a foreign file, a folder, no file, an old version and a name that stands twice are told apart', () => {
  writeFileSync(at('foreign.gguf'), 'PK\x03\x04 this is a zip file, not a model');
  expect(() => openGguf(at('foreign.gguf'))).toThrow(/foreign\.gguf: expected a GGUF file/);
  expect(() => openGguf(folder)).toThrow(/got a folder/);
  expect(() => openGguf(at('none.gguf'))).toThrow(/none\.gguf: no such file/);
  const old = readFileSync(GOLDEN);
  old.writeUInt32LE(1, 4);
  writeFileSync(at('old.gguf'), old);
  expect(() => openGguf(at('old.gguf'))).toThrow(/version 2 or 3, got 1/);
  const one = { name: 'x', shape: [1], type: 'F32' as const, data: new Uint8Array(4) };
  writeGguf(at('twice.gguf'), { metadata: [], tensors: [one, one] });
  expect(() => openGguf(at('twice.gguf'))).toThrow(/tensor "x" stands there twice/);
});

test('a metadata key of another type, a missing tensor and wrong bytes are named', () => {
  using file = openGguf(GOLDEN);
  expect(file.number('no.such.key')).toBeUndefined();
  expect(() => file.number('value.string')).toThrow(/value\.string: expected a number, got .* string/);
  expect(() => file.read('output.weight')).toThrow(/has no tensor output\.weight/);
  expect(() => file.readRows('matrix.F16', 2, 2)).toThrow(/rows within 0\.\.3, got 2\.\.4/);
  const short = { name: 'x', shape: [2], type: 'F32' as const, data: new Uint8Array(4) };
  expect(() => writeGguf(at('short.gguf'), { metadata: [], tensors: [short] })).toThrow(
    /x: expected 8 bytes, got 4/,
  );
  expect(() => readFileSync(at('short.gguf'))).toThrow(/ENOENT/);
});

test.skipIf(!process.env.LLAMA_XR_MODELS)(
  'SmolLM2 is decoded to the bits of gguf (needs LLAMA_XR_MODELS)',
  () => {
    using file = openGguf(join(process.env.LLAMA_XR_MODELS as string, 'smollm2-135m-instruct-q4_1.gguf'));
    const hash = createHash('sha256');
    for (const name of [...file.tensors.keys()].sort()) hash.update(bytesOf(file.dequantize(name)));
    // The same loop over gguf.GGUFReader(...).tensors with gguf.dequantize, gguf 0.19.0.
    expect(hash.digest('hex')).toBe('035b238cdb1c3a64e21315cad8d5d362e75ed6f6e847ca3508b006dff3ca3fd6');
  },
);
