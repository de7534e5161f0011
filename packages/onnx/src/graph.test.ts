/** Writing graphs: shapes and their mistakes, what is left out, what is fused, and the file itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamaXrError } from '@llama-xr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quotient, sumOf } from './dimension.ts';
import {
  adaptedLinear,
  add,
  attention,
  batchNormalization,
  compile,
  concat,
  conv2d,
  crossEntropy,
  crossEntropyHead,
  dequantize,
  f32,
  gatherRows,
  gemm,
  globalAveragePool,
  gradient,
  i64,
  input,
  linear,
  matmul,
  maxPool2d,
  multiply,
  product,
  pullback,
  relu,
  reshape,
  rmsNorm,
  rotary,
  sigmoid,
  split,
  sum,
  swiglu,
  transpose,
  u8,
  type Value,
} from './index.ts';

const at = (...shape: (number | string)[]) => input(`x${shape.join('_')}`, f32, shape);

test('dimensions: products and sums of names have one form', () => {
  expect(product('S', 2, 'B')).toBe('2*B*S');
  expect(product('2*B', '3*S')).toBe('6*B*S');
  expect(product(2, 3)).toBe(6);
  expect(sumOf('C', 1)).toBe('(C+1)');
  expect(sumOf('C', 'C', 'C')).toBe('3*C');
  expect(product('(C+1)', 2)).toBe('2*(C+1)');
  expect(quotient('6*B*S', '2*S')).toBe('3*B');
  expect(quotient('B', 'S')).toBeUndefined();
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('B', 'S', 'T', 2, 3)),
      fc.array(fc.constantFrom('B', 'S', 5)),
      (a, b) => {
        expect(quotient(product(...a, ...b), product(...b))).toBe(product(...a));
      },
    ),
  );
});

const mistakes: [string, () => unknown, RegExp][] = [
  ['add', () => add(at('T', 4), at('T', 5)), /add: .*\[T, 4\] and \[T, 5\]/],
  ['names', () => add(at('T', 4), at('S', 4)), /add: .*\[T, 4\] and \[S, 4\]/],
  ['gemm', () => gemm(at('T', 4), at(5, 6)), /gemm: .*\(4, 5\), got \[T, 4\] and \[5, 6\]/],
  ['rank', () => linear(at('B', 'S', 4), at(4, 4)), /gemm: expected rank 2, got \[B, S, 4\]/],
  ['third input', () => gemm(at(2, 3), at(3, 4), { c: at(5) }), /gemm: .*\[2, 4\] and \[5\]/],
  ['matmul', () => matmul(at('B', 2, 3), at('B', 4, 5)), /matmul: .*\[B, 2, 3\] and \[B, 4, 5\]/],
  ['reshape', () => reshape(at('T', 4), ['T', 5]), /reshape: expected equally many.*\[T, 4\] and \[T, 5\]/],
  ['transpose', () => transpose(at(2, 3), [0, 0]), /transpose: expected a permutation .*\[2, 3\]/],
  ['concat', () => concat([at(2, 3), at(2, 4)], 0), /concat: .*\[2, 3\] and \[2, 4\]/],
  ['split', () => split(at(2, 3), 2, 1), /split: .*\[2, 3\] to be divisible by 2/],
  ['rmsNorm', () => rmsNorm(at('T', 4), at(5), { eps: 1e-5 }), /rmsNorm: .*\[T, 4\] and \[5\]/],
  ['swiglu', () => swiglu(at(2, 3), at(2, 4)), /swiglu: .*\[2, 3\] and \[2, 4\]/],
  [
    'attention',
    () => attention(at('B', 5, 'S', 8), at('B', 2, 'S', 8), at('B', 2, 'S', 8), at('M', 1, 'S', 'S')),
    /attention: expected heads divisible by key heads.*\[B, 5, S, 8\] and \[B, 2, S, 8\]/,
  ],
  [
    'crossEntropy',
    () => crossEntropy(at('T', 9), input('l', i64, ['T', 2]), at('T', 1)),
    /crossEntropy: .*\[T, 2\]/,
  ],
  ['conv2d', () => conv2d(at('B', 3, 8, 8), at(4, 2, 3, 3)), /conv2d: .*\[B, 3, 8, 8\] and \[4, 2, 3, 3\]/],
  ['maxPool2d', () => maxPool2d(at('B', 3, 2, 2), 5), /maxPool2d: expected a window of 5 .*\[B, 3, 2, 2\]/],
  [
    'element types',
    () => add(at(2), input('i', i64, [2])),
    /add: expected one element type, got float32 and int64/,
  ],
  [
    'inputs',
    () => compile([input('a', f32, [2]), input('a', f32, [3])]),
    /input a: expected one shape, got \[2\] and \[3\]/,
  ],
  [
    'results',
    () => compile({ a: sigmoid(input('a', f32, [2])) }),
    /result a: expected a name that no input has/,
  ],
  ['loss', () => gradient(at('T'), {}), /gradient: expected a loss of rank 0, got \[T\]/],
  ['unrelated', () => gradient(sum(at(2)), { w: at(3) }), /gradient: expected a loss that depends on w/],
  [
    'frozen',
    () => {
      const [x, labels, weights] = [at('T', 4), input('l', i64, ['T', 1]), at('T', 1)];
      const head = at(9, 4);
      return gradient(crossEntropyHead(linear(x, at(4, 4)), multiply(head, head), labels, weights), { head });
    },
    /crossEntropyHead: expected no parameter behind an input that it takes as frozen/,
  ],
  [
    'no derivative',
    () => {
      const w = at(4, 3, 1, 1);
      return gradient(sum(conv2d(at('B', 3, 8, 8), w)), { w });
    },
    /conv2d: expected an operator with a derivative/,
  ],
];
for (const [name, write, message] of mistakes) {
  test(`a mistake is told when the graph is written: ${name}`, () => {
    expect(write).toThrow(LlamaXrError);
    expect(write).toThrow(message);
  });
}

const types = (results: Parameters<typeof compile>[0]) => compile(results).nodes.map((node) => node.type);

test('what the results do not need is not written', () => {
  const x = at(2);
  const unused = multiply(x, x);
  expect(types({ y: sigmoid(x) })).toEqual(['Sigmoid']);
  expect(types({ y: sigmoid(unused) })).toEqual(['Mul', 'Sigmoid']);
  const [dx] = pullback([[sigmoid(x), x]], [x]) as [Value];
  expect(types({ dx })).not.toContain('ReduceSum');
});

test('a residual becomes the third input of its product, unless the product is used elsewhere', () => {
  const [x, w] = [at('T', 4), at(4, 4)];
  const y = linear(x, w);
  expect(types({ y: add(x, y) })).toEqual(['Gemm']);
  expect(types({ y: add(y, x) })).toEqual(['Gemm']);
  expect(types({ y: add(x, y), product: y })).toEqual(['Gemm', 'Add']);
  expect(types({ y: add(y, y) })).toEqual(['Gemm', 'Add']);
  expect(types({ y: add(y, linear(x, w)) })).toEqual(['Gemm', 'Gemm']);
});

test('results that are inputs, or the same value twice, are copied', () => {
  const x = at(2);
  const y = sigmoid(x);
  const graph = compile({ x, first: y, second: y });
  expect(graph.outputs.map((port) => port.name)).toEqual(['x', 'first', 'second']);
  expect(graph.nodes.map((node) => node.type)).toEqual(['Sigmoid', 'Identity', 'Identity']);
});

test('a size that no input tells is an error', () => {
  const rows = reshape(at('2*T', 3), ['T', 2, 3]);
  expect(types({ rows })).toEqual(['Reshape']);
  const y = add(rows, gradient(sum(rows), { x: rows }).gradients.x);
  expect(() => compile({ y })).toThrow(/size T: expected an input with an axis of this name/);
});

/** One graph with every operator in it, and its derivative. */
function everything(): Parameters<typeof compile>[0] {
  const positions = input('positions', i64, ['B', 'S']);
  const table = (name: string) => input(name, f32, ['P', 4]);
  const mask = input('mask', f32, ['M', 1, 'S', 'S']);
  const nibbles = {
    nibbles: input('nibbles', u8, [32, 16]),
    scale: at(32, 1),
    offset: input('offset', f32, [32, 1]),
  };
  const adapter = { a: input('a', f32, [6, 32]), b: input('b', f32, [2, 32]) };
  const base = dequantize(nibbles, 32, 32);
  const weight = { base, b: adapter.b };
  const x = rmsNorm(input('x', f32, ['B*S', 32]), at(32), { eps: 1e-5 });
  const [q, k, v] = adaptedLinear(x, adapter.a, [weight, weight, weight], { scaling: 2 }) as [
    Value,
    Value,
    Value,
  ];
  const heads = (y: Value) => transpose(reshape(y, ['B', 'S', 4, 8]), [0, 2, 1, 3]);
  const turned = (y: Value) => rotary(heads(y), positions, table('cosine'), table('sine'));
  const context = attention(turned(q), turned(k), heads(v), mask);
  const y = add(x, swiglu(reshape(context, ['B*S', 32]), q));
  const rows = gatherRows(y, input('rows', i64, ['2*C']));
  const labels = input('labels', i64, ['2*C', 1]);
  const loss = crossEntropyHead(
    rows,
    input('head', f32, [9, 32]),
    labels,
    input('weights', f32, ['2*C', 1]),
    { chunks: 2 },
  );
  const image = relu(conv2d(at('B', 3, 8, 8), at(4, 3, 3, 3), { padding: 1, bias: at(4) }));
  const statistics = {
    scale: input('s', f32, [4]),
    bias: input('t', f32, [4]),
    mean: input('m', f32, [4]),
    variance: input('v', f32, [4]),
  };
  const pooled = globalAveragePool(maxPool2d(batchNormalization(image, statistics), 2, { stride: 2 }));
  return { ...gradient(loss, adapter), pooled: sigmoid(concat([pooled, pooled], 1)) };
}

const python = process.env.LLAMA_XR_PYTHON;
test.skipIf(!python)(
  'onnx.checker accepts the file, shapes and all (needs LLAMA_XR_PYTHON with onnx)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'llama-xr-onnx-'));
    try {
      const path = join(folder, 'everything.onnx');
      writeFileSync(path, compile(everything()).bytes);
      const program = 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)';
      const { status, stderr } = spawnSync(python as string, ['-c', program, path], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
