/** Graphs as files: what we write is accepted and computed alike by the reference implementations of ONNX. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../packages/core/src/index.ts';
import {
  adaptedLinear,
  compile,
  crossEntropyHead,
  dequantize,
  f32,
  gradient,
  i64,
  input,
  open,
  rmsNorm,
  u8,
} from '../../packages/onnx/src/index.ts';
import type { Tensor, TypedArray } from '../../packages/tensor/src/index.ts';
import { lacks, reference, relativeDifference, scratchFolder } from './peers.ts';

const folder = scratchFolder();

type ShapedFeed = Pick<Tensor, 'shape' | 'data'>;

/** A language model's head over one adapted layer of 4-bit weights: loss, and the gradients of the adapter. */
function headOverAdaptedLayer() {
  const nibbles = input('nibbles', u8, [64, 16]);
  const base = dequantize(
    { nibbles, scale: input('scale', f32, [64, 1]), offset: input('offset', f32, [64, 1]) },
    32,
    64,
  );
  const a = input('a', f32, [2, 64]);
  const b = input('b', f32, [2, 32]);
  const x = rmsNorm(input('x', f32, ['T', 64]), input('norm', f32, [64]), { eps: 1e-5 });
  const [y] = adaptedLinear(x, a, [{ base, b }], { scaling: 2 });
  const head = input('head', f32, [50, 32]);
  const labels = input('labels', i64, ['T', 1]);
  const loss = crossEntropyHead(y!, head, labels, input('weights', f32, ['T', 1]), { chunks: 1 });
  return gradient(loss, { a, b });
}

function feeds(): Record<string, ShapedFeed> {
  const random = new Random(3407);
  const T = 9;
  const normal = (...shape: number[]): ShapedFeed => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random.normal()),
  });
  return {
    nibbles: { shape: [64, 16], data: Uint8Array.from({ length: 1024 }, () => random.int(256)) },
    scale: normal(64, 1),
    offset: normal(64, 1),
    a: normal(2, 64),
    b: normal(2, 32),
    x: normal(T, 64),
    norm: normal(64),
    head: normal(50, 32),
    labels: { shape: [T, 1], data: BigInt64Array.from({ length: T }, () => BigInt(random.int(50))) },
    weights: { shape: [T, 1], data: new Float32Array(T).fill(1 / T) },
  };
}

const numpyName = (data: TypedArray): string =>
  data.constructor.name.replace('Big', '').replace('Array', '').toLowerCase();

describe.skipIf(lacks('LLAMA_XR_PYTHON'))('ONNX in Python (needs LLAMA_XR_PYTHON)', () => {
  test('a loss and its gradients pass onnx.checker, and ONNX Runtime computes what ours does', async () => {
    const results = headOverAdaptedLayer();
    const fed = feeds();
    const graph = join(folder, 'loss.onnx');
    const file = join(folder, 'feeds.json');
    writeFileSync(graph, compile(results).bytes);
    const plain = Object.entries(fed).map(([name, { shape, data }]) => [
      name,
      { type: numpyName(data), shape, data: Array.from(data, Number) },
    ]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(plain)));
    const theirs = JSON.parse(reference('onnx_runtime.py', graph, file)) as Record<string, number[]>;
    await using session = await open(results, { threads: 1 });
    const { loss, gradients } = await session.run(fed);
    expect(Object.keys(theirs).sort()).toEqual(['gradients.a', 'gradients.b', 'loss']);
    const ours = { loss, 'gradients.a': gradients.a, 'gradients.b': gradients.b };
    for (const [name, { data }] of Object.entries(ours))
      expect(relativeDifference(Array.from(data, Number), theirs[name] ?? []), name).toBeLessThan(1e-5);
    expect(Number(loss.data[0])).toBeGreaterThan(0.1);
  });
});
