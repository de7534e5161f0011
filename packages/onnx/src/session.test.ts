/** Running graphs: feeds and their mistakes, forms of results, devices, what only float32 has. */
import { Random } from '@llama-xr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  add,
  averagePool2d,
  batchNormalization,
  cast,
  concat,
  conv2d,
  dequantize,
  f32,
  globalAveragePool,
  i64,
  input,
  installedDevices,
  linear,
  maxPool2d,
  multiply,
  open,
  pullback,
  reshape,
  rotary,
  scale,
  sigmoid,
  silu,
  split,
  swiglu,
  transpose,
  u8,
  type Value,
} from './index.ts';

const threads = 1;
const random = new Random('session');
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((total, x, i) => total + x * (b[i] as number), 0);

test('answers come in the form of the results', async () => {
  const x = input('x', f32, ['T', 2]);
  await using session = await open({ pair: [x, scale(x, 2)], inner: { sum: add(x, x) } }, { threads });
  const { pair, inner } = await session.run({ x: Float32Array.of(1, 2, 3, 4) });
  expect(pair[0].shape).toEqual([2, 2]);
  expect([...pair[1].data]).toEqual([2, 4, 6, 8]);
  expect([...inner.sum.data]).toEqual([2, 4, 6, 8]);
  expect(inner.sum.dtype).toBe('float32');
});

test('an array can take a result', async () => {
  const x = input('x', f32, ['T']);
  await using session = await open({ y: { z: scale(x, 2) } }, { threads });
  const target = new Float32Array(5);
  await session.run({ x: Float32Array.of(1, 2, 3) }, { 'y.z': target.subarray(1, 4) });
  expect([...target]).toEqual([0, 2, 4, 6, 0]);
  await expect(session.run({ x: Float32Array.of(1) }, { 'y.z': target })).rejects.toThrow(
    /y\.z: expected room for 1/,
  );
});

test('sizes of named dimensions are found where a graph needs them', async () => {
  const x = input('x', f32, ['B*S', 6]);
  const mask = input('mask', f32, ['S', 'S']);
  const heads = transpose(reshape(x, ['B', 'S', 2, 3]), [0, 2, 1, 3]);
  const [first] = split(reshape(transpose(heads, [0, 2, 1, 3]), ['B*S', 6]), 2, 1) as [Value, Value];
  await using session = await open({ first, mask, heads }, { threads });
  const data = normal(2 * 5 * 6);
  const found = await session.run({ x: { shape: [10, 6], data }, mask: { shape: [5, 5], data: normal(25) } });
  expect(found.heads.shape).toEqual([2, 2, 5, 3]);
  expect(found.first.data[3]).toBe(data[6]);
});

test('feeds that do not fit are refused by name', async () => {
  const x = input('x', f32, ['T', 2]);
  const y = input('y', f32, ['T', 2]);
  await using session = await open({ sum: add(x, y), labels: input('labels', i64, ['T']) }, { threads });
  const good = { x: new Float32Array(4), y: new Float32Array(4), labels: new BigInt64Array(2) };
  await session.run(good);
  const { y: _, ...missing } = good;
  await expect(session.run(missing)).rejects.toThrow(/y: expected a feed/);
  await expect(session.run({ ...good, y: new Float32Array(6) })).rejects.toThrow(
    /y: expected shape \[T, 2\] with T = 2, got 6 elements/,
  );
  await expect(session.run({ ...good, x: { shape: [2, 3], data: new Float32Array(6) } })).rejects.toThrow(
    /x: expected shape \[T, 2\].*, got \[2, 3\]/,
  );
  await expect(session.run({ ...good, labels: new Int32Array(2) })).rejects.toThrow(
    /labels: expected BigInt64Array for int64, got Int32Array/,
  );
  await expect(session.run({ ...good, x: { shape: [2, 2], data: new Float32Array(3) } })).rejects.toThrow(
    /x: expected 4 elements for \[2, 2\], got 3/,
  );
});

test('two open sizes need a tensor with its shape', async () => {
  await using session = await open(sigmoid(input('x', f32, ['A', 'B'])), { threads });
  await expect(session.run({ x: new Float32Array(6) })).rejects.toThrow(/since A and B are open/);
  expect((await session.run({ x: { shape: [2, 3], data: new Float32Array(6) } })).shape).toEqual([2, 3]);
});

