/** The frozen weights of a layer as inputs of a graph, and the arrays to feed them with. */
import { dequantize, type Feeds, f32, input, u8, type Value } from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { dropoutInputs } from './dropout.ts';
import type { LayerValues } from './layer.ts';
import { adapterTensors } from './parameters.ts';
import {
  type LlamaConfig,
  type LlamaWeights,
  type MatrixWeights,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from './weights-type.ts';

/** Which of a layer's matrices are held in 4 bits; layers of one kind share a graph. */
export type LayerKind = string;

/** The kind of a layer, from what it is fed with. */
export function layerKind(feeds: Feeds): LayerKind {
  return PROJECTIONS.filter((projection) => `${projection}.nibbles` in feeds).join('+');
}

function isPacked(matrix: MatrixWeights): matrix is Exclude<MatrixWeights, Float32Array> {
  return !(matrix instanceof Float32Array);
}

/** Inputs of a layer of this kind, named with a prefix (`layers.3.`). */
export function layerInputs(
  config: LlamaConfig,
  kind: LayerKind,
  lora: Pick<AdapterShape, 'rank' | 'targets' | 'dropout'>,
  prefix = '',
): LayerValues {
  const packed = new Set(kind.split('+'));
  const norm = (name: string) => input(`${prefix}${name}`, f32, [config.width]);
  const base = {} as Record<Projection, Value>;
  for (const projection of PROJECTIONS) {
    const [out, columns] = projectionShape(config, projection);
    const name = `${prefix}${projection}`;
    base[projection] = packed.has(projection)
      ? packedInput(name, out, columns)
      : input(name, f32, [out, columns]);
  }
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

function packedInput(name: string, rows: number, columns: number): Value {
  const blocks = (rows * columns) / 32;
  return dequantize(
    {
      nibbles: input(`${name}.nibbles`, u8, [blocks, 16]),
      scale: input(`${name}.scale`, f32, [blocks, 1]),
      offset: input(`${name}.offset`, f32, [blocks, 1]),
    },
    rows,
    columns,
  );
}

/** What to feed to {@link layerInputs} for the frozen weights. */
export function layerFeeds(weights: LlamaWeights, layer: number): Feeds {
  const { attention, feedForward } = weights.norms(layer);
  const feeds: Record<string, Feeds[string]> = { attentionNorm: attention, feedForwardNorm: feedForward };
  for (const projection of PROJECTIONS) {
    const matrix = weights.matrix(layer, projection);
    if (isPacked(matrix)) {
      feeds[`${projection}.nibbles`] = matrix.nibbles;
      feeds[`${projection}.scale`] = matrix.scale;
      feeds[`${projection}.offset`] = matrix.offset;
    } else feeds[projection] = matrix;
  }
  return feeds;
}
