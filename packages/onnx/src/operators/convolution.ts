/**
 * What a convolutional network such as DenseNet (Huang et al. 2017, arXiv 1608.06993) is made of. Images are
 * [B, C, H, W] with numbers for C, H and W. Forward only: differentiating through one of these is an error.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, mismatch, type Shape, written } from '../dimension.ts';
import { expectRank, expectSameType, node, notDifferentiable, type Value } from '../value.ts';

export interface WindowOptions {
  /** Step of the window, 1 where absent. */
  stride?: number;
  /** Rows and columns added at each side, 0 where absent. */
  padding?: number;
}

export interface ConvolutionOptions extends WindowOptions {
  /** [O] */
  bias?: Value;
  groups?: number;
}

/** Convolution of x [B, C, H, W] with a weight [O, C / groups, h, w]. */
export function conv2d(x: Value, weight: Value, options: ConvolutionOptions = {}): Value {
  const { bias, groups = 1, stride = 1, padding = 0 } = options;
  expectSameType('conv2d', x, weight);
  const [batch, channels, height, width] = imageShape('conv2d', x);
  const [filters, depth, h, w] = imageShape('conv2d', weight);
  if (typeof filters !== 'number' || depth * groups !== channels || filters % groups !== 0)
    return mismatch('conv2d', x.shape, weight.shape, 'a weight [O, C / groups, h, w]');
  if (bias !== undefined && bias.shape[0] !== filters)
    mismatch('conv2d', weight.shape, bias.shape, 'a bias [O]');
  const shape = [
    batch,
    filters,
    steps('conv2d', x, height, h, stride, padding),
    steps('conv2d', x, width, w, stride, padding),
  ];
  const attributes = { ...windowAttributes(h, w, stride, padding), group: groups };
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return notDifferentiable('conv2d', node('Conv', inputs, shape, { attributes }), inputs);
}

/** Largest value of each window; padding never wins. */
export function maxPool2d(x: Value, size: number, options: WindowOptions = {}): Value {
  return pool('maxPool2d', 'MaxPool', x, size, options);
}

/** Mean of each window; padding is not counted. */
export function averagePool2d(x: Value, size: number, options: WindowOptions = {}): Value {
  return pool('averagePool2d', 'AveragePool', x, size, options);
}

/** Mean over all pixels: [B, C, H, W] to [B, C, 1, 1]. */
export function globalAveragePool(x: Value): Value {
  const [batch, channels] = imageShape('globalAveragePool', x);
  return notDifferentiable('globalAveragePool', node('GlobalAveragePool', [x], [batch, channels, 1, 1]), [x]);
}

export interface BatchStatistics {
  /** All [C]. */
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** (x - mean) / sqrt(variance + eps) scale + bias, a channel at a time, with fixed statistics (Ioffe and Szegedy 2015). */
export function batchNormalization(x: Value, statistics: BatchStatistics, { eps = 1e-5 } = {}): Value {
  const [, channels] = imageShape('batchNormalization', x);
  const { scale, bias, mean, variance } = statistics;
  for (const part of [scale, bias, mean, variance])
    if (part.shape.length !== 1 || part.shape[0] !== channels)
      mismatch('batchNormalization', x.shape, part.shape, 'statistics [C]');
  const inputs = [x, scale, bias, mean, variance];
  const value = node('BatchNormalization', inputs, x.shape, { attributes: { epsilon: { real: eps } } });
  return notDifferentiable('batchNormalization', value, inputs);
}

function pool(
  operator: string,
  type: 'MaxPool' | 'AveragePool',
  x: Value,
  size: number,
  { stride = 1, padding = 0 }: WindowOptions,
): Value {
  const [batch, channels, height, width] = imageShape(operator, x);
  const rows = steps(operator, x, height, size, stride, padding);
  const columns = steps(operator, x, width, size, stride, padding);
  const { dilations: _, ...attributes } = windowAttributes(size, size, stride, padding);
  return notDifferentiable(operator, node(type, [x], [batch, channels, rows, columns], { attributes }), [x]);
}

function windowAttributes(h: number, w: number, stride: number, padding: number) {
  return {
    kernel_shape: [h, w],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    dilations: [1, 1],
  };
}

/** How many places a window has along an axis. */
function steps(
  operator: string,
  x: Value,
  length: number,
  size: number,
  stride: number,
  padding: number,
): number {
  const count = Math.floor((length + 2 * padding - size) / stride) + 1;
  if (!(count >= 1))
    fail('GRAPH', `${operator}: expected a window of ${size} that fits into ${written(x.shape)}`);
  return count;
}

function imageShape(operator: string, x: Value): [Dimension, number, number, number] {
  expectRank(operator, x, 4);
  const [batch, channels, height, width] = x.shape as [Dimension, ...Shape];
  if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number')
    return fail(
      'GRAPH',
      `${operator}: expected numbers for channels, height and width, got ${written(x.shape)}`,
    );
  return [batch, channels, height, width];
}
