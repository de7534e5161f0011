/** Memory does not grow with steps: the short form of bench/soak.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type SoakSample, soak } from './testing/soak.ts';

const BASE = join(import.meta.dirname, '../../llama/src/golden/tiny-llama.gguf');
/** A tenth of what one step is fed with: the mask of two rows of 128 tokens alone is 131 kB. */
const MOST_BYTES_PER_STEP = 8_000;

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-soak-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Growth from the second quarter to the last, by medians: the first holds what is made once. */
function bytesPerStep(samples: readonly SoakSample[]): number {
  const quarter = samples.length / 4;
  const middle = (part: readonly SoakSample[]) =>
    part.map(({ bytes }) => bytes).toSorted((a, b) => a - b)[Math.floor(part.length / 2)] as number;
  const growth = middle(samples.slice(-quarter)) - middle(samples.slice(quarter, 2 * quarter));
  return growth / (samples.at(-1)!.step / 2);
}

const run = (leakBytes: number) =>
  soak({ base: BASE, folder: mkdtempSync(join(folder, 'run-')), steps: 800, what: 'loop', leakBytes });

test('the memory of a run does not grow with its steps, and a leak would be seen', async () => {
  const samples = await run(0);
  expect(samples).toHaveLength(80);
  expect(samples.at(-1)!.loss).toBeLessThan(samples[0]!.loss);
  expect(bytesPerStep(samples)).toBeLessThan(MOST_BYTES_PER_STEP);
  expect(bytesPerStep(await run(2 * MOST_BYTES_PER_STEP))).toBeGreaterThan(MOST_BYTES_PER_STEP);
});
