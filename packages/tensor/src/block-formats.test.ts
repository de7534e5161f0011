import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, dequantize, type GgmlType, quantize, unpackQ4 } from './index.ts';

/** By the Python package gguf and by ggml itself, which agree: see reference/block-formats.py. */
interface Golden {
  decode: Record<string, { bytes: string; values: string }>;
  encode: Record<string, string>;
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden/block-formats.json'), 'utf8'),
) as Golden;

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const floats = (base64: string) => new Float32Array(bytes(base64).buffer);

test.each(Object.keys(golden.decode))('%s is decoded to the bits of gguf and ggml', (name) => {
  const { bytes: encoded, values } = golden.decode[name] as { bytes: string; values: string };
  const expected = floats(values);
  const decoded = dequantize(name as GgmlType, bytes(encoded), expected.length);
  expect(Buffer.from(bytesOf(decoded)).equals(bytes(values))).toBe(true);
});

test.each(['Q4_0', 'Q4_1', 'Q8_0', 'F16', 'BF16'])('%s is encoded to the bytes of ggml', (name) => {
  const encoded = quantize(name as GgmlType, floats(golden.encode.values as string));
  expect(Buffer.from(encoded).toString('base64')).toBe(golden.encode[name]);
});

test.each(['Q4_0', 'Q4_1', 'Q4_K'] as const)('%s taken apart gives the dequantized values', (type) => {
  const { bytes: encoded, values } = golden.decode[type] as { bytes: string; values: string };
  const { nibbles, scale, offset } = unpackQ4(type, bytes(encoded));
  const rebuilt = Float32Array.from(floats(values), (_, i) => {
    const block = i >> 5;
    const byte = nibbles[block * 16 + (i & 15)] as number;
    const nibble = (i & 31) < 16 ? byte & 15 : byte >> 4;
    return Math.fround(nibble * (scale[block] as number)) + (offset[block] as number);
  });
  // + 0: the sign of a zero may differ.
  const plain = (list: Float32Array) => list.map((value) => value + 0);
  expect(plain(rebuilt)).toEqual(plain(floats(values)));
});

test('Q4_K is taken apart wherever its bytes lie in memory', () => {
  const { bytes: encoded } = golden.decode.Q4_K as { bytes: string };
  const aligned = Uint8Array.from(bytes(encoded));
  const shifted = new Uint8Array(aligned.length + 1);
  shifted.set(aligned, 1);
  expect(unpackQ4('Q4_K', shifted.subarray(1))).toEqual(unpackQ4('Q4_K', aligned));
});

const blockOf32 = fc.float32Array({
  minLength: 32,
  maxLength: 32,
  noNaN: true,
  noDefaultInfinity: true,
  min: -100,
  max: 100,
});

test.each([
  ['Q8_0', 1 / 127],
  ['Q4_0', 1 / 7],
  ['Q4_1', 1 / 7],
] as const)('%s keeps each value within its step', (type, step) => {
  fc.assert(
    fc.property(blockOf32, (values) => {
      const largest = Math.max(...values.map(Math.abs));
      const back = dequantize(type, quantize(type, values), 32);
      for (const [i, value] of values.entries()) {
        // A float16 scale adds 2^-11 of the range, and nothing below its smallest step can be told apart.
        expect(Math.abs((back[i] as number) - value)).toBeLessThanOrEqual(largest * (step + 0.02) + 1e-5);
      }
    }),
  );
});

test('a wrong length, an unknown type and a NaN are refused by name', () => {
  expect(() => dequantize('Q4_0', new Uint8Array(17), 32)).toThrow(/Q4_0: expected 18 bytes for 32 elements/);
  expect(() => dequantize('Q4_K', new Uint8Array(144), 100)).toThrow(/Q4_K: expected whole blocks/);
  expect(() => dequantize('IQ4_XS', new Uint8Array(136), 256)).toThrow(/IQ4_XS: expected one of F32, F16/);
  expect(() => quantize('Q4_K', new Float32Array(256))).toThrow(/got Q4_K/);
  expect(() => quantize('Q4_0', new Float32Array(33))).toThrow(/whole blocks of 32 values, got 33/);
  expect(() => quantize('Q8_0', new Float32Array(32).fill(Number.NaN, 7))).toThrow(/got NaN at 7/);
});
