/** Every derivative against finite differences in float64, over random shapes and with broadcasting. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DerivativeCase, derivativeError } from '../finite-differences.ts';
import { f64, i64, input, type Value } from '../value.ts';
import { attention, silu, swiglu } from './attention.ts';
import {
  add,
  divide,
  exponential,
  logarithm,
  multiply,
  negate,
  relu,
  scale,
  sigmoid,
  squareRoot,
  subtract,
} from './elementwise.ts';
import { gatherRows } from './indexing.ts';
import { concat, reshape, split, transpose } from './layout.ts';
import { crossEntropy, crossEntropyHead } from './loss.ts';
import { gemm, linear, matmul } from './matrix.ts';
import { logSoftmax, mean, rmsNorm, softmax } from './normalization.ts';
import { adaptedLinear, droppedAdaptedLinear, frozenLinear } from './quantized.ts';
import { expand, sum } from './reduction.ts';

const TOLERANCE = 1e-7;
const RUNS = { numRuns: 4, seed: 7 };

const dimension = fc.integer({ min: 1, max: 4 });
const shapes = fc.array(dimension, { minLength: 1, maxLength: 3 });
/** A shape, and one that broadcasts to it: axes dropped at the front or set to 1. */
const broadcastPair = fc
  .tuple(shapes, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 2 }))
  .map(([a, ones, drop]) => ({
    a,
    b: a.map((size, i) => (ones[i] ? 1 : size)).slice(Math.min(drop, a.length - 1)),
  }));

const positive = (shape: readonly number[]) =>
  Float64Array.from({ length: shape.reduce((size, d) => size * d, 1) }, (_, i) => 0.5 + ((i * 37) % 11) / 5);

async function expectDerivative(testCase: DerivativeCase): Promise<void> {
  expect(await derivativeError(testCase)).toBeLessThan(TOLERANCE);
}

const binaries: [string, (a: Value, b: Value) => Value][] = [
  ['add', add],
  ['subtract', subtract],
  ['multiply', multiply],
  ['divide', divide],
];
for (const [name, operator] of binaries) {
  test(`${name}, broadcast either way`, async () => {
    await fc.assert(
      fc.asyncProperty(broadcastPair, async ({ a, b }) => {
        const parameters = { a: { shape: a, data: positive(a) }, b: { shape: b, data: positive(b) } };
        await expectDerivative({ parameters, build: ({ a, b }) => operator(a as Value, b as Value) });
        await expectDerivative({ parameters, build: ({ a, b }) => operator(b as Value, a as Value) });
      }),
      RUNS,
    );
  });
}

const unaries: [string, (x: Value) => Value][] = [
  ['negate', negate],
  ['exponential', exponential],
  ['logarithm', logarithm],
  ['squareRoot', squareRoot],
  ['sigmoid', sigmoid],
  ['silu', silu],
  ['scale', (x) => scale(x, -1.5)],
  ['relu', (x) => relu(subtract(x, scale(expand(sum(x, { keep: true }), x.shape), 0.1)))],
  ['softmax', softmax],
  ['logSoftmax', logSoftmax],
  ['sum of all', (x) => sum(x)],
  ['sum of an axis, squared', (x) => multiply(sum(x, { axes: [-1] }), sum(x, { axes: [-1] }))],
  ['mean, kept', (x) => multiply(x, mean(x, { axes: [0], keep: true }))],
  ['reshape', (x) => reshape(x, [x.shape.reduce<number>((size, d) => size * Number(d), 1), 1])],
  ['transpose', (x) => transpose(x, [...x.shape.keys()].reverse())],
  ['expand', (x) => expand(x, [2, ...x.shape])],
  ['a value used three times', (x) => multiply(add(x, x), x)],
];
for (const [name, operator] of unaries) {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        await expectDerivative({
          parameters: { x: { shape, data: positive(shape) } },
          build: ({ x }) => operator(x as Value),
        });
      }),
      RUNS,
    );
  });
}

