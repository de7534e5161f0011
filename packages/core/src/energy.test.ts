import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startEnergy } from './energy.ts';

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
  const used = startEnergy(folder);
  set('intel-rapl:0', 7_000_000);
  set('intel-rapl:1', 2_000_000);
  set('intel-rapl:0:0', 900_000_000);
  expect(used()).toBeCloseTo(2 + 3, 9);
});

test('a machine that does not tell gives no number', () => {
  expect(startEnergy(join(folder, 'absent'))()).toBeUndefined();
});
