/** Writes the workspaces' outside libraries into the root manifest, which is the one that `npm pack` publishes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson } from '../packages/core/src/files.ts';
import { outsideLibraries } from './pack.ts';

const path = join(import.meta.dirname, '../package.json');
const root = JSON.parse(readFileSync(path, 'utf8'));
const { dependencies, optional } = outsideLibraries();
const sorted = (libraries: Record<string, string>) =>
  Object.fromEntries(Object.entries(libraries).sort(([a], [b]) => (a < b ? -1 : 1)));
writeJson(path, {
  ...root,
  dependencies: sorted(dependencies),
  optionalDependencies: sorted({ ...root.optionalDependencies, ...optional }),
});
