/** What is drawn must be seen, on the side and at the height it belongs to. Measured on the pixels, by crude means. */
import { describe, expect, test } from 'vitest';
import type { PhantomFinding, Side, Zone } from '../findings.ts';
import { drawPhantom, type Phantom, type PhantomView } from './phantom.ts';

const SIZE = 128;
const SEEDS = [1, 2, 3, 4, 5, 6];
const MM = 400 / SIZE;

/** Column and row of a place in the frontal view: mm towards the patient's left, mm up. */
const column = (x: number) => Math.round(SIZE / 2 + x / MM);
const row = (z: number) => Math.round(SIZE / 2 - z / MM);

const draw = (findings: readonly PhantomFinding[], seed: number) =>
  drawPhantom(findings, seed, { size: SIZE });

function mean(
  { pixels, size }: PhantomView,
  [left, right]: [number, number],
  [top, bottom]: [number, number],
): number {
  let sum = 0;
  for (let y = row(top); y < row(bottom); y++)
    for (let x = column(left); x < column(right); x++) sum += pixels[y * size + x] as number;
  return sum / ((row(bottom) - row(top)) * (column(right) - column(left)));
}

/** A box in the outer lung of one side: image columns are mirrored for the patient's right. */
function inLung(view: PhantomView, side: Side, across: [number, number], up: [number, number]): number {
  return mean(view, side === 'left' ? across : [-across[1], -across[0]], up);
}

/**
 * Width of the heart over that of the chest at the height of the ventricles: from the midline outwards, the heart ends
 * where the image darkens most, the chest where it brightens most.
 */
