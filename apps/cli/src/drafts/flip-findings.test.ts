import { Random } from '@llama-xr/core';
import type { Study } from '@llama-xr/dataset';
import { tagFindings, XRV_LABELS } from '@llama-xr/reports';
import { describe, expect, test } from 'vitest';
import { FindingFlipper } from './flip-findings.ts';

const study = (id: string, more: Partial<Study> = {}): Study => ({
  id,
  patient: id,
  split: 'train',
  views: [],
  findings: '',
  impression: '',
  report: 'x',
  tags: [],
  abnormal: false,
  ...more,
});

/** The findings that went and came. */
function changes(before: readonly string[], after: readonly string[]): [string[], string[]] {
  const [a, b] = [tagFindings(before), tagFindings(after)];
  return [[...a.difference(b)], [...b.difference(a)]];
}

describe('tags', () => {
  const train = Array.from({ length: 12 }, (_, i) =>
    study(`t${i}`, { tags: [i % 2 === 0 ? 'Cardiomegaly/mild' : 'Nodule/lung/left', 'Hydropneumothorax'] }),
  );
  const flipper = new FindingFlipper('mesh', train);

  test('one finding is taken out and one put in, and no other changes', () => {
    const tags = ['Cardiomegaly/mild', 'Opacity/lung/base/left', 'Opacity/lung/base/right'];
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const flips = flipper.flips(study('v', { tags }), tags, new Random(seed));
      expect(flips.map(({ flip }) => flip)).toEqual(['removed', 'added']);
      for (const { finding, flip, input } of flips) {
        seen.add(`${flip} ${finding}`);
        expect(changes(tags, input.tags)).toEqual(flip === 'removed' ? [[finding], []] : [[], [finding]]);
      }
    }
    expect([...seen].sort()).toEqual(['added nodule', 'removed cardiomegaly', 'removed opacity']);
  });

  test('a normal study gets a finding; the last finding leaves a normal one', () => {
    const [added] = flipper.flips(study('n', { tags: ['normal'] }), ['normal'], new Random(1));
    expect(added?.flip).toBe('added');
    expect(added?.input.tags).toHaveLength(1);
    const [removed] = flipper.flips(study('c', { tags: ['Cardiomegaly'] }), ['Cardiomegaly'], new Random(1));
    expect(removed?.input.tags).toEqual(['normal']);
  });

  test('a tag that names two findings cannot lose one of them', () => {
    const tags = ['Hydropneumothorax/left'];
    const flips = flipper.flips(study('h', { tags }), tags, new Random(1));
    expect(flips.map(({ flip }) => flip)).toEqual(['added']);
  });
});

test('expert labels are turned round', () => {
  const labels = { Mass: 1, Edema: 0 } as const;
  const flips = new FindingFlipper('labels', []).flips(study('l', { labels }), ['mass'], new Random(3));
  expect(flips[0]).toMatchObject({
    finding: 'mass',
    flip: 'removed',
    input: { labels: { Mass: 0, Edema: 0 } },
  });
  expect(flips[1]?.flip).toBe('added');
});

test("an encoder's score becomes one of the highest or lowest of the training studies", () => {
  const scores = (value: number) => ({
    frontal: XRV_LABELS.map(() => value),
    lateral: null,
    source: 'encoder' as const,
  });
  const train = Array.from({ length: 101 }, (_, i) => study(`t${i}`, { scores: scores(i / 100) }));
  const flipper = new FindingFlipper('encoder', train);
  const [removed, added] = flipper.flips(study('s', { scores: scores(0.6) }), ['mass'], new Random(1));
  const at = XRV_LABELS.indexOf('Mass');
  expect(removed?.input.scores?.frontal?.[at]).toBe(0.02);
  expect(removed?.input.scores?.frontal?.filter((score) => score !== 0.6)).toHaveLength(1);
  expect(added?.input.scores?.frontal?.filter((score) => score === 0.98)).toHaveLength(1);
  expect(added?.input.scores?.lateral).toBeNull();
});
