/** Against scikit-image's resize, as TorchXRayVision calls it. Golden values: reference/imaging.py. */
import { expect, test } from 'vitest';
import { toEncoderInput } from './encoder-input.ts';
import golden from './golden/encoder-input.json' with { type: 'json' };

/** The same picture as in the reference script. */
function pattern(height: number, width: number) {
  const pixels = Float32Array.from({ length: height * width }, (_, i) => {
    const x = i % width;
    const y = Math.floor(i / width);
    return ((x * x * 7 + y * y * 3 + x * y * 5) % 251) / 250;
  });
  return { height, width, pixels };
}

test.each(golden.cases)('$size becomes [1, 224, 224] as scikit-image makes it', (expected) => {
  const [height, width] = expected.size as [number, number];
  const input = toEncoderInput(pattern(height, width));
  expect(input).toHaveLength(224 * 224);
  for (const [index, value] of expected.values as [number, number][])
    expect(Math.abs((input[index] as number) - value), `pixel ${index}`).toBeLessThan(0.01);
  const border = [...input.slice(0, 6), ...input.slice(-6)];
  border.forEach((value, i) => {
    expect(Math.abs(value - (expected.border[i] as number)), `border ${i}`).toBeLessThan(0.01);
  });
  const mean = input.reduce((a, b) => a + b, 0) / input.length;
  expect(mean).toBeCloseTo(expected.mean, 2);
});

test('black is -1024 and white is 1024, inside the border that the filter darkens', () => {
  for (const [value, wanted] of [
    [0, -1024],
    [1, 1024],
  ] as const) {
    const input = toEncoderInput({ width: 500, height: 400, pixels: new Float32Array(200_000).fill(value) });
    expect(input[112 * 224 + 112]).toBeCloseTo(wanted, 3);
  }
});
