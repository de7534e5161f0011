/**
 * Two ways to compute DenseNet's layers: with given weights, batch norms folded into the convolutions before them
 * (inference), and with the statistics of the batch at hand, which are handed out (to give random weights the
 * statistics that training would have given them). Ioffe and Szegedy 2015, arXiv 1502.03167.
 */
import {
  add,
  batchNormalization,
  constant,
  conv2d,
  divide,
  f32,
  linear,
  mean,
  multiply,
  scalar,
  squareRoot,
  subtract,
  type Value,
} from '@llama-xr/onnx';
import type { DenseNetShape, DenseNetWeights, Layers } from './densenet.ts';
import { parameterShapes } from './densenet.ts';

const EPS = 1e-5;

/** The layers with these weights, as constants of the graph. */
export function inferenceLayers(shape: DenseNetShape, weights: DenseNetWeights): Layers {
  const shapes = parameterShapes(shape);
  const values = (name: string) => weights.get(name) as Float32Array;
  const value = (name: string, data = values(name)) => constant(f32, shapes.get(name) as number[], data);
  return {
    convolution: (name, x, window) => conv2d(x, value(`${name}.weight`), window),
    normalisedConvolution: (name, norm, x, window) => {
      const { weight, bias } = fold(values(`${name}.weight`), norm, values);
      return conv2d(x, value(`${name}.weight`, weight), { ...window, bias: value(`${norm}.bias`, bias) });
    },
    norm: (name, x) =>
      batchNormalization(
        x,
        {
          scale: value(`${name}.weight`),
          bias: value(`${name}.bias`),
          mean: value(`${name}.running_mean`),
          variance: value(`${name}.running_var`),
        },
        { eps: EPS },
      ),
    classifier: (name, x) => linear(x, value(`${name}.weight`), value(`${name}.bias`)),
  };
}

/** gamma (W x - mean) / sqrt(var + eps) + beta as one convolution with a bias. */
function fold(weight: Float32Array, norm: string, values: (name: string) => Float32Array) {
  const [gamma, beta] = [values(`${norm}.weight`), values(`${norm}.bias`)];
  const [means, variances] = [values(`${norm}.running_mean`), values(`${norm}.running_var`)];
  const taps = weight.length / gamma.length;
  const folded = new Float32Array(weight.length);
  const bias = new Float32Array(gamma.length);
  for (let o = 0; o < gamma.length; o++) {
    const scale = (gamma[o] as number) / Math.sqrt((variances[o] as number) + EPS);
    for (let i = o * taps; i < (o + 1) * taps; i++) folded[i] = scale * (weight[i] as number);
    bias[o] = (beta[o] as number) - scale * (means[o] as number);
  }
  return { weight: folded, bias };
}

export interface MeasuringLayers extends Layers {
  /** What each batch norm saw: [1, C, 1, 1] each, by the norm's name. */
  readonly statistics: Readonly<Record<string, { mean: Value; variance: Value }>>;
}

/** The layers with batch norms that normalise by the batch itself (gamma 1, beta 0) and remember what they saw. */
export function measuringLayers(shape: DenseNetShape, weights: DenseNetWeights): MeasuringLayers {
  const shapes = parameterShapes(shape);
  const statistics: Record<string, { mean: Value; variance: Value }> = {};
  const value = (name: string) =>
    constant(f32, shapes.get(name) as number[], weights.get(name) as Float32Array);
  const convolution: Layers['convolution'] = (name, x, window) => conv2d(x, value(`${name}.weight`), window);
  const norm: Layers['norm'] = (name, x) => {
    const average = mean(x, { axes: [0, 2, 3], keep: true });
    const centred = subtract(x, average);
    const variance = mean(multiply(centred, centred), { axes: [0, 2, 3], keep: true });
    statistics[name] = { mean: average, variance };
    return divide(centred, squareRoot(add(variance, scalar(EPS))));
  };
  return {
    statistics,
    convolution,
    norm,
    normalisedConvolution: (name, after, x, window) => norm(after, convolution(name, x, window)),
    classifier: (name, x) => linear(x, value(`${name}.weight`), value(`${name}.bias`)),
  };
}
