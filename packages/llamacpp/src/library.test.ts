import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findLibrary, nativeLibraries } from './library.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-library-'));
afterAll(() => rmSync(folder, { recursive: true }));

const platform = { name: 'linux-x64', glibc: '2.36', resolve: () => join(folder, 'dist', 'index.js') };

test('a machine without a build is told what to install, or which machines have one', () => {
  const empty = { ...platform, resolve: () => undefined };
  expect(() => findLibrary('cpu', empty)).toThrow(/@node-llama-cpp\/linux-x64 is not installed/);
  expect(() => findLibrary('metal', platform)).toThrow(
    /not prebuilt for linux-x64 metal, only for .*darwin-arm64 metal/,
  );
  expect(() => findLibrary('cpu', { ...platform, name: 'aix-ppc64' })).toThrow(/not prebuilt for aix-ppc64/);
});

test('an old or foreign C library is named before anything is loaded', () => {
  expect(() => findLibrary('cpu', { ...platform, glibc: '2.31' })).toThrow(
    /glibc >= 2\.34, this system has 2\.31/,
  );
  expect(() => findLibrary('cpu', { ...platform, glibc: undefined })).toThrow(/another C library/);
});

test('another llama.cpp than those whose structs are known is refused', () => {
  const bins = join(folder, 'bins', 'linux-x64');
  mkdirSync(bins, { recursive: true });
  const record = (release: string) =>
    writeFileSync(
      join(bins, '_nlcBuildMetadata.json'),
      JSON.stringify({ buildOptions: { llamaCpp: { release } } }),
    );
  expect(() => findLibrary('cpu', platform)).toThrow(/cannot read which llama\.cpp this is/);
  record('v0.9.0');
  expect(() => findLibrary('cpu', platform)).toThrow(/expected llama\.cpp 0\.5\.0 or 0\.4\.0, got 0\.9\.0/);
  record('v0.5.0');
  expect(() => findLibrary('cpu', platform)).toThrow(/this part of llama\.cpp is missing/);
});

test('what doctor prints', () => {
  expect(nativeLibraries('metal')).toEqual(
    process.platform === 'darwin'
      ? expect.anything()
      : { found: false, reason: expect.stringContaining('metal') },
  );
});
