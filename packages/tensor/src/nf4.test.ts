import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { bytesOf, decodeNf4, isNf4, NF4_CODE, openSafetensors, toFloat32 } from './index.ts';

/** By bitsandbytes: see reference/nf4.py. */
const FOLDER = join(import.meta.dirname, 'golden');
const golden = JSON.parse(readFileSync(join(FOLDER, 'nf4.json'), 'utf8')) as {
  sha256OfFloat32: Record<string, string>;
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
