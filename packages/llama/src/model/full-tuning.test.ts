/** A base in 4 bits, the same in float16, and the same as parameters: one model. */
import { expect, test } from 'vitest';
import { inFloat16, openFullTuningEngine } from './full-tuning.ts';
import { tinyBatch, tinyEngine, tinyWeights } from './tiny-llama.ts';

test.each(['whole', 'layered'] as const)(
  '%s: LoRA over float16 starts at nearly the loss of 4 bits',
  async (mode) => {
    await using packed = await tinyEngine({ mode });
    await using half = await tinyEngine({ mode }, await inFloat16(tinyWeights()));
    const expected = await packed.forwardBackward(tinyBatch());
    const { loss } = await half.forwardBackward(tinyBatch());
    expect(loss).not.toBe(expected.loss);
    expect(Math.abs(loss - expected.loss)).toBeLessThan(2e-3);
  },
);

test('full tuning starts at the loss of the bare base, and a step against its gradient lowers it', async () => {
  await using bare = await tinyEngine({ rank: 0 });
  await using full = await openFullTuningEngine(tinyWeights(), { threads: 1 });
  const batch = tinyBatch();
  const before = await full.loss(batch);
  expect(Math.abs(before - (await bare.loss(batch)))).toBeLessThan(1e-5);
  const { loss } = await full.forwardBackward(batch);
  expect(Math.abs(loss - before)).toBeLessThan(1e-5);
  full.gradients.forEach((gradient, i) => {
    full.parameters[i] = (full.parameters[i] as number) - 0.05 * gradient;
  });
  expect(await full.loss(batch)).toBeLessThan(before);
});
