import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamaXrError } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  bytesPerElement,
  type DType,
  openSafetensors,
  readNpy,
  type Tensor,
  toFloat32,
  viewAs,
  writeNpy,
  writeSafetensors,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** By the Python packages safetensors and numpy: see reference/arrays.py. */
const GOLDEN = join(import.meta.dirname, 'golden/arrays');

test('a file by the Python package is read, and written again byte for byte', () => {
  using file = openSafetensors(join(GOLDEN, 'mixed.safetensors'));
  expect(file.metadata).toEqual({ format: 'pt', note: 'Röntgen ✓' });
  expect(file.read('matrix')).toEqual({
    dtype: 'float32',
    shape: [2, 3],
    data: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5),
  });
  expect([...toFloat32(file.read('brain'))]).toEqual([1, -2, 0.5]);
  expect(file.read('scalar')).toEqual({ dtype: 'int64', shape: [], data: BigInt64Array.of(-7n) });
  expect(file.read('empty').data.length).toBe(0);
  writeSafetensors(
    at('again.safetensors'),
    new Map(file.names().map((name) => [name, file.read(name)])),
    file.metadata,
  );
  expect(readFileSync(at('again.safetensors')).equals(readFileSync(file.path))).toBe(true);
});

test.each(['float32', 'int64', 'bool', 'fortran', 'objects'])('npy: %s as numpy writes it', (name) => {
  const path = join(GOLDEN, `${name}.npy`);
  if (name === 'fortran') expect(() => readNpy(path)).toThrow(/expected C order, got Fortran order/);
  else if (name === 'objects') expect(() => readNpy(path)).toThrow(/expected one of .*, got \|O/);
  else {
    const tensor = readNpy(path);
    expect(tensor.dtype).toBe(name);
    expect([...toFloat32(tensor)]).toEqual([0, 1, 0, 1, 1, 0].slice(0, tensor.data.length));
    writeNpy(at('again.npy'), tensor);
    expect(readFileSync(at('again.npy')).equals(readFileSync(path))).toBe(true);
  }
});

const DTYPES: DType[] = [
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'int64',
  'int32',
  'int16',
  'uint8',
  'int8',
];
const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  })
  .chain(({ dtype, shape }) => {
    const length = bytesPerElement(dtype) * shape.reduce((product, extent) => product * extent, 1);
    const bytes = fc.uint8Array({ minLength: length, maxLength: length });
    return bytes.map((data) => ({ dtype, shape, data: viewAs(dtype, data.slice()) }));
  });

test('any tensors survive writing and reading', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), anyTensor), (tensors) => {
      const entries = new Map(Object.entries(tensors).filter(([name]) => name !== '__metadata__'));
      entries.set('__proto__', { dtype: 'uint8', shape: [1], data: Uint8Array.of(7) });
      writeSafetensors(at('any.safetensors'), entries, { 'any key': 'any text' });
      using file = openSafetensors(at('any.safetensors'));
      expect(new Set(file.names())).toEqual(new Set(entries.keys()));
      for (const [name, tensor] of entries) expect(file.read(name)).toEqual(tensor);
      for (const tensor of entries.values()) {
        if (tensor.dtype === 'bfloat16') continue;
        writeNpy(at('any.npy'), tensor);
        expect(readNpy(at('any.npy'))).toEqual(tensor);
      }
    }),
    { numRuns: 40 },
  );
});

function withHeader(header: string, length = Buffer.byteLength(header), data = 8): string {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length));
  writeFileSync(at('forged.safetensors'), Buffer.concat([start, Buffer.from(header), Buffer.alloc(data)]));
  return at('forged.safetensors');
}
const entry = (fields: object) =>
  JSON.stringify({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } });

test.each([
  ['a header of 2^53 bytes', '{}', 2 ** 53, /a header of 9007199254740992 bytes/],
  ['a header beyond the file', '{}', 1000, /header: expected 1000 bytes at 8, but the file ends/],
  ['no JSON', '{"x": ', undefined, /a header that is no JSON/],
  ['a list', '[]', undefined, /no JSON object/],
  ['an unknown type', entry({ dtype: 'F8_E4M3' }), undefined, /x: expected one of F64, F32.*got F8_E4M3/],
  ['a huge shape', entry({ shape: [1e9, 1e9] }), undefined, /x: impossible shape/],
  ['a negative axis', entry({ shape: [-2] }), undefined, /x: expected a shape, got \[-2\]/],
  [
    'too few bytes',
    entry({ data_offsets: [0, 4] }),
    undefined,
    /x: expected 8 bytes for \[2\] float32, got \[0,4\]/,
  ],
  ['a gap', entry({ shape: [1], data_offsets: [4, 8] }), undefined, /x: expected its data at \d+, got/],
  [
    'data left over',
    entry({ shape: [1], data_offsets: [0, 4] }),
    undefined,
    /expected the file to end with its tensors/,
  ],
  ['metadata of numbers', '{"__metadata__":{"a":1}}', undefined, /__metadata__: expected texts by name/],
] as const)('%s is refused', (_name, header, length, message) => {
  expect(() => openSafetensors(withHeader(header, length))).toThrow(message);
});

test('tensors may be empty, and two may not overlap', () => {
  const pair = (shape: number[], data_offsets: number[]) =>
    JSON.stringify({
      b: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      a: { dtype: 'F32', shape, data_offsets },
    });
  using file = openSafetensors(withHeader(pair([0], [0, 0])));
  expect(file.names()).toEqual(['b', 'a']);
  expect(() => openSafetensors(withHeader(pair([1], [4, 8])))).toThrow(/a: expected its data at .* got/);
});

test('wrong data and foreign types are refused before anything is written', () => {
  const short: Tensor = { dtype: 'float32', shape: [2], data: new Float32Array(1) };
  expect(() => writeSafetensors(at('no.safetensors'), new Map([['x', short]]))).toThrow(
    /x: expected the elements of \[2\], got 1/,
  );
  expect(() => writeNpy(at('no.npy'), short)).toThrow(/expected the elements of \[2\], got 1/);
  expect(() => writeNpy(at('no.npy'), { dtype: 'bfloat16', shape: [0], data: new Uint16Array(0) })).toThrow(
    /got bfloat16/,
  );
  expect(() => readFileSync(at('no.safetensors'))).toThrow(/ENOENT/);
});

test.each([
  [
    'mixed.safetensors',
    (path: string) => {
      using file = openSafetensors(path);
      for (const name of file.names()) file.read(name);
    },
  ],
  ['float32.npy', readNpy],
])('%s cut at any place, or with bytes overwritten, is read or refused as ours', (name, read) => {
  const whole = readFileSync(join(GOLDEN, name));
  const path = at('damaged');
  const attempt = () => {
    try {
      read(path);
      return 'read';
    } catch (error) {
      expect(error).toBeInstanceOf(LlamaXrError);
      return 'refused';
    }
  };
  writeFileSync(path, whole);
  for (let length = whole.length - 1; length >= 0; length--) {
    truncateSync(path, length);
    expect(attempt(), `cut at ${length}`).toBe('refused');
  }
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (where, bytes) => {
      const damaged = Buffer.from(whole);
      damaged.set(bytes.subarray(0, damaged.length - where), where);
      writeFileSync(path, damaged);
      attempt();
    }),
    { numRuns: 200 },
  );
});
