/**
 * Every benchmark against its peer, one after the other; on an idle machine, since they are timed. Names choose some of them,
 * and flags go to those:
 *
 *     npm run bench
 *     npm run bench -- training
 *     npm run bench -- iu-training --quick
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../packages/core/src/index.ts';

const BENCHMARKS = ['training', 'iu-training', 'generation', 'vision', 'metrics', 'labels'];

const given = process.argv.slice(2);
const flags = given.filter((argument) => argument.startsWith('--'));
const chosen = given.filter((argument) => !argument.startsWith('--'));
const unknown = chosen.find((name) => !BENCHMARKS.includes(name));
if (unknown !== undefined)
  fail('USAGE', `benchmarks: expected some of ${BENCHMARKS.join(', ')}, got ${unknown}`);
if (chosen.length === 0 && flags.length > 0)
  fail('USAGE', `benchmarks: expected names before flags, got ${flags.join(' ')} alone`);

// As the command line does: compiled code is kept, as Python keeps its .pyc.
const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env };

for (const name of chosen.length > 0 ? chosen : BENCHMARKS) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) process.exitCode = 1;
}
