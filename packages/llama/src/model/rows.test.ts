/** Rows of unusual lengths give what their texts give in rows of their own. */
import { expect, test } from 'vitest';
import type { Batch } from './batch.ts';
import { relativeError, TINY, tinyEngine } from './tiny-llama.ts';

/** Texts of `length` tokens, each in its row, or all in one. */
function texts(count: number, length: number, packed: boolean): Batch {
  const size = count * length;
  const ids = Int32Array.from({ length: size }, (_, i) => (7 * i + 3) % TINY.vocabulary);
  const labels = Int32Array.from(ids, (id) => (id + 5) % TINY.vocabulary);
  const weights = new Float32Array(size).fill(1 / size);
  const segments = Int32Array.from(ids, (_, i) => Math.floor(i / length));
  return packed
    ? { batch: 1, sequence: size, ids, labels, weights, segments }
    : { batch: count, sequence: length, ids, labels, weights };
}

for (const [name, count, length] of [
  ['one token', 6, 1],
  ['more tokens than the model has positions', 150, 4],
] as const) {
  for (const mode of ['whole', 'layered'] as const) {
    test(`${mode}: rows of ${name}`, async () => {
      await using engine = await tinyEngine({ mode });
      const alone = await engine.forwardBackward(texts(count, length, false));
      const gradients = engine.gradients.slice();
      const together = await engine.forwardBackward(texts(count, length, true));
      expect(together.loss).toBeCloseTo(alone.loss, 5);
      expect(relativeError(engine.gradients, gradients)).toBeLessThan(1e-5);
    });
  }
}
