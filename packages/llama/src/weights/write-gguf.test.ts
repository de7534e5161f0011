import { copyFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dequantize, quantize } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import {
  convertLlama2c,
  floatTable,
  openBaseWeights,
  openTokenizer,
  PROJECTIONS,
  type Projection,
  projectionShape,
  type RowTable,
  TRAINED_PRE,
  trainByteBpe,
  valuesOf,
  vocabularyMetadata,
  writeLlamaGguf,
} from '../index.ts';

const DATA = process.env.LLAMA_XR_DATA;
const TINY = join(import.meta.dirname, '../golden/tiny-llama');

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-write-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a model is written with its vocabulary, and opened as it was', () => {
  using source = openBaseWeights(TINY);
  const path = join(folder, 'f32.gguf');
  const vocabulary = vocabularyMetadata(trainByteBpe(['a text'], 300), TRAINED_PRE);
  writeLlamaGguf(path, source, { name: 'tiny', vocabulary, matrixType: 'F32', embeddingType: 'F32' });
  using copy = openBaseWeights(path);
  const { ropeScaling: _, ...config } = source.config;
  expect(copy.config).toEqual({ ...config, rmsEps: Math.fround(config.rmsEps) });
  for (const projection of PROJECTIONS)
    expect(copy.matrix(0, projection)).toEqual(source.matrix(0, projection));
  expect(copy.norms(0)).toEqual(source.norms(0));
  expect(valuesOf(copy.output as RowTable, 20)).toEqual(valuesOf(source.output as RowTable, 20));
  expect(copy.ropeFactors).toEqual(source.ropeFactors);
  expect(openTokenizer(path).decode(openTokenizer(path).encode('a text'))).toBe('a text');
});

test('matrices are quantized by the type that was asked for', () => {
  using source = openBaseWeights(TINY);
  const wide = {
    ...source.config,
    width: 32,
    heads: 4,
    feedForward: 64,
    vocabulary: 8,
    layers: 1,
    tiedEmbedding: true,
  };
  const sines = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));
  const weights = {
    config: wide,
    form: () => 'float32' as const,
    embedding: floatTable(sines(8 * 32), 32),
    outputNorm: sines(32),
    norms: () => ({ attention: sines(32), feedForward: sines(32) }),
    matrix: (_layer: number, projection: Projection) => {
      const [rows, columns] = projectionShape(wide, projection);
      return sines(rows * columns);
    },
  };
  const path = join(folder, 'q.gguf');
  writeLlamaGguf(path, weights, { name: 'wide', vocabulary: [] });
  using copy = openBaseWeights(path);
  expect(copy.matrix(0, 'gate')).toMatchObject({ scale: { length: 64 } });
  expect(valuesOf(copy.embedding, 8)).toEqual(dequantize('Q8_0', quantize('Q8_0', sines(256)), 256));
  expect(() => writeLlamaGguf(path, source, { name: 'narrow', vocabulary: [] })).toThrow(
    /token_embd\.weight: expected rows of a multiple of 32 for Q8_0, got 16/,
  );
});

test.skipIf(!DATA)('stories260K becomes a base like any other (needs LLAMA_XR_DATA)', () => {
  const [checkpoint, vocabulary] = ['stories260K.bin', 'tok512.bin'].map((name) =>
    join(DATA as string, 'llama', name),
  ) as [string, string];
  const path = join(folder, 'stories.gguf');
  convertLlama2c(checkpoint, vocabulary, path);
  using base = openBaseWeights(path);
  expect(base.config).toMatchObject({
    layers: 5,
    width: 64,
    heads: 8,
    kvHeads: 4,
    feedForward: 172,
    vocabulary: 512,
  });
  expect(base.config.tiedEmbedding).toBe(true);
  expect(openTokenizer(path).decode([403, 407, 261, 378])).toBe('Once upon a time');
  const cut = join(folder, 'cut.bin');
  for (const [file, length] of [
    [checkpoint, 20],
    [checkpoint, 500_000],
    [vocabulary, 3000],
  ] as const) {
    copyFileSync(file, cut);
    truncateSync(cut, length);
    const paths = file === checkpoint ? ([cut, vocabulary] as const) : ([checkpoint, cut] as const);
    expect(() => convertLlama2c(...paths, path)).toThrow(/cut\.bin: .*expected/);
  }
});
