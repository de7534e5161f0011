/** Drawn stand-ins for radiographs, for tests of everything around the encoder. */
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { ENCODER_SIZE, toPicture, writePng } from '@llama-xr/imaging';
import type { ViewInput } from '../view-input.ts';

/** [size, size] in [0, 1]: a bright body with two dark lungs, unlike from seed to seed, and grain. */
export function drawChest(seed: number, size = ENCODER_SIZE): Float32Array {
  const random = new Random(seed);
  const dark = random.between(0.4, 0.7);
  const lungs = [-1, 1].map((side) => ({
    x: 0.5 + side * random.between(0.17, 0.21),
    y: random.between(0.43, 0.5),
    width: random.between(0.12, 0.15),
    height: random.between(0.25, 0.32),
  }));
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) / size, Math.floor(i / size) / size];
    let value = Math.abs(x - 0.5) < 0.42 ? 0.9 : 0;
    for (const lung of lungs)
      if (((x - lung.x) / lung.width) ** 2 + ((y - lung.y) / lung.height) ** 2 < 1) value -= dark;
    return Math.min(1, Math.max(0, value + 0.02 * random.next()));
  });
}

/** A side view: a body that grows denser from the sternum to the spine, one dark field in it. */
export function drawSide(seed: number, size = ENCODER_SIZE): Float32Array {
  const random = new Random(seed);
  const spine = random.between(0.6, 0.7);
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) / size, Math.floor(i / size) / size];
    const body = x > 0.15 && x < 0.9 ? 0.2 + 0.6 * x + (x > spine && x < spine + 0.1 ? 0.2 : 0) : 0;
    const lung = ((x - 0.45) / 0.2) ** 2 + ((y - 0.45) / 0.3) ** 2 < 1 ? 0.3 : 0;
    return Math.min(1, Math.max(0, body - lung + 0.02 * random.next()));
  });
}

/** Writes a square drawing as an 8-bit PNG. */
export async function writeDrawing(folder: string, name: string, pixels: Float32Array): Promise<string> {
  const path = join(folder, name);
  const side = Math.sqrt(pixels.length);
  await writePng(path, toPicture({ width: side, height: side, pixels }));
  return path;
}

/** A drawing of the encoder's size as its input. */
export function drawingInput(
  name: string,
  projection: ViewInput['projection'],
  pixels: Float32Array,
): ViewInput {
  return { name, projection, pixels: pixels.map((value) => (2 * value - 1) * 1024) };
}
