/** What `plan` predicts of a step's memory and time, beside what a step in a process of its own takes (peak: VmHWM). */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LLAMA_XR, lacks, llamaXr, ROOT, SMOLLM2, scratchFolder } from './peers.ts';

interface Way {
  mode: string;
  peakMemoryBytes: number;
  parts: { name: string; bytes: number }[];
  secondsPerStep: number;
}

const [ROWS, TOKENS, RANK, THREADS] = [4, 128, 16, 2];

describe.skipIf(lacks('LLAMA_XR_MODELS'))('a plan for SmolLM2 (needs LLAMA_XR_MODELS)', () => {
  const folder = scratchFolder();

  test.each([
    ['whole', []],
    ['whole', ['--memory', '4']],
    ['layered', []],
    ['layered', ['--memory', '2']],
  ] as const)('%s %j: peak memory within a tenth, time within a factor of 3', (mode, memory) => {
    const recipe = join(folder, 'recipe.json');
    const fields = { name: 'plan', rank: RANK, batchSize: ROWS, maxTokens: TOKENS, loss: 'all' };
    writeFileSync(recipe, JSON.stringify(fields));
    const flags = ['--base', SMOLLM2, '--recipe', recipe, '--threads', `${THREADS}`, ...memory];
    const { ways } = llamaXr('plan', ...flags) as { ways: Way[] };
    const way = ways.find((one) => one.mode === mode) as Way;
    const kept = way.parts.find(({ name }) => / kept$/.test(name))?.bytes ?? 0;
    expect(kept > 0).toBe(memory.length > 0);
    const measured = JSON.parse(
      execFileSync(
        LLAMA_XR[0],
        [join(ROOT, 'bench/memory-shape.ts'), SMOLLM2, mode, ROWS, TOKENS, RANK, kept / 1e9].map(String),
        { encoding: 'utf8' },
      ),
    ) as { secondsPerStep: number; peakBytes: number };
    expect(Math.abs(way.peakMemoryBytes / measured.peakBytes - 1)).toBeLessThan(0.1);
    // The probe takes its quickest product, the step is slowed by whatever else the machine does: on an idle one a tenth.
    expect(way.secondsPerStep / measured.secondsPerStep).toBeGreaterThan(1 / 3);
    expect(way.secondsPerStep / measured.secondsPerStep).toBeLessThan(3);
  });
});
