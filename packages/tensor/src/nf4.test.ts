import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@llama-xr/core';
import { expect, test } from 'vitest';
import {
  bfloat16ToFloat32,
  bytesOf,
  decodeNf4,
  encodeNf4,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  isNf4,
  NF4_CODE,
  nf4Layout,
  openSafetensors,
  readNf4Blocks,
  SIGNED_MAP,
  toFloat32,
  UNSIGNED_MAP,
} from './index.ts';

/** By bitsandbytes: see reference/nf4.py. */
const FOLDER = join(import.meta.dirname, 'golden');
const golden = JSON.parse(readFileSync(join(FOLDER, 'nf4.json'), 'utf8')) as {
  sha256OfFloat32: Record<string, string>;
  sha256OfLarge: Record<string, string>;
  maps: { signed: string; unsigned: string };
};

test.each(Object.entries(golden.sha256OfFloat32))(
  '%s: NF4 is decoded to the bits of bitsandbytes',
  (name, hash) => {
    using file = openSafetensors(join(FOLDER, 'nf4.safetensors'));
    expect(isNf4(file, name)).toBe(true);
    expect(isNf4(file, `${name}.absmax`)).toBe(false);
    expect(sha256(bytesOf(decodeNf4(file, name).data))).toBe(hash);
  },
);

test("the code book is the paper's", () => {
  using file = openSafetensors(join(FOLDER, 'nf4.safetensors'));
  expect([...toFloat32(file.read('plain.quant_map'))]).toEqual(NF4_CODE.map(Math.fround));
});

test("the dynamic maps of 8 bits are bitsandbytes'", () => {
  expect(sha256(bytesOf(SIGNED_MAP.code))).toBe(golden.maps.signed);
  expect(sha256(bytesOf(UNSIGNED_MAP.code))).toBe(golden.maps.unsigned);
});

/** What reference/nf4.py quantizes: 0.02 sin(i^2), louder and softer by rows, rounded to a type. */
function sines([rows, columns]: readonly [number, number], dtype = 'float32'): Float32Array {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => {
    return 0.02 * Math.sin(i * i) * (1 + 0.5 * Math.sin(Math.floor(i / columns)));
  });
  if (dtype === 'float16') return float16ToFloat32(float32ToFloat16(values));
  return dtype === 'bfloat16' ? bfloat16ToFloat32(float32ToBfloat16(values)) : values;
}

test.each(Object.keys(golden.sha256OfFloat32))(
  "%s: NF4 is written as bitsandbytes' tensors, bit for bit",
  (name) => {
    using file = openSafetensors(join(FOLDER, 'nf4.safetensors'));
    const { shape, dtype, nested } = nf4Layout(file, name);
    const matrix = shape as [number, number];
    const options = { dtype, doubleQuantization: nested !== undefined };
    const written = encodeNf4(name, matrix, sines(matrix, dtype), options);
    const parts = ['', '.absmax', '.quant_map', '.nested_absmax', '.nested_quant_map'];
    const expected = [...parts, '.quant_state.bitsandbytes__nf4']
      .map((part) => name + part)
      .filter((part) => file.tensors.has(part));
    expect([...written.keys()].sort()).toEqual(expected.sort());
    for (const [part, tensor] of written) expect(tensor, part).toEqual(file.read(part));
  },
);

test("a million weights give bitsandbytes' bytes, the mean of 16,480 magnitudes among them", () => {
  const shape = [1030, 1024] as const;
  const hashes = [...encodeNf4('large', shape, sines(shape))].map(([part, { data }]) => [
    part,
    sha256(bytesOf(data)),
  ]);
  expect(Object.fromEntries(hashes)).toEqual(golden.sha256OfLarge);
});

test('blocks of 32 for a graph are the same weights', () => {
  using file = openSafetensors(join(FOLDER, 'nf4.safetensors'));
  const { nibbles, scale, code } = readNf4Blocks(file, 'nested');
  const values = decodeNf4(file, 'nested').data;
  const found = Float32Array.from({ length: values.length }, (_, i) => {
    const byte = nibbles[Math.floor(i / 32) * 16 + (i % 16)] as number;
    const nibble = i % 32 < 16 ? byte & 15 : byte >> 4;
    return (code[nibble] as number) * (scale[Math.floor(i / 32)] as number);
  });
  expect(found).toEqual(values);
});
