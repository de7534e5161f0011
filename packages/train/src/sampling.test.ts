import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { drawNear, studiesOfPass } from './sampling.ts';

const studies = Array.from({ length: 30 }, (_, i) => ({ id: i, findings: i % 3 === 0 }));
const visit = (pass: number, share: number) =>
  studiesOfPass(studies, (s) => s.findings, { pass, share, random: new Random(4) }).map((s) => s.id);

test('every pass visits all studies with findings and its share of the others, in turn', () => {
  const first = visit(1, 0.5);
  const second = visit(2, 0.5);
  for (const pass of [first, second]) {
    expect(pass).toHaveLength(20);
    expect(pass).toEqual(expect.arrayContaining([0, 3, 6, 27]));
  }
  expect(new Set([...first, ...second]).size).toBe(30);
  expect(visit(7, 1)).toHaveLength(30);
});

test('near neighbours are drawn more often', () => {
  const random = new Random(1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 11_000; i++) counts[drawNear(3, random)]!++;
  expect(counts[0]! / 6000).toBeCloseTo(1, 1);
  expect(counts[1]! / 3000).toBeCloseTo(1, 1);
  expect(counts[2]! / 2000).toBeCloseTo(1, 1);
});
