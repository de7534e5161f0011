import { Random } from '@llama-xr/core';
import { XRV_LABELS } from '@llama-xr/reports';
import { expect, test } from 'vitest';
import { Calibration } from './calibration.ts';
import { simulateScores, truthOf } from './simulate.ts';
import type { Study } from './study.ts';

const random = new Random('calibration');
const EFFUSION = XRV_LABELS.indexOf('Effusion');

/** One study in ten has an effusion, one in a thousand a hernia. */
function study(i: number): Study {
  const labels = { Effusion: random.chance(0.1) ? 1 : 0 } as const;
  const scores = simulateScores(
    `s${i}`,
    truthOf(['normal'], labels),
    { frontal: true, lateral: i % 4 > 0 },
    1,
  );
  return {
    id: `s${i}`,
    patient: `s${i}`,
    split: 'train',
    views: [],
    findings: '',
    impression: '',
    report: 'x',
    tags: ['normal'],
    labels,
    scores,
    abnormal: false,
  };
}
const train = Array.from({ length: 4000 }, (_, i) => study(i));
const calibration = new Calibration(train);
const fresh = Array.from({ length: 4000 }, (_, i) => study(10_000 + i));
const score = (s: Study) => s.scores?.frontal?.[EFFUSION] ?? Number.NaN;

test('calibrated scores are as often right as they say', () => {
  const calibrated = fresh.map((s) => calibration.apply(s));
  for (const [low, high] of [
    [0.02, 0.1],
    [0.1, 0.3],
    [0.3, 0.7],
  ] as const) {
    const band = calibrated.filter((s) => score(s) >= low && score(s) < high);
    const rate = band.filter((s) => s.labels?.Effusion === 1).length / band.length;
    const said = band.reduce((sum, s) => sum + score(s), 0) / band.length;
    expect(Math.abs(rate - said)).toBeLessThan(0.05);
  }
});

test('raw scores are not: at 0.5 they are mostly wrong of a rare finding', () => {
  const above = fresh.filter((s) => score(s) >= 0.5);
  expect(above.filter((s) => s.labels?.Effusion === 1).length / above.length).toBeLessThan(0.4);
});

test('a finding that training hardly shows is not known, a missing view stays missing', () => {
  const applied = calibration.apply(train[0] as Study);
  expect(applied.scores?.frontal?.[XRV_LABELS.indexOf('Hernia')]).toBe(0);
  expect(applied.scores?.lateral).toBeNull();
  const { scores: _, ...without } = train[0] as Study;
  expect(calibration.apply(without)).toEqual(without);
});
