/** `npm run bench`: every benchmark against its peer, one after the other. On an idle machine, since they are timed. */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BENCHMARKS = ['training.ts', 'generation.ts', 'vision.ts', 'metrics.ts', 'labels.ts'];

// As the command line does: compiled code is kept, as Python keeps its .pyc.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env };

for (const script of BENCHMARKS) {
  console.log(`\n== ${script.replace('.ts', '')}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script)], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) process.exitCode = 1;
}
