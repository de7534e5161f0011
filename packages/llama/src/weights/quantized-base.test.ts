/** Matrices of a GGUF that graphs take as their file has them: the same model as one of dequantized floats. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { open } from '@llama-xr/onnx';
import {
  bytesOf,
  dequantize,
  float32ToFloat16,
  GGML_TYPES,
  type GgmlType,
  type GgufTensorToWrite,
  ggmlByteLength,
  writeGguf,
} from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { layerFeeds, layerKind, matrixFeeds, matrixInput } from '../model/base-inputs.ts';
import { openTrainingEngine } from '../model/engine.ts';
import { pattern, relativeError, tinyBatch } from '../model/tiny-llama.ts';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';
import { openBaseWeights } from './base-weights.ts';
import { llamaMetadata } from './gguf-metadata.ts';
import { GGUF_NAMES } from './gguf-weights.ts';

/** As small as blocks of 256 along a row allow. */
const CONFIG: LlamaConfig = {
  layers: 2,
  width: 256,
  feedForward: 256,
  heads: 4,
  kvHeads: 2,
  headSize: 64,
  vocabulary: 40,
  ropeBase: 10_000,
  rmsEps: 1e-5,
  contextLength: 64,
  tiedEmbedding: true,
};

type Packed = 'Q4_0' | 'Q4_1' | 'Q4_K' | 'Q6_K' | 'Q8_0';

/** Where a block has its float16 scales (ggml-common.h), and their size: weights of some 0.05 either way. */
const SCALES: Readonly<Record<Packed, readonly (readonly [at: number, size: number])[]>> = {
  Q4_0: [[0, 0.006]],
  Q4_1: [
    [0, 0.006],
    [2, -0.045],
  ],
  Q4_K: [
    [0, 0.0002],
    [2, 0.0015],
  ],
  Q6_K: [[208, 0.00002]],
  Q8_0: [[0, 0.0004]],
};

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-quantized-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Blocks of random bits, all scales drawn. */
function randomBlocks(type: Packed, count: number, random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: ggmlByteLength(type, count) as number }, () => random.int(256));
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < bytes.length; block += GGML_TYPES[type].bytes)
    for (const [at, size] of SCALES[type]) {
      const [half] = float32ToFloat16(Float32Array.of(size * (0.5 + random.next())));
      view.setUint16(block + at, half as number, true);
    }
  return bytes;
}

/** The model with its matrices in a type, and with the same values in float32. */
function writeBoth(type: Packed): { packed: string; floats: string } {
  const random = new Random(type);
  const { width, vocabulary, layers } = CONFIG;
  const vector = (name: string, count: number) => ({
    name,
    type: 'F32' as GgmlType,
    shape: [count],
    data: bytesOf(pattern(name, count, 1, 1)),
  });
  const shared = [
    vector(GGUF_NAMES.outputNorm, width),
    ...Array.from({ length: layers }, (_, layer) => [
      vector(GGUF_NAMES.layer(layer, 'attentionNorm'), width),
      vector(GGUF_NAMES.layer(layer, 'feedForwardNorm'), width),
    ]).flat(),
  ];
  const matrix = (name: string, shape: readonly [number, number]) => ({
    name,
    shape,
    data: randomBlocks(type, shape[0] * shape[1], random),
  });
  const matrices = [
    matrix(GGUF_NAMES.embedding, [vocabulary, width]),
    ...Array.from({ length: layers }, (_, layer) =>
      PROJECTIONS.map((projection) =>
        matrix(GGUF_NAMES.layer(layer, projection), projectionShape(CONFIG, projection)),
      ),
    ).flat(),
  ];
  const write = (path: string, tensors: readonly GgufTensorToWrite[]) => {
    writeGguf(path, { metadata: llamaMetadata(CONFIG, type), tensors: [...shared, ...tensors] });
    return path;
  };
  return {
    packed: write(
      join(folder, `${type}.gguf`),
      matrices.map((matrix) => ({ ...matrix, type })),
    ),
    floats: write(
      join(folder, `${type}-floats.gguf`),
      matrices.map(({ name, shape, data }) => {
        const values = dequantize(type, data, shape[0] * shape[1]);
        return { name, shape, type: 'F32', data: bytesOf(values) };
      }),
    ),
  };
}

const FORMS = [
  ['Q8_0', 'q8x32'],
  ['Q6_K', 'q8x16'],
  ['Q4_0', 'q4'],
  ['Q4_1', 'q4'],
  ['Q4_K', 'q4'],
] as const;

test.each(FORMS)('%s in a graph is what it is dequantized to, bit for bit', async (type, form) => {
  const paths = writeBoth(type);
  using packed = openBaseWeights(paths.packed);
  using floats = openBaseWeights(paths.floats);
  for (const projection of ['k', 'down'] satisfies Projection[]) {
    expect(packed.form(1, projection)).toBe(form);
    const shape = projectionShape(CONFIG, projection);
    await using session = await open({ w: matrixInput('w', form, shape) }, { threads: 1 });
    const { w } = await session.run(matrixFeeds('w', packed.matrix(1, projection)));
    expect(w.data, projection).toEqual(floats.matrix(1, projection));
  }
});

test.each(['Q4_0', 'Q4_1', 'Q4_K'] as const)('%s with a byte for each 4 bits, bit for bit', async (type) => {
  const paths = writeBoth(type);
  using packed = openBaseWeights(paths.packed);
  using floats = openBaseWeights(paths.floats);
  expect(layerKind(packed, 0, { inBytes: true })).toBe(PROJECTIONS.map(() => 'q4 in bytes').join('+'));
  const feeds = Object.entries(layerFeeds(packed, 0, { inBytes: true }));
  const up = Object.fromEntries(feeds.filter(([name]) => name.startsWith('up.')));
  const shape = projectionShape(CONFIG, 'up');
  expect(up['up.nibbles']).toHaveLength(shape[0] * shape[1]);
  await using session = await open({ w: matrixInput('up', 'q4 in bytes', shape) }, { threads: 1 });
  const { w } = await session.run(up);
  expect(w.data).toEqual(floats.matrix(0, 'up'));
});

for (const mode of ['whole', 'layered'] as const)
  test.each(['Q8_0', 'Q6_K', 'Q4_K'] as const)(
    `${mode}, %s: loss and gradients equal those of the same model in float32`,
    async (type) => {
      const [packed, floats] = await Promise.all(
        Object.values(writeBoth(type)).map(async (path) => {
          using base = openBaseWeights(path);
          await using engine = await openTrainingEngine(base, { rank: 2, mode, threads: 1, seed: 1 });
          const { parameters, gradients } = engine;
          // Both factors, so that both have a gradient.
          parameters.set(pattern('adapter', parameters.length, 0.1));
          const { loss } = await engine.forwardBackward(tinyBatch());
          return { loss, gradients: gradients.slice(), seen: await engine.loss(tinyBatch()) };
        }),
      );
      expect(packed!.loss).toBeGreaterThan(1);
      expect(packed!.loss).toBeCloseTo(floats!.loss, 6);
      expect(packed!.seen).toBeCloseTo(floats!.seen, 6);
      expect(Math.hypot(...floats!.gradients)).toBeGreaterThan(1e-3);
      expect(relativeError(packed!.gradients, floats!.gradients)).toBeLessThan(1e-6);
    },
  );
