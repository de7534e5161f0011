import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { drawNear, repeated, repeatFactors, studiesOfPass } from './sampling.ts';

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

test('studies with a rare finding are visited more often, by the root of how rare it is', () => {
  const findings = Array.from({ length: 100 }, (_, i) => [
    ...(i < 50 ? ['common'] : []),
    ...(i < 4 ? ['rare', 'rare'] : []),
    ...(i === 0 ? ['rarest'] : []),
  ]);
  const factors = repeatFactors(findings, 0.16);
  expect(factors[0]).toBe(4);
  expect(factors[1]).toBe(2);
  expect(factors.slice(4).every((factor) => factor === 1)).toBe(true);
  expect(repeatFactors(findings, 0)).toEqual(findings.map(() => 1));
  const studies = findings.map((_, i) => i);
  const visits = repeated(studies, factors, new Random(1));
  expect(visits.filter((i) => i === 0)).toHaveLength(4);
  expect(visits).toHaveLength(100 + 3 + 3);
  const halves = repeated(
    Array.from({ length: 4000 }, (_, i) => i),
    new Array(4000).fill(1.25),
    new Random(2),
  );
  expect(halves.length / 4000).toBeCloseTo(1.25, 1);
});