test('concat and split, also where a part is not used', async () => {
  await fc.assert(
    fc.asyncProperty(dimension, dimension, async (rows, columns) => {
      await expectDerivative({
        parameters: { a: { shape: [rows, columns] }, b: { shape: [rows, 2] } },
        build: ({ a, b }) =>
          multiply(concat([a as Value, b as Value], 1), concat([a as Value, b as Value], -1)),
      });
      await expectDerivative({
        parameters: { x: { shape: [rows, 3 * columns] } },
        build: ({ x }) => {
          const [first, , third] = split(x as Value, 3, 1) as [Value, Value, Value];
          return multiply(first, exponential(third));
        },
      });
    }),
    RUNS,
  );
});

test('gatherRows adds up rows taken twice', async () => {
  await expectDerivative({
    parameters: { table: { shape: [5, 3] } },
    feeds: { rows: { shape: [2, 2], data: BigInt64Array.of(4n, 1n, 4n, 0n) } },
    build: ({ table }) => exponential(gatherRows(table as Value, input('rows', i64, [2, 2]))),
  });
});

test('gemm, for all transpositions and third inputs', async () => {
  const third = fc.constantFrom<'none' | 'matrix' | 'row' | 'column'>('none', 'matrix', 'row', 'column');
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(dimension, dimension, dimension),
      fc.tuple(fc.boolean(), fc.boolean(), third),
      async ([m, k, n], [transposeA, transposeB, kind]) => {
        const shape = { none: undefined, matrix: [m, n], row: [n], column: [m, 1] }[kind];
        await expectDerivative({
          parameters: {
            a: { shape: transposeA ? [k, m] : [m, k] },
            b: { shape: transposeB ? [n, k] : [k, n] },
            ...(shape === undefined ? {} : { c: { shape } }),
          },
          build: ({ a, b, c }) =>
            gemm(a as Value, b as Value, {
              transposeA,
              transposeB,
              alpha: 0.7,
              ...(c === undefined ? {} : { c }),
            }),
        });
      },
    ),
    { ...RUNS, numRuns: 10 },
  );
});

test('matmul of batches, broadcast', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(dimension, dimension, dimension, dimension),
      fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      async ([batch, m, k, n], [transposeA, transposeB, shared]) => {
        await expectDerivative({
          parameters: {
            a: { shape: [2, batch, ...(transposeA ? [k, m] : [m, k])] },
            b: { shape: [...(shared ? [1] : [2, batch]), ...(transposeB ? [n, k] : [k, n])] },
          },
          build: ({ a, b }) => matmul(a as Value, b as Value, { transposeA, transposeB, alpha: 1.3 }),
        });
      },
    ),
    { ...RUNS, numRuns: 8 },
  );
});

test('a residual around a product, which becomes its third input', async () => {
  await expectDerivative({
    parameters: { x: { shape: [3, 4] }, w: { shape: [4, 4] } },
    build: ({ x, w }) => add(x as Value, linear(x as Value, w as Value)),
  });
});

test('rmsNorm', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      await expectDerivative({
        parameters: { x: { shape }, w: { shape: shape.slice(-1) } },
        build: ({ x, w }) => rmsNorm(x as Value, w as Value, { eps: 1e-2 }),
      });
    }),
    RUNS,
  );
});

test('swiglu', async () => {
  await expectDerivative({
    parameters: { gate: { shape: [3, 5] }, up: { shape: [3, 5] } },
    build: ({ gate, up }) => swiglu(gate as Value, up as Value),
  });
});

for (const causalBlocks of [1, 3]) {
  test(`attention with grouped queries and a mask, queries in ${causalBlocks} blocks`, async () => {
    const sizes = fc.record({
      batch: dimension,
      groups: dimension,
      keyHeads: dimension,
      length: fc.integer({ min: 1, max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, groups, keyHeads, length }) => {
        const keys = [batch, keyHeads, length, 3];
        const mask = Float64Array.from({ length: length * length }, (_, i) =>
          i % length > Math.floor(i / length) ? -1e30 : 0,
        );
        await expectDerivative({
          parameters: {
            q: { shape: [batch, groups * keyHeads, length, 3] },
            k: { shape: keys },
            v: { shape: keys },
          },
          feeds: { mask: { shape: [1, 1, length, length], data: mask } },
          build: ({ q, k, v }) =>
            attention(q as Value, k as Value, v as Value, input('mask', f64, [1, 1, length, length]), {
              causalBlocks,
            }),
        });
      }),
      { ...RUNS, numRuns: 6, examples: [[{ batch: 2, groups: 2, keyHeads: 1, length: 1 }]] },
    );
  });
}