test('what ONNX Runtime refuses is an error with its words, and a closed session is named', async () => {
  const wrong = input('rows', i64, ['N']);
  const table = input('table', f32, [2, 1]);
  const { gatherRows } = await import('./index.ts');
  const session = await open(gatherRows(table, wrong), { threads, name: 'rows of a table' });
  const feeds = { table: new Float32Array(2), rows: BigInt64Array.of(9n) };
  await expect(session.run(feeds)).rejects.toThrow(/rows of a table: ONNX Runtime stopped: .*out of/);
  await session[Symbol.asyncDispose]();
  await expect(session.run(feeds)).rejects.toThrow(/rows of a table: this session was closed/);
  await session[Symbol.asyncDispose]();
});

test('an input that is given at the opening need not be fed', async () => {
  const x = input('x', f32, ['T', 3]);
  const w = input('w', f32, [2, 3]);
  const bytes = input('bytes', u8, [2, 3]);
  const results = { y: linear(x, w), z: linear(x, cast(bytes, f32)) };
  const resident = { w: Float32Array.of(1, 2, 3, 4, 5, 6), bytes: Uint8Array.of(1, 0, 0, 0, 250, 0) };
  await using session = await open(results, { threads }, resident);
  const { y, z } = await session.run({ x: Float32Array.of(1, 10, 100) });
  expect([...y.data, ...z.data]).toEqual([321, 654, 1, 2500]);

  await expect(open(results, {}, { w: new Float32Array(5) })).rejects.toThrow(/w: expected .*\[2, 3\]/);
  await expect(open(results, {}, { v: new Float32Array(5) })).rejects.toThrow(
    /resident v: expected an input/,
  );
  await expect(open(results, {}, { x: new Float32Array(3) })).rejects.toThrow(/resident x: expected sizes/);
});

test('devices: the CPU is there, and one that is not installed is refused by name', async () => {
  expect(installedDevices()).toContain('cpu');
  const missing = (['cuda', 'coreml', 'directml'] as const).filter(
    (device) => !installedDevices().includes(device),
  );
  for (const device of missing) {
    await expect(open(sigmoid(input('x', f32, [1])), { device })).rejects.toThrow(
      new RegExp(`device: expected one of .* got ${device}`),
    );
  }
  await using session = await open(sigmoid(input('x', f32, [1])), { device: 'auto', threads });
  expect([...(await session.run({ x: Float32Array.of(0) })).data]).toEqual([0.5]);
});

for (const bytes of [16, 32]) {
  test(`dequantize is exact: nibble * scale + offset in float32, from ${bytes} bytes a block`, async () => {
    const [rows, columns, blocks] = [3, 64, 6];
    const parts = {
      nibbles: input('n', u8, [blocks, bytes]),
      scale: input('s', f32, [blocks, 1]),
      offset: input('o', f32, [blocks, 1]),
    };
    await using session = await open(dequantize(parts, rows, columns), { threads });
    const n = Uint8Array.from({ length: blocks * bytes }, () => random.int(bytes === 16 ? 256 : 16));
    const [s, o] = [normal(blocks), normal(blocks)];
    const { data } = await session.run({ n, s, o });
    for (let i = 0; i < rows * columns; i++) {
      const block = Math.floor(i / 32);
      const byte = n[block * bytes + (i % bytes)] as number;
      const nibble = i % 32 < 16 || bytes === 32 ? byte & 15 : byte >> 4;
      expect(data[i]).toBe(Math.fround(Math.fround(nibble * (s[block] as number)) + (o[block] as number)));
    }
  });
}

test('rotary turns each pair by its angle, and its derivative turns back', async () => {
  const shape = ['B', 2, 'S', 4];
  const x = input('x', f32, shape);
  const dy = input('dy', f32, shape);
  const table = (name: string) => input(name, f32, ['P', 2]);
  const y = rotary(x, input('positions', i64, ['B', 'S']), table('cosine'), table('sine'));
  const [dx] = pullback([[y, dy]], [x]) as [Value];
  await using session = await open({ y, dx }, { threads });
  const [a, b] = [normal(24), normal(24)];
  const angles = normal(10);
  const found = await session.run({
    x: { shape: [1, 2, 3, 4], data: a },
    dy: { shape: [1, 2, 3, 4], data: b },
    positions: { shape: [1, 3], data: BigInt64Array.of(4n, 0n, 2n) },
    cosine: { shape: [5, 2], data: angles.map(Math.cos) },
    sine: { shape: [5, 2], data: angles.map(Math.sin) },
  });
  const angle = angles[4 * 2 + 1] as number; // position 4, pair 1 of the first token
  const [even, odd] = [a[2] as number, a[3] as number];
  expect(found.y.data[2]).toBeCloseTo(even * Math.cos(angle) - odd * Math.sin(angle), 5);
  expect(found.y.data[3]).toBeCloseTo(even * Math.sin(angle) + odd * Math.cos(angle), 5);
  // The derivative of a linear map is its transpose: <y(x), dy> = <x, dx(dy)>.
  expect(dot(found.y.data as Float32Array, b)).toBeCloseTo(dot(a, found.dx.data as Float32Array), 4);
});

