/** What `plan` predicts of a step's memory, beside what the step takes. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LLAMA_XR, lacks, llamaXr, ROOT, SMOLLM2, scratchFolder } from './peers.ts';

interface Plan {
  trainable: number;
  ways: { mode: string; peakMemoryBytes: number; secondsPerStep: number }[];
}

describe.skipIf(lacks('LLAMA_XR_MODELS'))('a plan for SmolLM2 (needs LLAMA_XR_MODELS)', () => {
  const folder = scratchFolder();

  test.each([256, 512])('layered, %d tokens: peak memory within a tenth', (tokens) => {
    const recipe = join(folder, 'recipe.json');
    writeFileSync(recipe, JSON.stringify({ name: 'plan', batchSize: 1, maxTokens: tokens, loss: 'all' }));
    const plan = llamaXr('plan', '--base', SMOLLM2, '--recipe', recipe, '--threads', '1') as Plan;
    const predicted = plan.ways.find(({ mode }) => mode === 'layered')?.peakMemoryBytes as number;
    const said = execFileSync(LLAMA_XR[0], [join(ROOT, 'scripts/step-8b.ts'), SMOLLM2, `${tokens}`], {
      encoding: 'utf8',
    });
    expect(said).toContain(`${plan.trainable} trainable`);
    const measured = 1e9 * Number(/peak ([\d.]+) GB$/.exec(said.trim())?.[1]);
    expect(Math.abs(predicted / measured - 1)).toBeLessThan(0.1);
  });
});
