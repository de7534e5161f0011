import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { measureEnergy, startEnergy } from './energy.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-energy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function set(zone: string, microjoules: number): void {
  mkdirSync(join(folder, zone), { recursive: true });
  writeFileSync(join(folder, zone, 'energy_uj'), `${microjoules}\n`);
  writeFileSync(join(folder, zone, 'max_energy_range_uj'), '1000000000\n');
}

test('joules of all packages, over the end of a counter, without the zones inside a package', () => {
  set('intel-rapl:0', 5_000_000);
  set('intel-rapl:1', 999_000_000);
  set('intel-rapl:0:0', 1);
  const used = startEnergy(folder, 'no-nvidia-smi');
  set('intel-rapl:0', 7_000_000);
  set('intel-rapl:1', 2_000_000);
  set('intel-rapl:0:0', 900_000_000);
  expect(used()).toBeCloseTo(2 + 3, 9);
});

test('a machine that does not tell gives no number', () => {
  expect(startEnergy(join(folder, 'absent'), 'no-nvidia-smi')()).toBeUndefined();
});

/** A program that says what nvidia-smi would. */
function fakeNvidiaSmi(...lines: string[]): string {
  const path = join(folder, 'nvidia-smi');
  writeFileSync(join(folder, 'said.csv'), `${lines.join('\n')}\n`);
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$1" in *total_energy_consumption*) cat "${folder}/said.csv";; *) exit 6;; esac\n`,
    {
      mode: 0o755,
    },
  );
  return path;
}

test.skipIf(process.platform === 'win32')('joules of all NVIDIA cards, beside those of the processor', () => {
  set('intel-rapl:0', 5_000_000);
  set('intel-rapl:1', 0);
  const nvidiaSmi = fakeNvidiaSmi('GPU-a, 1000', 'GPU-b, 500000');
  const used = measureEnergy({ powercap: folder, nvidiaSmi });
  set('intel-rapl:0', 6_000_000);
  fakeNvidiaSmi('GPU-b, 503000', 'GPU-a, 3500');
  expect(used()).toEqual({ processor: 1, cards: 2.5 + 3, reasons: [] });
});

test.skipIf(process.platform === 'win32')(
  'a card that does not count says so, and so does its absence',
  () => {
    const old = measureEnergy({ powercap: folder, nvidiaSmi: fakeNvidiaSmi('GPU-a, [N/A]') })();
    expect(old.cards).toBeUndefined();
    expect(old.reasons).toEqual(['cards: GPU-a does not count energy ([N/A])']);
    const none = measureEnergy({
      powercap: join(folder, 'absent'),
      nvidiaSmi: join(folder, 'no-such-program'),
    })();
    expect(none.processor).toBeUndefined();
    expect(none.reasons.join()).toMatch(/processor: ENOENT.*cards: .*no-such-program.*ENOENT/);
  },
);
