/**
 * A DenseNet-121 with seeded random weights, for tests and for the demo: He's initialisation (arXiv 1502.01852), then
 * the statistics of every batch norm measured on seeded noise, so that no layer is dead or saturated, and a random
 * classifier whose scores spread over (0, 1). Its scores mean nothing; its features are random projections of the
 * image, which heads can be fitted to (heads.ts). Whoever uses it must say so: see `Encoder.notices`.
 */
import { Random, sha256 } from '@llama-xr/core';
import { ENCODER_SIZE } from '@llama-xr/imaging';
import { type Answer, f32, input, open, type SessionOptions } from '@llama-xr/onnx';
import { bytesOf, toFloat32 } from '@llama-xr/tensor';
import { type DenseNetShape, denseNet, parameterShapes } from './densenet.ts';
import { type MeasuringLayers, measuringLayers } from './layers.ts';
import { INPUT_RANGE } from './view-input.ts';

/** Images on which the statistics are measured. */
const MEASURED = 8;

export interface RandomWeights {
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of the drawn weights: decided by the seed alone, the same on every machine. */
  readonly hash: string;
}

export async function randomWeights(
  shape: DenseNetShape,
  seed: number,
  session: SessionOptions,
): Promise<RandomWeights> {
  const weights = drawWeights(shape, new Random(seed));
  const hash = sha256(Buffer.concat([...weights.values()].map(bytesOf)));
  const layers = measuringLayers(shape, weights);
  const x = input('x', f32, [MEASURED, shape.inputChannels, ENCODER_SIZE, ENCODER_SIZE]);
  const { pooled } = denseNet(x, shape, layers);
  const results = { pooled, statistics: layers.statistics };
  await using measuring = await open(results, { ...session, name: 'statistics of random weights' });
  const found = await measuring.run({
    x: noise(MEASURED * shape.inputChannels, new Random(`${seed}: noise`)),
  });
  setStatistics(weights, found.statistics);
  spreadScores(weights, toFloat32(found.pooled), shape.outputs);
  return { weights, hash };
}

/** He-uniform convolutions, batch norms that change nothing yet, a uniform classifier. */
function drawWeights(shape: DenseNetShape, random: Random): Map<string, Float32Array> {
  return new Map(
    [...parameterShapes(shape)].map(([name, extents]) => {
      const fanIn = extents.slice(1).reduce((product, extent) => product * extent, 1);
      const data = new Float32Array(fanIn * (extents[0] as number));
      if (extents.length === 1) return [name, data.fill(/norm.*(weight|running_var)$/.test(name) ? 1 : 0)];
      const bound = Math.sqrt(6 / fanIn);
      for (let i = 0; i < data.length; i++) data[i] = random.between(-bound, bound);
      return [name, data];
    }),
  );
}

function setStatistics(
  weights: Map<string, Float32Array>,
  found: Answer<MeasuringLayers['statistics']>,
): void {
  for (const [norm, { mean, variance }] of Object.entries(found)) {
    weights.set(`${norm}.running_mean`, toFloat32(mean));
    weights.set(`${norm}.running_var`, toFloat32(variance));
  }
}

/** Scales and shifts each row of the classifier so that its logits on the measured images have mean 0, deviation 1. */
function spreadScores(weights: Map<string, Float32Array>, pooled: Float32Array, outputs: number): void {
  const weight = weights.get('classifier.weight') as Float32Array;
  const bias = weights.get('classifier.bias') as Float32Array;
  const features = weight.length / outputs;
  const images = pooled.length / features;
  for (let o = 0; o < outputs; o++) {
    const row = weight.subarray(o * features, (o + 1) * features);
    const logits = Array.from({ length: images }, (_, n) =>
      row.reduce((sum, w, i) => sum + w * (pooled[n * features + i] as number), 0),
    );
    const mean = logits.reduce((sum, z) => sum + z, 0) / images;
    const deviation = Math.sqrt(logits.reduce((sum, z) => sum + (z - mean) ** 2, 0) / images);
    row.forEach((w, i) => {
      row[i] = w / deviation;
    });
    bias[o] = -mean / deviation;
  }
}

/** Grid cells of the noise in pixels: from the size of a lung to that of a rib's edge. */
const CELLS = [112, 56, 28, 14, 7, 4, 2, 1];

/** [images, 224, 224] in [-1024, 1024]: value noise in octaves, coarse ones stronger, as in pictures of bodies. */
function noise(images: number, random: Random): Float32Array {
  const pixels = new Float32Array(images * ENCODER_SIZE ** 2);
  for (let n = 0; n < images; n++) {
    const image = pixels.subarray(n * ENCODER_SIZE ** 2, (n + 1) * ENCODER_SIZE ** 2);
    for (const cell of CELLS) addOctave(image, cell, cell ** 0.7, random);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of image) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    for (let i = 0; i < image.length; i++)
      image[i] = (((image[i] as number) - low) / (high - low)) * 2 * INPUT_RANGE - INPUT_RANGE;
  }
  return pixels;
}

/** Adds normal numbers on a grid of this cell size, interpolated between its corners. */
function addOctave(image: Float32Array, cell: number, amplitude: number, random: Random): void {
  const n = ENCODER_SIZE / cell + 1;
  const grid = Float32Array.from({ length: n * n }, () => amplitude * random.normal());
  for (let y = 0; y < ENCODER_SIZE; y++) {
    const [row, v] = [Math.floor(y / cell), (y % cell) / cell];
    for (let x = 0; x < ENCODER_SIZE; x++) {
      const [column, u] = [Math.floor(x / cell), (x % cell) / cell];
      const corner = (dy: number, dx: number) => grid[(row + dy) * n + column + dx] as number;
      const above = (1 - u) * corner(0, 0) + u * corner(0, 1);
      const below = (1 - u) * corner(1, 0) + u * corner(1, 1);
      const at = y * ENCODER_SIZE + x;
      image[at] = (image[at] as number) + (1 - v) * above + v * below;
    }
  }
}
