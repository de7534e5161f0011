/**
 * DenseNet-121 as a graph: Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR
 * 2017 (arXiv 1608.06993), table 1, in the pre-activation form and with the parameter names of torchvision, which
 * TorchXRayVision keeps. Inference only. What a convolution or a batch norm is made of is left to `Layers`, so that
 * the same topology serves folded inference and the measuring of statistics.
 */
import {
  averagePool2d,
  concat,
  globalAveragePool,
  maxPool2d,
  relu,
  reshape,
  type Value,
} from '@llama-xr/onnx';

export interface DenseNetShape {
  /** 1 for radiographs */
  readonly inputChannels: number;
  /** Channels that each dense layer adds (k). */
  readonly growth: number;
  /** Dense layers in each block. */
  readonly blocks: readonly number[];
  /** Channels after the first convolution. */
  readonly initial: number;
  /** The 1x1 convolution of a dense layer has `bottleneck x growth` channels. */
  readonly bottleneck: number;
  readonly outputs: number;
}

/** As TorchXRayVision's chest radiograph models are shaped. */
export const DENSENET_121: DenseNetShape = {
  inputChannels: 1,
  growth: 32,
  blocks: [6, 12, 24, 16],
  initial: 64,
  bottleneck: 4,
  outputs: 18,
};

export interface Window {
  readonly stride?: number;
  readonly padding?: number;
}

/** How the parameterised layers are computed; names are torchvision's, such as `features.conv0`. */
export interface Layers {
  /** A convolution without bias. */
  convolution(name: string, x: Value, window?: Window): Value;
  /** A convolution followed by a batch norm. */
  normalisedConvolution(name: string, norm: string, x: Value, window?: Window): Value;
  /** A batch norm that no convolution precedes. */
  norm(name: string, x: Value): Value;
  /** x W' + b */
  classifier(name: string, x: Value): Value;
}

export type DenseNetOutputs = {
  /** [B, C, H / 32, W / 32], after the last batch norm, before its ReLU: 1024 x 7 x 7 for DenseNet-121 at 224. */
  readonly map: Value;
  /** [B, C]: the mean of relu(map) over all places. */
  readonly pooled: Value;
  /** [B, outputs]: logits, whose sigmoid is the raw score. */
  readonly logits: Value;
};

/** @param x [B, inputChannels, H, W], H and W multiples of 32 */
export function denseNet(x: Value, shape: DenseNetShape, layers: Layers): DenseNetOutputs {
  const stem = layers.normalisedConvolution('features.conv0', 'features.norm0', x, { stride: 2, padding: 3 });
  let y = maxPool2d(relu(stem), 3, { stride: 2, padding: 1 });
  shape.blocks.forEach((count, i) => {
    for (let layer = 1; layer <= count; layer++)
      y = denseLayer(y, `features.denseblock${i + 1}.denselayer${layer}`, layers);
    if (i < shape.blocks.length - 1) y = transition(y, `features.transition${i + 1}`, layers);
  });
  const map = layers.norm('features.norm5', y);
  const [batch, channels] = map.shape as [string, number];
  const pooled = reshape(globalAveragePool(relu(map)), [batch, channels]);
  return { map, pooled, logits: layers.classifier('classifier', pooled) };
}

/** [x, H(x)]: what a layer makes is put beside all that came before it. */
function denseLayer(x: Value, name: string, layers: Layers): Value {
  const entry = relu(layers.norm(`${name}.norm1`, x));
  const bottleneck = relu(layers.normalisedConvolution(`${name}.conv1`, `${name}.norm2`, entry));
  return concat([x, layers.convolution(`${name}.conv2`, bottleneck, { padding: 1 })], 1);
}

/** Half the channels, half the rows and columns. The mean is taken first: the 1x1 convolution commutes with it. */
function transition(x: Value, name: string, layers: Layers): Value {
  const entry = relu(layers.norm(`${name}.norm`, x));
  return layers.convolution(`${name}.conv`, averagePool2d(entry, 2, { stride: 2 }));
}

/** Every parameter by name with its shape, in the order of the network: what a checkpoint has to hold. */
export function parameterShapes(shape: DenseNetShape): Map<string, readonly number[]> {
  const { inputChannels, growth, blocks, initial, bottleneck, outputs } = shape;
  const shapes = new Map<string, readonly number[]>();
  const convolution = (name: string, out: number, input: number, size: number) =>
    shapes.set(`${name}.weight`, [out, input, size, size]);
  const norm = (name: string, channels: number) => {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
      shapes.set(`${name}.${part}`, [channels]);
  };
  convolution('features.conv0', initial, inputChannels, 7);
  norm('features.norm0', initial);
  let channels = initial;
  blocks.forEach((count, i) => {
    for (let layer = 1; layer <= count; layer++) {
      const name = `features.denseblock${i + 1}.denselayer${layer}`;
      norm(`${name}.norm1`, channels);
      convolution(`${name}.conv1`, bottleneck * growth, channels, 1);
      norm(`${name}.norm2`, bottleneck * growth);
      convolution(`${name}.conv2`, growth, bottleneck * growth, 3);
      channels += growth;
    }
    if (i === blocks.length - 1) return;
    norm(`features.transition${i + 1}.norm`, channels);
    convolution(`features.transition${i + 1}.conv`, channels / 2, channels, 1);
    channels /= 2;
  });
  norm('features.norm5', channels);
  shapes.set('classifier.weight', [outputs, channels]);
  shapes.set('classifier.bias', [outputs]);
  return shapes;
}

/** Parameters by torchvision's names, row-major. */
export type DenseNetWeights = ReadonlyMap<string, Float32Array>;
