import { expect, test } from 'vitest';
import { averageGrid } from './map-grid.ts';

test("a grid is the map's mean over each cell, borders counted by their share", () => {
  const map = Float32Array.from({ length: 2 * 9 }, (_, i) => i); // [2, 3, 3]
  expect([...averageGrid(map, 3, 1)]).toEqual([4, 13].map((mean) => expect.closeTo(mean, 5)));
  const cell = (c: number) => (c + (c + 1) / 2 + (c + 3) / 2 + (c + 4) / 4) / (1 + 1 / 2 + 1 / 2 + 1 / 4);
  expect([...averageGrid(map, 3, 2)].slice(0, 2)).toEqual([0, 9].map((c) => expect.closeTo(cell(c), 5)));
  expect([...averageGrid(map, 3, 3)].filter((_, i) => i % 2 === 0)).toEqual([...map.subarray(0, 9)]);
  const whole = averageGrid(new Float32Array(3 * 49).fill(1), 7, 4);
  expect(whole.every((mean) => Math.abs(mean - 1) < 1e-6)).toBe(true);
});
