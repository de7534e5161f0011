/** A base in NF4: as bitsandbytes saves one, and as it is written here. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  adapterParameters,
  type Batch,
  loadAdapter,
  openBaseWeights,
  openTrainingEngine,
  PROJECTIONS,
  writeNf4Folder,
} from '../index.ts';
import { relativeError } from '../model/tiny-llama.ts';
import { floatMatrix } from './float-matrix.ts';

/** By transformers, PEFT and bitsandbytes: see reference/nf4-llama.py. */
const GOLDEN = join(import.meta.dirname, '../golden');
const NF4 = join(GOLDEN, 'tiny-nf4');
const golden = JSON.parse(readFileSync(join(GOLDEN, 'tiny-nf4.json'), 'utf8')) as {
  ids: number[][];
  loss: number;
  gradientNorm: number;
};

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-nf4-'));
afterAll(() => rmSync(folder, { recursive: true }));

function batch(): Batch {
  const [B, S] = [golden.ids.length, (golden.ids[0] as number[]).length];
  const last = (i: number) => (i + 1) % S === 0;
  const ids = Int32Array.from(golden.ids.flat());
  return {
    batch: B,
    sequence: S,
    ids,
    labels: ids.map((_, i) => (last(i) ? 0 : (ids[i + 1] as number))),
    weights: Float32Array.from(ids, (_, i) => (last(i) ? 0 : 1 / (B * (S - 1)))),
  };
}

test.each(['whole', 'layered'] as const)(
  '%s: loss and gradients over an NF4 base are those of transformers, PEFT and bitsandbytes',
  async (mode) => {
    using base = openBaseWeights(NF4);
    expect(base.form(0, 'q')).toBe('code4 float32');
    await using engine = await openTrainingEngine(base, { rank: 2, alpha: 4, mode, threads: 1 });
    const adapter = loadAdapter(join(GOLDEN, 'tiny-nf4-adapter'), base.config);
    engine.parameters.set(adapterParameters(adapter, { targets: PROJECTIONS, seed: 1 }));
    const { loss } = await engine.forwardBackward(batch());
    expect(Math.abs(loss / golden.loss - 1)).toBeLessThan(1e-5);
    expect(Math.abs(Math.hypot(...engine.gradients) / golden.gradientNorm - 1)).toBeLessThan(1e-4);
  },
);

test('a base written in NF4 opens as the same model, to the rounding of NF4', async () => {
  const out = join(folder, 'written');
  const { matrices, tokenizer } = writeNf4Folder(NF4, out);
  expect([matrices, tokenizer]).toEqual([7, false]);
  using before = openBaseWeights(NF4);
  using after = openBaseWeights(out);
  expect(after.config).toEqual(before.config);
  expect(after.outputNorm).toEqual(before.outputNorm);
  expect(after.norms(0)).toEqual(before.norms(0));
  for (const projection of PROJECTIONS) {
    expect(after.form(0, projection)).toBe('code4 float32');
    // Weights of 16 levels find their levels again: what moves is the magnitudes, in 8 bits.
    const error = relativeError(
      floatMatrix(after.matrix(0, projection)),
      floatMatrix(before.matrix(0, projection)),
    );
    expect(error, projection).toBeLessThan(0.01);
  }
});

test('rows that are no whole blocks are refused by name', () => {
  expect(() => writeNf4Folder(join(GOLDEN, 'tiny-llama.gguf'), join(folder, 'narrow'))).toThrow(
    /q_proj\.weight: expected \[16, 16\] in rows of whole blocks of 64/,
  );
});
