import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@llama-xr/core';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import golden from './golden/pictures.json' with { type: 'json' };
import { readRadiograph } from './radiograph.ts';
import { encodeJpeg, toPicture, writePng } from './raster.ts';

const DATA = process.env.LLAMA_XR_DATA ?? '';
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-raster-'));
afterAll(() => rmSync(folder, { recursive: true }));

const width = 5;
const height = 4;
const gray = Uint8Array.from({ length: width * height }, (_, i) => 12 * i);

async function save(name: string, pixels: Uint8Array | Uint16Array, channels: 1 | 2 | 3 | 4, jpeg = false) {
  const path = join(folder, name);
  const space = channels < 3 ? (pixels instanceof Uint16Array ? 'grey16' : 'b-w') : 'srgb';
  const image = sharp(pixels, { raw: { width, height, channels } }).toColourspace(space);
  await (jpeg ? image.jpeg({ quality: 100 }) : image.png()).toFile(path);
  return path;
}

const spread = (channels: number, fill: (value: number, channel: number) => number) =>
  Uint8Array.from({ length: gray.length * channels }, (_, i) =>
    fill(gray[Math.floor(i / channels)] as number, i % channels),
  );

test('8-bit gray PNG', async () => {
  const read = await readRadiograph(await save('gray.png', gray, 1));
  expect(read).toMatchObject({ width, height, bits: 8, source: { format: 'png' }, remarks: [] });
  expect([...toPicture(read).pixels]).toEqual([...gray]);
});

test('16-bit gray PNG keeps its depth', async () => {
  const deep = Uint16Array.from(gray, (value) => 257 * value + 3);
  const read = await readRadiograph(await save('deep.png', deep, 1));
  expect(read.bits).toBe(16);
  read.pixels.forEach((value, i) => {
    expect(value * 65535).toBeCloseTo(deep[i] as number, 2);
  });
});

test('three equal channels are gray', async () => {
  const read = await readRadiograph(
    await save(
      'equal.png',
      spread(3, (value) => value),
      3,
    ),
  );
  expect([...toPicture(read).pixels]).toEqual([...gray]);
});

test('gray JPEG', async () => {
  const read = await readRadiograph(await save('gray.jpg', gray, 1, true));
  expect(read.source.format).toBe('jpeg');
  read.pixels.forEach((value, i) => {
    expect(Math.abs(255 * value - (gray[i] as number))).toBeLessThan(4);
  });
});

test.each([
  ['RGBA', 4, (value: number, channel: number) => (channel === 3 ? 255 : value)],
  ['RGB', 3, (value: number, channel: number) => value + channel],
  ['gray with alpha', 2, (value: number, channel: number) => (channel === 1 ? 128 : value)],
] as const)('%s is refused', async (kind, channels, fill) => {
  const path = await save(`colour${channels}.png`, spread(channels, fill), channels);
  await expect(readRadiograph(path)).rejects.toThrow(`${path}: expected 8- or 16-bit grayscale, got ${kind}`);
});

test('a constant picture is read with a remark', async () => {
  const read = await readRadiograph(await save('flat.png', new Uint8Array(20).fill(9), 1));
  expect(read.remarks).toEqual(['all pixels are equal']);
});

test('truncated, damaged, foreign, missing: each an error that names the file', async () => {
  const whole = readFileSync(await save('whole.png', gray, 1));
  const cut = join(folder, 'cut.png');
  writeFileSync(cut, whole.subarray(0, whole.length - 30));
  await expect(readRadiograph(cut)).rejects.toThrow(/cut\.png: damaged PNG: /);
  const text = join(folder, 'text.png');
  writeFileSync(text, 'not a picture');
  await expect(readRadiograph(text)).rejects.toThrow(
    /text\.png: expected DICOM, PNG or JPEG, got a file that begins/,
  );
  writeFileSync(text, '');
  await expect(readRadiograph(text)).rejects.toThrow(
    /text\.png: expected DICOM, PNG or JPEG, got an empty file/,
  );
  await expect(readRadiograph(join(folder, 'none.png'))).rejects.toThrow(/none\.png: no such file/);
  await expect(readRadiograph('/dev/zero')).rejects.toThrow(/expected a file, got a pipe or a device/);
  await expect(readRadiograph(folder)).rejects.toThrow(/expected a file, got a folder/);
});

test('a PNG that declares 60000 x 60000 pixels is refused before it is decoded', async () => {
  const header = readFileSync(await save('bomb.png', gray, 1));
  header.writeUInt32BE(60_000, 16);
  header.writeUInt32BE(60_000, 20);
  const path = join(folder, 'bomb.png');
  writeFileSync(path, header);
  await expect(readRadiograph(path)).rejects.toThrow(
    'bomb.png: expected at most 50000000 pixels, got 60000 x 60000',
  );
});

test('writePng writes gray and RGB', async () => {
  const path = join(folder, 'out.png');
  await writePng(path, { width, height, pixels: gray });
  expect([...toPicture(await readRadiograph(path)).pixels]).toEqual([...gray]);
  await writePng(path, { width, height, pixels: spread(3, (value, channel) => value + channel) });
  await expect(readRadiograph(path)).rejects.toThrow('got RGB');
  await expect(writePng(path, { width, height, pixels: new Uint8Array(7) })).rejects.toThrow(/got 7 bytes/);
});

test('encodeJpeg writes gray, made smaller where it is larger than asked for, and nothing else', async () => {
  const path = join(folder, 'out.jpg');
  const big = new Uint8Array(400 * 200).map((_, i) => (i % 400) / 2);
  writeFileSync(path, await encodeJpeg({ width: 400, height: 200, pixels: big }, { longestSide: 100 }));
  const small = await readRadiograph(path);
  expect([small.width, small.height]).toEqual([100, 50]);
  // A ramp from left to right stays one.
  expect(small.pixels[5] as number).toBeLessThan(small.pixels[90] as number);
  await expect(encodeJpeg({ width: 2, height: 2, pixels: big }, { longestSide: 9 })).rejects.toThrow(/2 x 2/);
});

test.skipIf(DATA === '')('hannover and IU PNGs are what Pillow reads (needs LLAMA_XR_DATA)', async () => {
  const files = Object.entries(golden.files as Record<string, { size: number[]; sha256: string }>);
  expect(files).toHaveLength(29);
  for (const [file, expected] of files) {
    const read = await readRadiograph(join(DATA, file));
    expect({
      file,
      size: [read.height, read.width],
      sha256: sha256(toPicture(read).pixels).slice(0, 16),
    }).toEqual({
      file,
      ...expected,
    });
  }
});
