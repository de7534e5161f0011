/** The golden gradients are what PyTorch's autograd says today, in float64: they are made again and compared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks, ROOT, reference, relativeDifference } from './peers.ts';

interface Golden {
  adapter: { loss: number; names: string[]; gradients: number[] };
  dense: { loss: number; logits: number[]; gradients: Record<string, [norm: number, product: number]> };
}

describe.skipIf(lacks('LLAMA_XR_PYTHON'))('PyTorch (needs LLAMA_XR_PYTHON)', () => {
  test('loss and gradients of the tiny Llama in float64 are those of the golden file', () => {
    const made = JSON.parse(reference('llama_gradients.py')) as Golden;
    const golden = JSON.parse(
      readFileSync(join(ROOT, 'packages/llama/src/golden/llama-gradients.json'), 'utf8'),
    ) as Golden;
    expect(golden.adapter.names).toEqual(made.adapter.names);
    expect(Object.keys(golden.dense.gradients)).toEqual(Object.keys(made.dense.gradients));
    const pairs: [string, number[], number[]][] = [
      ['losses', [golden.adapter.loss, golden.dense.loss], [made.adapter.loss, made.dense.loss]],
      ['adapter', golden.adapter.gradients, made.adapter.gradients],
      ['logits', golden.dense.logits, made.dense.logits],
      ['dense', Object.values(golden.dense.gradients).flat(), Object.values(made.dense.gradients).flat()],
    ];
    for (const [name, ours, theirs] of pairs)
      expect(relativeDifference(ours, theirs), name).toBeLessThan(1e-9);
  });
});
