/** Our DICOM files as others read them: DCMTK, the dicom3tools validator, pydicom. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readRadiograph } from '../../packages/imaging/src/index.ts';
import { makePhantoms } from '../../packages/phantom/src/index.ts';
import { lacks, reference, scratchFolder } from './peers.ts';

const folder = scratchFolder();
let files: string[];
beforeAll(async () => {
  await makePhantoms(folder, { count: 6 });
  files = readdirSync(join(folder, 'images')).map((name) => join(folder, 'images', name));
});

test.skipIf(lacks('dcmdump'))('DCMTK reads every phantom without a warning (needs dcmdump)', () => {
  for (const file of files) {
    const { status, stdout, stderr } = spawnSync('dcmdump', [file], { encoding: 'utf8' });
    expect(stderr, file).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/PhotometricInterpretation/);
  }
});

test.skipIf(lacks('dciodvfy'))('dicom3tools finds no error in any phantom (needs dciodvfy)', () => {
  for (const file of files) {
    const { stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    expect(
      stderr.split('\n').filter((line) => line.startsWith('Error')),
      file,
    ).toEqual([]);
  }
});

describe.skipIf(lacks('LLAMA_XR_PYTHON'))('pydicom (needs LLAMA_XR_PYTHON)', () => {
  test('reads the pixels that we read', async () => {
    const theirs = JSON.parse(reference('dicom_pixels.py', ...files)) as Record<
      string,
      { shape: number[]; probes: number[] }
    >;
    for (const file of files) {
      const { width, height, pixels } = await readRadiograph(file);
      const { shape, probes } = theirs[file]!;
      expect([height, width]).toEqual(shape);
      probes.forEach((value, i) => {
        const place = Math.floor((i * width * height) / probes.length);
        expect(Math.abs((pixels[place] as number) - value), `${file}, pixel ${place}`).toBeLessThan(1e-6);
      });
    }
  });
});
