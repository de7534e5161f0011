/**
 * A DenseNet-121 with seeded random weights, for tests and for the demo: He's initialisation (arXiv 1502.01852), then
 * the statistics of every batch norm measured on seeded scenes, so that no layer is dead or saturated, and a random
 * classifier whose scores spread over (0, 1). Its scores mean nothing; its features are random projections of the
 * image, which heads can be fitted to (heads.ts). Whoever uses it must say so: see `Encoder.notices`.
 */
import { Random, sha256 } from '@llama-xr/core';
import { type Answer, f32, input, open, type SessionOptions } from '@llama-xr/onnx';
import { bytesOf, toFloat32 } from '@llama-xr/tensor';
import { type DenseNetShape, denseNet, parameterShapes } from './densenet.ts';
import { type MeasuringLayers, measuringLayers } from './layers.ts';
import { INPUT_RANGE } from './view-input.ts';

/** Images on which the statistics are measured, and their size: smaller than radiographs, which is enough. */
const MEASURED = 8;
const SIZE = 128;

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
  const x = input('x', f32, [MEASURED, shape.inputChannels, SIZE, SIZE]);
  const { pooled } = denseNet(x, shape, layers);
  const results = { pooled, statistics: layers.statistics };
  await using measuring = await open(results, { ...session, name: 'statistics of random weights' });
  const found = await measuring.run({
    x: scenes(MEASURED * shape.inputChannels, new Random(`${seed}: scenes`)),
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

/** Things in one picture. */
const ELLIPSES = 24;

/**
 * [images, 128, 128] in [-1024, 1024]: scenes with what radiographs have: broad shades, edges at all sizes, flat
 * regions, grain. Statistics measured on smooth noise alone would let the edges of a real picture drown every layer.
 */
function scenes(images: number, random: Random): Float32Array {
  const pixels = new Float32Array(images * SIZE ** 2);
  for (let n = 0; n < images; n++) {
    const image = pixels.subarray(n * SIZE ** 2, (n + 1) * SIZE ** 2);
    for (let i = 0; i < ELLIPSES; i++) addEllipse(image, random);
    const grain = random.between(0, 0.1);
    for (let i = 0; i < image.length; i++) image[i] = (image[i] as number) + grain * random.normal();
    stretch(image);
  }
  return pixels;
}

/** Adds a constant or shaded ellipse: from a body to a rib, larger ones rarer. */
function addEllipse(image: Float32Array, random: Random): void {
  const [x0, y0] = [random.between(0, SIZE), random.between(0, SIZE)];
  const [a, b] = [SIZE * 0.5 * random.next() ** 2 + 1, SIZE * 0.5 * random.next() ** 2 + 1];
  const angle = random.between(0, Math.PI);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [height, shade] = [random.between(-1, 1), random.chance(0.5) ? 1 : 0];
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const u = ((x - x0) * cosine + (y - y0) * sine) / a;
      const v = ((y - y0) * cosine - (x - x0) * sine) / b;
      const inside = 1 - u * u - v * v;
      if (inside > 0) image[y * SIZE + x] = (image[y * SIZE + x] as number) + height * inside ** (shade / 2);
    }
}

/** Spreads the values over [-1024, 1024]. */
function stretch(image: Float32Array): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of image) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  for (let i = 0; i < image.length; i++)
    image[i] = (((image[i] as number) - low) / (high - low)) * 2 * INPUT_RANGE - INPUT_RANGE;
}
