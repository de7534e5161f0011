/** `npm run bench`: every benchmark against its peer, one after the other. On an idle machine, since they are timed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHMARKS = ['training.ts', 'generation.ts', 'vision.ts', 'metrics.ts', 'labels.ts'];

for (const script of BENCHMARKS) {
  console.log(`\n== ${script.replace('.ts', '')}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
