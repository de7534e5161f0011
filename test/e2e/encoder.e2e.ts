/** TorchXRayVision itself, on seeded random weights that PyTorch writes to a file and our importer reads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEncoder } from '../../packages/vision/src/index.ts';
import { formulaImage } from '../../packages/vision/src/testing/formula.ts';
import { lacks, reference, scratchFolder } from './peers.ts';

interface Golden {
  pathologies: string[];
  cases: { image: string; raw: number[]; pooled: { first: number[] } }[];
}

describe.skipIf(lacks('LLAMA_XR_PYTHON'))('TorchXRayVision (needs LLAMA_XR_PYTHON)', () => {
  const folder = scratchFolder();
  let theirs: Golden;
  beforeAll(() => {
    reference('densenet.py', 'golden', join(folder, 'golden.json'));
    theirs = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Golden;
    reference('densenet.py', 'checkpoint', folder);
  });

  test.each(['module.pt', 'legacy.pt', 'old-names.pt', 'model.safetensors'])(
    '%s: scores and features equal its own to 1e-4',
    async (file) => {
      await using encoder = await loadEncoder(join(folder, file));
      const names = theirs.cases.map(({ image }) => image);
      const ours = await encoder.encode(
        names.map((name) => ({ name, projection: 'frontal' as const, pixels: formulaImage(name) })),
      );
      for (const [i, { image, raw, pooled }] of theirs.cases.entries()) {
        const found = ours[i]!;
        const off = (mine: ArrayLike<number>, their: number[]) =>
          Math.max(...their.map((value, k) => Math.abs(value - (mine[k] as number))));
        expect(found.raw).toHaveLength(theirs.pathologies.length);
        expect(off(found.raw, raw), `${image}: scores`).toBeLessThan(1e-4);
        expect(off(found.pooled, pooled.first), `${image}: features`).toBeLessThan(1e-4);
      }
    },
  );
});
