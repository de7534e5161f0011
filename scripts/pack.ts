/**
 * Emits the published package's JavaScript into dist/ (`npm pack` runs this): Node strips no types under
 * node_modules. The workspaces are bundled, outside libraries stay dependencies.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { assemblePageScript, BUILT_SCRIPT } from '../packages/review/src/page-script.ts';

const ROOT = join(import.meta.dirname, '..');

/** Programs of their own: the command line, and the processes and threads it starts by file name. */
const ENTRIES = {
  main: 'apps/cli/src/main.ts',
  'training-thread': 'packages/llama/src/model/training-thread.ts',
  'variant-process': 'apps/cli/src/efficiency/variant-process.ts',
  'device-process': 'apps/cli/src/devices/device-process.ts',
  child: 'packages/llamacpp/src/child.ts',
};

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const manifest = (path: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));

/** Every outside library of the workspaces with its pinned version. */
export function outsideLibraries(): {
  dependencies: Record<string, string>;
  optional: Record<string, string>;
} {
  const dependencies: Record<string, string> = {};
  const optional: Record<string, string> = {};
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(ROOT, group))) {
      const { dependencies: needed = {}, optionalDependencies = {} } = manifest(join(group, name));
      for (const [library, version] of Object.entries(needed)) {
        if (!library.startsWith('@llama-xr/')) dependencies[library] = version;
      }
      Object.assign(optional, optionalDependencies);
    }
  }
  return { dependencies, optional };
}

async function emit(): Promise<void> {
  const { dependencies, optional } = outsideLibraries();
  const libraries = [...Object.keys(dependencies), ...Object.keys(optional)];
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  await build({
    cwd: ROOT,
    input: ENTRIES,
    platform: 'node',
    external: (id) => libraries.some((library) => id === library || id.startsWith(`${library}/`)),
    output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' },
  });
  // What the pages of a review run: no part of the program, but a file that it reads.
  writeFileSync(join(ROOT, 'dist', BUILT_SCRIPT), assemblePageScript());
}

if (process.argv[1] === import.meta.filename) await emit();