for (const mergeAgain of [false, true]) {
  test(`adaptedLinear, ${mergeAgain ? 'merging again' : 'keeping what it merged'}`, async () => {
    await expectDerivative({
      parameters: {
        x: { shape: [3, 4] },
        a: { shape: [4, 4] },
        b0: { shape: [2, 5] },
        b1: { shape: [2, 3] },
      },
      feeds: { w0: positive([5, 4]), w1: positive([3, 4]) },
      build: ({ x, a, b0, b1 }) => {
        const weights = [
          { base: input('w0', f64, [5, 4]), b: b0 as Value },
          { base: input('w1', f64, [3, 4]), b: b1 as Value },
        ];
        return concat(adaptedLinear(x as Value, a as Value, weights, { scaling: 0.5, mergeAgain }), 1);
      },
    });
  });
}

test('adaptedLinear where one of its outputs is not used', async () => {
  await expectDerivative({
    parameters: { x: { shape: [3, 4] }, a: { shape: [4, 4] }, b0: { shape: [2, 5] } },
    feeds: { w: positive([5, 4]), b1: positive([2, 5]) },
    build: ({ x, a, b0 }) => {
      const base = input('w', f64, [5, 4]);
      const weights = [
        { base, b: b0 as Value },
        { base, b: input('b1', f64, [2, 5]) },
      ];
      return adaptedLinear(x as Value, a as Value, weights, { scaling: 0.5 })[0] as Value;
    },
  });
});

test('droppedAdaptedLinear', async () => {
  await expectDerivative({
    parameters: { x: { shape: [3, 4] }, a: { shape: [4, 4] }, b0: { shape: [2, 5] }, b1: { shape: [2, 3] } },
    feeds: {
      w0: positive([5, 4]),
      w1: positive([3, 4]),
      mask: Float64Array.of(2, 0, 2, 2, 0, 0, 2, 0, 2, 2, 0, 2),
    },
    build: ({ x, a, b0, b1 }) => {
      const weights = [
        { base: input('w0', f64, [5, 4]), b: b0 as Value },
        { base: input('w1', f64, [3, 4]), b: b1 as Value },
      ];
      const mask = input('mask', f64, [3, 4]);
      return concat(droppedAdaptedLinear(x as Value, a as Value, weights, { scaling: 0.5, mask }), 1);
    },
  });
});

test('frozenLinear', async () => {
  await expectDerivative({
    parameters: { x: { shape: [3, 4] } },
    feeds: { w: positive([5, 4]) },
    build: ({ x }) => frozenLinear(x as Value, input('w', f64, [5, 4])),
  });
});

const rowsInLoss = { labels: BigInt64Array.of(2n, 0n, 4n, 2n), weights: Float64Array.of(0.5, 0, 0.2, 0.3) };
const lossInputs = () => [input('labels', i64, [4, 1]), input('weights', f64, [4, 1])] as const;

test('crossEntropy', async () => {
  await expectDerivative({
    parameters: { logits: { shape: [4, 5] } },
    feeds: rowsInLoss,
    build: ({ logits }) => crossEntropy(logits as Value, ...lossInputs()),
  });
});

for (const chunks of [1, 2, 4]) {
  test(`crossEntropyHead in ${chunks} parts`, async () => {
    await expectDerivative({
      parameters: { x: { shape: [4, 3] } },
      feeds: { ...rowsInLoss, head: positive([5, 3]) },
      build: ({ x }) => crossEntropyHead(x as Value, input('head', f64, [5, 3]), ...lossInputs(), { chunks }),
    });
  });
}
