/** Products in float16: what is rounded, what is not, and why base and adapter are computed apart. */
import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { compile } from './graph.ts';
import { gemm } from './operators/matrix.ts';
import { adaptedLinear, droppedAdaptedLinear } from './operators/quantized.ts';
import { open } from './session.ts';
import { f32, input } from './value.ts';

const [T, IN, OUT, RANK] = [4, 32, 16, 2];
const random = new Random(3);
const normal = (count: number, deviation = 1) =>
  Float32Array.from({ length: count }, () => deviation * random.normal());

/** The nearest number of 11 significant bits. */
const half = (x: number): number => {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10);
  return x === 0 ? 0 : Math.round(x / unit) * unit;
};

test('factors are rounded to float16, sums are not, the third input is not', async () => {
  const [a, b, c] = [input('a', f32, [1, IN]), input('b', f32, [IN, 1]), input('c', f32, [1, 1])];
  const feeds = { a: normal(IN), b: normal(IN), c: Float32Array.of(1 / 3) };
  await using session = await open(gemm(a, b, { c }), { precision: 'float16' });
  const expected = half(feeds.a.reduce((sum, value, i) => sum + half(value) * half(feeds.b[i] as number), 0));
  const { data } = await session.run(feeds);
  expect(Number(data[0])).toBeCloseTo(expected + 1 / 3, 6);
});

test('a factor that two products read is rounded once', () => {
  const [x, a, b] = [input('x', f32, ['T', IN]), input('a', f32, [IN, 3]), input('b', f32, [IN, 5])];
  const { nodes } = compile([gemm(x, a), gemm(x, b)], 'two', { precision: 'float16' });
  expect(nodes.filter(({ inputs }) => inputs[0] === 'x')).toHaveLength(1);
});

test('an update too small for float16 beside its weight still counts, where base and adapter are apart', async () => {
  const x = input('x', f32, [T, IN]);
  const a = input('a', f32, [RANK, IN]);
  const weights = [{ base: input('base', f32, [OUT, IN]), b: input('b', f32, [RANK, OUT]) }];
  const feeds = {
    x: normal(T * IN),
    a: normal(RANK * IN),
    base: normal(OUT * IN),
    b: normal(RANK * OUT, 2e-5),
  };
  const bare = { ...feeds, b: new Float32Array(RANK * OUT) };
  const apart = droppedAdaptedLinear(x, a, weights, { scaling: 1 })[0]!;
  const merged = adaptedLinear(x, a, weights, { scaling: 1 })[0]!;
  /** What the adapter changes. */
  const change = async (graph: typeof apart, precision: 'float32' | 'float16') => {
    await using session = await open(graph, { precision });
    const adapted = (await session.run(feeds)).data as Float32Array;
    const unadapted = (await session.run(bare)).data as Float32Array;
    return Array.from(adapted, (value, i) => value - (unadapted[i] as number));
  };
  const exact = await change(merged, 'float32');
  const error = (found: number[]) => Math.hypot(...found.map((v, i) => v - exact[i]!)) / Math.hypot(...exact);
  expect(error(await change(apart, 'float32'))).toBeLessThan(0.01);
  expect(error(await change(apart, 'float16'))).toBeLessThan(0.01);
  expect(error(await change(merged, 'float16'))).toBeGreaterThan(0.5);
});
