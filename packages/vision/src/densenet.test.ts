import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENCODER_SIZE } from '@llama-xr/imaging';
import { f32, input, open } from '@llama-xr/onnx';
import { toFloat32 } from '@llama-xr/tensor';
import { beforeAll, expect, test } from 'vitest';
import { DENSENET_121, denseNet, parameterShapes } from './densenet.ts';
import golden from './goldens/densenet.json' with { type: 'json' };
import { inferenceLayers } from './layers.ts';
import { normaliseScores, PATHOLOGIES, PUBLISHED_OPERATING_POINTS, publishedName } from './pathologies.ts';
import { formulaImage, formulaWeights } from './testing/formula.ts';
import { topologyOf } from './testing/light-densenet.ts';

interface Case {
  readonly raw: Float32Array;
  readonly pooled: Float32Array;
  readonly map: Float32Array;
}

const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0);
const squares = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v * v, 0);

let cases: Case[];

beforeAll(async () => {
  const weights = formulaWeights(DENSENET_121);
  const x = input('x', f32, ['B', 1, ENCODER_SIZE, ENCODER_SIZE]);
  await using session = await open(denseNet(x, DENSENET_121, inferenceLayers(DENSENET_121, weights)));
  const images = new Float32Array(golden.cases.length * ENCODER_SIZE ** 2);
  golden.cases.forEach(({ image }, i) => {
    images.set(formulaImage(image), i * ENCODER_SIZE ** 2);
  });
  const found = await session.run({ x: images });
  const row = (values: Float32Array, i: number) => {
    const size = values.length / golden.cases.length;
    return values.subarray(i * size, (i + 1) * size);
  };
  cases = golden.cases.map((_, i) => ({
    raw: row(toFloat32(found.logits), i).map((z) => 1 / (1 + Math.exp(-z))),
    pooled: row(toFloat32(found.pooled), i),
    map: row(toFloat32(found.map), i),
  }));
});

test('scores, features and map equal torchxrayvision on the same weights and images', () => {
  golden.cases.forEach((expected, i) => {
    const { raw, pooled, map } = cases[i] as Case;
    expect(raw).toHaveLength(18);
    expected.raw.forEach((p, k) => {
      expect(Math.abs(p - (raw[k] as number)), `${expected.image} ${PATHOLOGIES[k]}`).toBeLessThan(1e-5);
    });
    for (const [found, golden] of [
      [pooled, expected.pooled],
      [map, expected.map],
    ] as const) {
      expect(sumOf(found)).toBeCloseTo(golden.sum, 2);
      expect(squares(found)).toBeCloseTo(golden.sumOfSquares, 1);
      golden.first.forEach((value, k) => {
        expect(found[k]).toBeCloseTo(value, 5);
      });
    }
    expect([pooled.length, map.length]).toEqual([1024, 1024 * 7 * 7]);
  });
});

test('scores relative to the operating points equal torchxrayvision', () => {
  golden.cases.forEach((expected, i) => {
    const points = PUBLISHED_OPERATING_POINTS.all as number[];
    normaliseScores((cases[i] as Case).raw, points).forEach((score, k) => {
      expect(Math.abs(score - (expected.normalised[k] as number))).toBeLessThan(1e-5);
    });
  });
  const { scores, operatingPoints, normalised } = golden.operatingPointCase;
  const points = operatingPoints.map((t) => t ?? Number.NaN);
  scores.forEach((raw, i) => {
    normaliseScores(raw, points).forEach((score, k) => {
      expect(score).toBeCloseTo(normalised[i]?.[k] as number, 6);
    });
  });
});

test('names and operating points of the published checkpoints are those of torchxrayvision', () => {
  expect(PATHOLOGIES).toEqual(golden.pathologies);
  expect(Object.keys(PUBLISHED_OPERATING_POINTS)).toEqual(Object.keys(golden.published));
  for (const [name, { operatingPoints, labels }] of Object.entries(golden.published)) {
    const points = PUBLISHED_OPERATING_POINTS[name] as number[];
    expect(points.map((t) => (Number.isNaN(t) ? null : Math.fround(t)))).toEqual(
      operatingPoints.map((t) => (t === null ? null : Math.fround(t))),
    );
    labels.forEach((label, i) => {
      expect(['', PATHOLOGIES[i]]).toContain(label);
    });
  }
  expect(
    publishedName(
      'nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt',
    ),
  ).toBe('all');
  expect(publishedName('kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt')).toBe('rsna');
  expect(publishedName('densenet121-res224-chex.safetensors')).toBe('chex');
  expect(publishedName('my-model.pt')).toBeUndefined();
});

const data = process.env.LLAMA_XR_DATA;

test.skipIf(!data)('topology and output are those of the ONNX model zoo (needs LLAMA_XR_DATA)', async () => {
  const shape = { ...DENSENET_121, inputChannels: 3, outputs: 1000 };
  const folder = join(data as string, 'onnx');
  const theirs = topologyOf(readFileSync(join(folder, 'light_densenet121.onnx')));
  const shapes = [...parameterShapes(shape)];
  const convolutions = shapes.filter(([, extents]) => extents.length === 4).map(([, extents]) => extents);
  expect(theirs.convolutions).toEqual([...convolutions, [1000, 1024, 1, 1]]);

  // All its weights are 0.02. Its batch norms are followed by one more scale and shift (Caffe), folded here.
  const constants: [RegExp, number][] = [
    [/norm.*weight$/, 0.02 * 0.02],
    [/norm.*bias$/, 0.02 * 0.02 + 0.02],
    [/./, 0.02],
  ];
  const weights = new Map(
    shapes.map(([name, extents]) => {
      const value = constants.find(([pattern]) => pattern.test(name))?.[1] as number;
      return [name, new Float32Array(extents.reduce((product, n) => product * n, 1)).fill(value)];
    }),
  );
  const x = input('x', f32, ['B', 3, ENCODER_SIZE, ENCODER_SIZE]);
  const { logits } = denseNet(x, shape, inferenceLayers(shape, weights));
  await using session = await open(logits);
  const count = (kinds: readonly string[], kind: string) => kinds.filter((k) => k === kind).length;
  const ours = session.graph.nodes.map(({ type }) => type);
  for (const kind of ['Relu', 'Concat', 'MaxPool', 'AveragePool', 'GlobalAveragePool'])
    expect(count(ours, kind), kind).toBe(count(theirs.kinds, kind));
  const found = toFloat32(await session.run({ x: new Float32Array(3 * ENCODER_SIZE ** 2).fill(0.5) }));
  // TensorProto: dims and type, then 1000 floats.
  const bytes = readFileSync(join(folder, 'light_densenet121_output_0.pb'));
  const expected = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + bytes.length - 4000, bytes.byteOffset + bytes.length),
  );
  expect(found).toHaveLength(1000);
  found.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-5);
  });
});
