import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outsideLibraries } from '../scripts/pack.ts';

const root = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));

test('the published package asks for exactly the outside libraries that the workspaces use', () => {
  const { dependencies, optional } = outsideLibraries();
  expect(root.dependencies).toEqual(dependencies);
  expect(root.optionalDependencies).toMatchObject(optional);
});
