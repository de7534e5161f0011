/**
 * The layer picture of docs/architecture.md, enforced: a package may depend on those that the picture draws below it,
 * and each outside library has one owner.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const manifests = ['packages', 'apps']
  .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name, 'package.json')))
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Manifest);

const externals = (m: Manifest) =>
  Object.entries({ ...m.dependencies, ...m.optionalDependencies }).filter(
    ([name]) => !name.startsWith('@llama-xr/'),
  );

/** The picture in docs/architecture.md: the lines `package -> packages` between the markers. */
function picture(): Map<string, string[]> {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const block = text.split('<!-- layers -->')[1] ?? '';
  return new Map(
    [...block.matchAll(/^\| `([a-z-]+)` \|.*\|([^|]*)\|$/gm)].map((m) => [
      m[1] as string,
      [...(m[2] as string).matchAll(/[a-z-]+/g)].map((word) => word[0]).filter((word) => word !== 'all'),
    ]),
  );
}

test('each package depends only on those the architecture page draws below it', () => {
  const drawn = picture();
  for (const manifest of manifests) {
    const name = manifest.name.replace('@llama-xr/', '');
    const below = drawn.get(name);
    expect(below, `docs/architecture.md has no row for ${name}`).toBeDefined();
    if (name === 'cli') continue;
    const used = Object.keys(manifest.dependencies ?? {})
      .filter((d) => d.startsWith('@llama-xr/'))
      .map((d) => d.replace('@llama-xr/', ''));
    expect(below, name).toEqual(expect.arrayContaining(used));
  }
});

test('the picture has no cycle', () => {
  const drawn = picture();
  const above = (name: string, path: string[]): void => {
    expect(path, [...path, name].join(' -> ')).not.toContain(name);
    for (const next of drawn.get(name) ?? []) above(next, [...path, name]);
  };
  for (const name of drawn.keys()) above(name, []);
});

test('each outside library has one owner, pinned to one version', () => {
  const owners = new Map<string, string[]>();
  for (const manifest of manifests) {
    for (const [library, version] of externals(manifest)) {
      if (library === 'zod') continue; // input is checked where it enters, in more than one package
      owners.set(library, [...(owners.get(library) ?? []), manifest.name]);
      expect(version, `${manifest.name}: ${library} is not pinned`).toMatch(/^\d/);
    }
  }
  for (const [library, names] of owners) expect(names, library).toHaveLength(1);
});
