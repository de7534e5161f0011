import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { tensor, writeSafetensors } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { MAP_SHAPE } from '../encoder.ts';
import { areaUnderCurve, fitCalibration, probability } from './calibration.ts';
import { Ridge } from './ridge.ts';
import { fitTagHeads, type TaggedMaps } from './tag-heads.ts';
import { readTagHeads, writeTagHeads } from './tag-heads-file.ts';
import { tagForms, targetOf } from './tag-plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-tags-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what ridge says of a row without its group is what a fit without that group says', () => {
  const random = new Random(3);
  const [n, size] = [12, 30];
  const features = Float32Array.from({ length: n * size }, () => random.normal());
  const targets = Float64Array.from({ length: n }, () => Number(random.chance(0.5)));
  const groups = Array.from({ length: n }, (_, i) => `patient ${Math.floor(i / 2)}`);
  const { heldOut } = new Ridge(features, { penalty: 0.1, groups }).fit(targets);
  for (let row = 0; row < n; row++) {
    const rest = groups.flatMap((group, i) => (group === groups[row] ? [] : [i]));
    const without = new Ridge(
      Float32Array.from(rest.flatMap((i) => [...features.subarray(i * size, (i + 1) * size)])),
      { penalty: 0.1, groups: rest.map((i) => `${i}`) },
    );
    const { weights, bias } = without.fit(Float64Array.from(rest, (i) => targets[i] as number));
    const score = weights.reduce(
      (sum, weight, d) => sum + weight * (features[row * size + d] as number),
      bias,
    );
    expect(heldOut[row]).toBeCloseTo(score, 5);
  }
});

test('a calibrated score is as often right as it says', () => {
  const random = new Random(5);
  const scores = Float64Array.from({ length: 4000 }, () => random.normal());
  const truth = Float64Array.from(scores, (s) => Number(random.chance(1 / (1 + Math.exp(1 - 2 * s)))));
  const calibration = fitCalibration(scores, truth);
  expect(calibration.slope).toBeCloseTo(2, 0);
  expect(calibration.offset).toBeCloseTo(-1, 0);
  expect(probability(calibration, 0.5)).toBeCloseTo(0.5, 1);
});

test('classes without an overlap leave the curve finite', () => {
  const calibration = fitCalibration(Float64Array.of(0, 0.1, 0.9, 1), Float64Array.of(0, 0, 1, 1));
  expect(probability(calibration, 1)).toBeGreaterThan(0.6);
  expect(Number.isFinite(calibration.slope)).toBe(true);
});

test('the area under the curve counts ties as halves', () => {
  expect(areaUnderCurve(Float64Array.of(1, 2, 3, 4), Float64Array.of(0, 0, 1, 1))).toBe(1);
  expect(areaUnderCurve(Float64Array.of(1, 2, 2, 3), Float64Array.of(0, 1, 0, 1))).toBe(0.875);
  expect(areaUnderCurve(Float64Array.of(2, 2), Float64Array.of(0, 1))).toBe(0.5);
});

test('forms hold what stands where in tags; rare heads are left out', () => {
  const tags = [['A/left/small'], ['A/right', 'B'], ['normal'], ['A/left/large']];
  expect(tagForms(tags, 2)).toEqual([
    {
      head: 'A',
      places: [
        ['left', 'right'],
        ['', 'large', 'small'],
      ],
    },
  ]);
  expect([...targetOf(tags, 'A')]).toEqual([1, 1, 0, 1]);
  expect([...targetOf(tags, 'A', { place: 1, text: '' })]).toEqual([0, 1, 0, 0]);
});

/** Maps in which a patch of some channels, in a column of its side, is the finding. */
function studies(count: number, seed: number): TaggedMaps[] {
  const random = new Random(seed);
  const [channels, rows, columns] = MAP_SHAPE;
  return Array.from({ length: count }, (_, i) => {
    const side = random.pick(['left', 'right', undefined]);
    const map = Float32Array.from({ length: channels * rows * columns }, () => random.normal());
    const column = side === 'left' ? 5 : 1;
    if (side !== undefined)
      for (let c = 0; c < 40; c++)
        for (let row = 2; row < 6; row++) map[(c * rows + row) * columns + column] = 6 + random.normal();
    return {
      patient: `${Math.floor(i / 2)}`,
      tags: side === undefined ? ['normal'] : [`Effusion/${side}`],
      maps: { frontal: map, lateral: null },
    };
  });
}

test('heads read the finding and its side in studies they have not seen, and in training studies without cheating', () => {
  const train = studies(60, 1);
  const { heads, heldOut } = fitTagHeads(train, { seed: 7, encoderHash: 'abc' });
  const right = (read: readonly { tags: readonly string[] }[], of: readonly TaggedMaps[]) =>
    read.filter(({ tags }, i) => tags.join() === of[i]?.tags.join()).length / of.length;
  const fresh = studies(40, 2);
  expect(
    right(
      fresh.map(({ maps }) => heads.read(maps)),
      fresh,
    ),
  ).toBeGreaterThan(0.85);
  expect(right(heldOut, train)).toBeGreaterThan(0.85);
  expect(heads.heads[0]?.area).toBeGreaterThan(0.9);

  const path = join(folder, 'heads.safetensors');
  writeTagHeads(path, heads);
  const loaded = readTagHeads(path);
  expect(loaded.encoderHash).toBe('abc');
  // The file keeps float32.
  for (const { maps } of fresh.slice(0, 5)) {
    const [again, before] = [loaded.read(maps), heads.read(maps)];
    expect(again.tags).toEqual(before.tags);
    expect(again.probabilities.Effusion).toBeCloseTo(before.probabilities.Effusion as number, 6);
  }
});

test('tags that follow no image are held-out read at chance', () => {
  const random = new Random(9);
  const shuffled = studies(60, 3).map((study) => ({ ...study, tags: random.pick([['normal'], ['A']]) }));
  const { heads } = fitTagHeads(shuffled, { encoderHash: '' });
  expect(heads.heads[0]?.area).toBeLessThan(0.75);
});

test('nothing to learn and foreign files are errors', () => {
  const normal = studies(10, 4).map((study) => ({ ...study, tags: ['normal'] }));
  expect(() => fitTagHeads(normal, { encoderHash: '' })).toThrow('expected a tag that 8 studies have');
  const path = join(folder, 'foreign.safetensors');
  writeSafetensors(path, new Map([['x', tensor('float32', [1], Float32Array.of(1))]]));
  expect(() => readTagHeads(path)).toThrow(`${path}: expected tag heads`);
});
