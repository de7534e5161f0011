/** The frozen weights of a layer as inputs of a graph, and the arrays to feed them with. */
import {
  dequantize,
  dequantizeCoded,
  dequantizeScaled,
  type Feeds,
  f32,
  i8,
  input,
  u8,
  type Value,
} from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { dropoutInputs } from './dropout.ts';
import type { LayerValues } from './layer.ts';
import { adapterTensors } from './parameters.ts';
import {
  type LlamaConfig,
  type LlamaWeights,
  type MatrixForm,
  type MatrixWeights,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from './weights-type.ts';

/** The forms of a layer's matrices, in the order of the projections; layers of one kind share a graph. */
export type LayerKind = string;

export function layerKind(weights: Pick<LlamaWeights, 'form'>, layer: number): LayerKind {
  return PROJECTIONS.map((projection) => weights.form(layer, projection)).join('+');
}

/** Inputs of a layer of this kind, named with a prefix (`layers.3.`). */
export function layerInputs(
  config: LlamaConfig,
  kind: LayerKind,
  lora: Pick<AdapterShape, 'rank' | 'targets' | 'dropout'>,
  prefix = '',
): LayerValues {
  const forms = kind.split('+') as MatrixForm[];
  const norm = (name: string) => input(`${prefix}${name}`, f32, [config.width]);
  const base = {} as Record<Projection, Value>;
  for (const [i, projection] of PROJECTIONS.entries())
    base[projection] = matrixInput(
      `${prefix}${projection}`,
      forms[i] as MatrixForm,
      projectionShape(config, projection),
    );
  const adapter: Record<string, Value> = {};
  for (const { name, shape } of adapterTensors(config, lora.rank, lora.targets))
    adapter[name] = input(`${prefix}${name}`, f32, shape);
  const dropout = dropoutInputs(config, lora, prefix);
  return {
    attentionNorm: norm('attentionNorm'),
    feedForwardNorm: norm('feedForwardNorm'),
    base,
    ...(lora.rank === 0 ? {} : { adapter }),
    ...(dropout && { dropout }),
  };
}

/** A frozen matrix [rows, columns] of a form, as what the graph computes with. */
export function matrixInput(
  name: string,
  form: MatrixForm,
  [rows, columns]: readonly [number, number],
): Value {
  const scaled = (size: number) => ({ scale: input(`${name}.scale`, f32, [(rows * columns) / size, 1]) });
  const nibbles = () => ({ nibbles: input(`${name}.nibbles`, u8, [(rows * columns) / 32, 16]) });
  const quants = (size: 16 | 32) => input(`${name}.quants`, i8, [(rows * columns) / size, size]);
  switch (form) {
    case 'float32':
      return input(name, f32, [rows, columns]);
    case 'q4': {
      const offset = input(`${name}.offset`, f32, [(rows * columns) / 32, 1]);
      return dequantize({ ...nibbles(), ...scaled(32), offset }, rows, columns);
    }
    case 'q8x32':
      return dequantizeScaled({ quants: quants(32), ...scaled(32) }, rows, columns);
    case 'q8x16':
      return dequantizeScaled({ quants: quants(16), ...scaled(16) }, rows, columns);
    default: {
      const code = input(`${name}.code`, f32, [16]);
      const rounded = form.slice('code4 '.length) as 'float32' | 'float16' | 'bfloat16';
      return dequantizeCoded({ ...nibbles(), code, ...scaled(32) }, rows, columns, rounded);
    }
  }
}

/** What to feed to {@link matrixInput}. */
export function matrixFeeds(name: string, matrix: MatrixWeights): Record<string, Feeds[string]> {
  if (matrix instanceof Float32Array) return { [name]: matrix };
  const arrays = Object.entries(matrix).filter(([part]) => part !== 'rounded');
  return Object.fromEntries(arrays.map(([part, array]) => [`${name}.${part}`, array]));
}

/** What to feed to {@link layerInputs} for the frozen weights. */
export function layerFeeds(weights: LlamaWeights, layer: number): Feeds {
  const { attention, feedForward } = weights.norms(layer);
  const feeds: Record<string, Feeds[string]> = { attentionNorm: attention, feedForwardNorm: feedForward };
  for (const projection of PROJECTIONS)
    Object.assign(feeds, matrixFeeds(projection, weights.matrix(layer, projection)));
  return feeds;
}