function cardiothoracicRatio({ pixels }: PhantomView): number {
  const rows = [-36, -40, -44, -48].map((z) => pixels.subarray(row(z) * SIZE, (row(z) + 1) * SIZE));
  const step = (mm: number, outward: 1 | -1) =>
    rows.reduce(
      (sum, line) => sum + (line[column(mm) + outward] as number) - (line[column(mm) - outward] as number),
      0,
    );
  const steepest = (outward: 1 | -1, [from, to]: [number, number], sign: 1 | -1) => {
    let best = from;
    for (let mm = from; mm <= to; mm += MM)
      if (sign * step(outward * mm, outward) > sign * step(outward * best, outward)) best = mm;
    return best;
  };
  const heart = steepest(1, [20, 125], -1) + steepest(-1, [20, 80], -1);
  return heart / (steepest(1, [115, 165], 1) + steepest(-1, [115, 165], 1));
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('equal seeds give equal pixels, others differ', () => {
  const [a, b, c] = [1, 1, 2].map((seed) => drawPhantom([], seed, { size: SIZE })) as [
    Phantom,
    Phantom,
    Phantom,
  ];
  expect(a.frontal.pixels).toEqual(b.frontal.pixels);
  expect(a.lateral.pixels).toEqual(b.lateral.pixels);
  expect(a.frontal.pixels).not.toEqual(c.frontal.pixels);
});

test('12 bits are used: black air, white abdomen, thousands of grays', () => {
  for (const seed of SEEDS) {
    for (const view of Object.values(draw([], seed)).filter((v): v is PhantomView => typeof v === 'object')) {
      const { pixels } = view;
      expect(Math.max(...pixels)).toBeLessThan(4096);
      expect(new Set(pixels).size).toBeGreaterThan(1500);
      const white = pixels.filter((value) => value > 3900).length / pixels.length;
      expect(white).toBeLessThan(0.3);
    }
    const { frontal } = draw([], seed);
    expect(mean(frontal, [-10, 10], [-120, -160])).toBeGreaterThan(3000);
    expect(mean(frontal, [-198, -185], [10, -100])).toBeLessThan(300);
  }
});

test("the marker L stands on the right of the image, at the patient's left", () => {
  const { pixels } = draw([], 1).frontal;
  const value = 2 ** 12 - 64;
  const columns = [...pixels.keys()].filter((i) => pixels[i] === value && i < 20 * SIZE).map((i) => i % SIZE);
  expect(columns.length).toBeGreaterThan(8);
  expect(Math.min(...columns)).toBeGreaterThan(0.8 * SIZE);
});

test('studies of one patient show one body', () => {
  const one = drawPhantom([], 1, { size: SIZE, patient: 'P1' });
  const two = drawPhantom([{ kind: 'cardiomegaly', severity: 'severe' }], 2, { size: SIZE, patient: 'P1' });
  const other = drawPhantom([], 2, { size: SIZE, patient: 'P2' });
  expect(one.female).toBe(two.female);
  const outline = ({ pixels }: PhantomView) =>
    Array.from({ length: SIZE }, (_, y) =>
      pixels.subarray(y * SIZE, (y + 1) * SIZE).findIndex((v) => v > 700),
    );
  const distance = (a: PhantomView, b: PhantomView) =>
    average(outline(a).map((x, y) => Math.abs(x - (outline(b)[y] as number))));
  expect(distance(one.frontal, two.frontal)).toBeLessThan(1);
  expect(distance(one.frontal, other.frontal)).toBeGreaterThan(1);
});

describe('findings are seen', () => {
  test('the heart is wider with cardiomegaly, by degree', () => {
    const ratio = (findings: PhantomFinding[]) =>
      SEEDS.map((seed) => cardiothoracicRatio(draw(findings, seed).frontal));
    const normal = ratio([]);
    const mild = ratio([{ kind: 'cardiomegaly', severity: 'mild' }]);
    const severe = ratio([{ kind: 'cardiomegaly', severity: 'severe' }]);
    expect(Math.max(...normal)).toBeLessThan(0.5);
    expect(Math.min(...mild)).toBeGreaterThan(0.5);
    expect(average(mild)).toBeLessThan(0.6);
    expect(average(severe)).toBeGreaterThan(average(mild) + 0.06);
  });

  test.each(['left', 'right'] as const)('an effusion whitens the %s base, the more the larger', (side) => {
    const other: Side = side === 'left' ? 'right' : 'left';
    for (const seed of SEEDS) {
      const base = (findings: PhantomFinding[], where: Side) =>
        inLung(draw(findings, seed).frontal, where, [95, 125], [-62, -95]);
      const small = base([{ kind: 'pleural effusion', side, severity: 'small' }], side);
      const large = inLung(
        draw([{ kind: 'pleural effusion', side, severity: 'large' }], seed).frontal,
        side,
        [70, 110],
        [-20, -50],
      );
      expect(small - base([], side)).toBeGreaterThan(400);
      expect(large - inLung(draw([], seed).frontal, side, [70, 110], [-20, -50])).toBeGreaterThan(800);
      expect(
        Math.abs(base([{ kind: 'pleural effusion', side, severity: 'small' }], other) - base([], other)),
      ).toBeLessThan(150);
    }
  });

  test.each(['left', 'right'] as const)('a pneumothorax blackens the %s apex and wall', (side) => {
    for (const seed of SEEDS) {
      const wall = (findings: PhantomFinding[]) =>
        inLung(draw(findings, seed).frontal, side, [92, 112], [60, 10]);
      expect(wall([]) - wall([{ kind: 'pneumothorax', side, severity: 'large' }])).toBeGreaterThan(250);
    }
  });

  test.each([
    ['consolidation', 220],
    ['nodule', 25],
  ] as const)('%s: brighter on its side and in its zone', (kind, least) => {
    const boxes: Record<Zone, [number, number]> = { upper: [100, 48], mid: [38, -12], lower: [-16, -62] };
    for (const side of ['left', 'right'] as const) {
      for (const zone of ['upper', 'mid', 'lower'] as const) {
        const gain = (where: Side, height: Zone) =>
          average(
            SEEDS.slice(0, 3).map((seed) => {
              const box = (findings: PhantomFinding[]) =>
                inLung(draw(findings, seed).frontal, where, [35, 120], boxes[height]);
              return box([{ kind, side, zone }]) - box([]);
            }),
          );
        const other: Side = side === 'left' ? 'right' : 'left';
        expect(gain(side, zone), `${side} ${zone}`).toBeGreaterThan(least);
        expect(Math.abs(gain(other, zone)), `not ${side} ${zone}`).toBeLessThan(least / 3);
        const far: Zone = zone === 'upper' ? 'lower' : 'upper';
        expect(gain(side, far), `${side}, not ${far}`).toBeLessThan(least / 2);
      }
    }
  });

  test('hyperinflation: lungs reach further down, and are darker', () => {
    for (const seed of SEEDS) {
      const belowDome = (findings: PhantomFinding[]) =>
        inLung(draw(findings, seed).frontal, 'right', [50, 90], [-88, -104]);
      expect(belowDome([]) - belowDome([{ kind: 'hyperinflation' }])).toBeGreaterThan(700);
    }
  });

  test('edema: both hila hazy', () => {
    for (const seed of SEEDS) {
      for (const side of ['left', 'right'] as const) {
        const hilum = (findings: PhantomFinding[]) =>
          inLung(draw(findings, seed).frontal, side, [45, 80], [45, -10]);
        expect(hilum([{ kind: 'edema' }]) - hilum([])).toBeGreaterThan(350);
      }
    }
  });

  test('a pacemaker shows as metal on the left of the chest, in both views', () => {
    for (const seed of SEEDS) {
      const { frontal, lateral } = draw([{ kind: 'implanted device' }], seed);
      const whitest = (view: PhantomView, across: [number, number], up: [number, number]) => {
        let most = 0;
        for (let y = row(up[0]); y < row(up[1]); y++)
          for (let x = column(across[0]); x < column(across[1]); x++)
            most = Math.max(most, view.pixels[y * SIZE + x] as number);
        return most;
      };
      expect(whitest(frontal, [75, 120], [100, 55])).toBeGreaterThan(3850);
      expect(whitest(frontal, [-120, -75], [80, 55])).toBeLessThan(3750);
      const inFront: [number, number] = [-140, -80];
      expect(whitest(lateral, inFront, [100, 55])).toBeGreaterThan(
        whitest(draw([], seed).lateral, inFront, [100, 55]) + 250,
      );
    }
  });

  test.each(['left', 'right'] as const)('atelectasis: a band at the %s base', (side) => {
    const gain = average(
      SEEDS.map((seed) => {
        const base = (findings: PhantomFinding[]) =>
          inLung(draw(findings, seed).frontal, side, [50, 118], [-40, -75]);
        return base([{ kind: 'atelectasis', side }]) - base([]);
      }),
    );
    expect(gain).toBeGreaterThan(25);
  });
});
