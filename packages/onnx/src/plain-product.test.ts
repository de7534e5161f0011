import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { attention, compile, f32, input, open, openFile, pullback, type Value } from './index.ts';

test('attention and its gradients in products of the standard: the same numbers', async () => {
  const [B, H, K, S, D] = [2, 4, 2, 5, 3];
  const shapes = { q: [B, H, S, D], k: [B, K, S, D], v: [B, K, S, D], mask: [1, 1, S, S], dy: [B, S, H, D] };
  const values = (name: keyof typeof shapes) => input(name, f32, shapes[name]);
  const [q, k, v] = [values('q'), values('k'), values('v')];
  const context = attention(q, k, v, values('mask'), { causalBlocks: 2 });
  const [dq, dk, dv] = pullback([[context, values('dy')]], [q, k, v]) as [Value, Value, Value];
  const results = { context, dq, dk, dv } as const;

  const random = new Random('plain');
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((size, dimension) => size * dimension, 1);
      const causal = (i: number) => (i % S > Math.floor(i / S) ? -1e9 : 0);
      const data = Float32Array.from({ length: count }, (_, i) =>
        name === 'mask' ? causal(i) : random.normal(),
      );
      return [name, { dtype: 'float32' as const, shape, data }];
    }),
  );

  const graph = compile(results, 'plain', { plainProducts: true });
  const types = new Set(graph.nodes.map(({ type }) => type));
  expect([types.has('MatMul'), types.has('FusedMatMul')]).toEqual([true, false]);

  const folder = mkdtempSync(join(tmpdir(), 'llama-xr-plain-'));
  try {
    writeFileSync(join(folder, 'plain.onnx'), graph.bytes);
    await using plain = await openFile(join(folder, 'plain.onnx'), { threads: 1 });
    await using fused = await open(results, { threads: 1 });
    const [expected, found] = [await fused.run(feeds), await plain.run(feeds)];
    for (const name of ['context', 'dq', 'dk', 'dv'] as const) {
      const [right, got] = [expected[name].data as Float32Array, found[name]?.data as Float32Array];
      expect(got.length).toBe(right.length);
      for (const [i, value] of right.entries()) expect(got[i]).toBeCloseTo(value, 5);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