test('silu and swiglu in float32 are what their equations say, backward too', async () => {
  const [x, u, dy] = ['x', 'u', 'dy'].map((name) => input(name, f32, ['T'])) as [Value, Value, Value];
  const y = swiglu(x, u);
  const [dx, du] = pullback([[y, dy]], [x, u]) as [Value, Value];
  await using session = await open({ activated: silu(x), y, dx, du }, { threads });
  const [a, b, d] = [normal(9), normal(9), normal(9)];
  const found = await session.run({ x: a, u: b, dy: d });
  a.forEach((value, i) => {
    const s = 1 / (1 + Math.exp(-value));
    const [up, slope] = [b[i] as number, d[i] as number];
    expect(found.activated.data[i]).toBeCloseTo(value * s, 5);
    expect(found.y.data[i]).toBeCloseTo(value * s * up, 5);
    expect(found.dx.data[i]).toBeCloseTo(slope * up * s * (1 + value * (1 - s)), 5);
    expect(found.du.data[i]).toBeCloseTo(slope * value * s, 5);
  });
});

test('convolution and pooling, against sums written out', async () => {
  const x = input('x', f32, ['B', 2, 4, 4]);
  const weight = input('w', f32, [3, 2, 3, 3]);
  const statistics = Object.fromEntries(
    ['scale', 'bias', 'mean', 'variance'].map((name) => [name, input(name, f32, [2])]),
  );
  await using session = await open(
    {
      convolved: conv2d(x, weight, { stride: 2, padding: 1, bias: input('b', f32, [3]) }),
      largest: maxPool2d(x, 2, { stride: 2 }),
      means: averagePool2d(x, 2, { stride: 2 }),
      overall: globalAveragePool(x),
      normalised: batchNormalization(x, statistics as unknown as Parameters<typeof batchNormalization>[1], {
        eps: 0.5,
      }),
      joined: concat([x, x], 1),
    },
    { threads },
  );
  const [a, w, b] = [normal(32), normal(54), normal(3)];
  const given = {
    scale: Float32Array.of(2, 3),
    bias: Float32Array.of(1, 0),
    mean: Float32Array.of(0.5, 0),
    variance: Float32Array.of(4, 1),
  };
  const found = await session.run({ x: a, w, b, ...given });
  const pixel = (c: number, i: number, j: number) =>
    i < 0 || j < 0 || i > 3 || j > 3 ? 0 : (a[(c * 4 + i) * 4 + j] as number);
  let total = b[1] as number; // filter 1 at output row 1, column 0
  for (let c = 0; c < 2; c++)
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) total += pixel(c, 1 + i, -1 + j) * (w[((2 + c) * 3 + i) * 3 + j] as number);
  expect(found.convolved.shape).toEqual([1, 3, 2, 2]);
  expect(found.convolved.data[4 + 2]).toBeCloseTo(total, 4);
  const window = [pixel(0, 0, 2), pixel(0, 0, 3), pixel(0, 1, 2), pixel(0, 1, 3)];
  expect(found.largest.data[1]).toBe(Math.max(...window));
  expect(found.means.data[1]).toBeCloseTo(window.reduce((sum, v) => sum + v, 0) / 4, 5);
  expect(found.overall.shape).toEqual([1, 2, 1, 1]);
  expect(found.overall.data[1]).toBeCloseTo(dot(a.subarray(16), new Float32Array(16).fill(1 / 16)), 5);
  expect(found.normalised.data[0]).toBeCloseTo((((a[0] as number) - 0.5) / Math.sqrt(4.5)) * 2 + 1, 5);
  expect(found.joined.shape).toEqual([1, 4, 4, 4]);
});

test('fused residuals compute the same as their parts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), async (rows) => {
      const x = input('x', f32, ['T', 3]);
      const w = input('w', f32, [3, 3]);
      const y = linear(x, w);
      await using session = await open(
        { fused: add(x, linear(x, w)), parts: add(x, y), y, twice: multiply(y, y) },
        { threads },
      );
      const found = await session.run({ x: normal(rows * 3), w: normal(9) });
      found.parts.data.forEach((value, i) => {
        expect(found.fused.data[i]).toBeCloseTo(Number(value), 5);
      });
    }),
    { numRuns: 3, seed: 1 },
  );
});
