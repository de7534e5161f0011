/** The frozen weights of a layer as inputs of a graph, and the arrays to feed them with. */
import {
  cast,
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

/** What a graph takes: a matrix's form, or its 4 bits in a byte each. */
type InputForm = MatrixForm | 'q4 in bytes';

/** @param inBytes whether 4 bits are fed as a byte each. */
export function layerKind(
  weights: Pick<LlamaWeights, 'form'>,
  layer: number,
  { inBytes }: { inBytes: boolean },
): LayerKind {
  const forms = PROJECTIONS.map((projection) => weights.form(layer, projection));
  return forms.map((form): InputForm => (inBytes && form === 'q4' ? 'q4 in bytes' : form)).join('+');
}

/** Inputs of a layer of this kind, named with a prefix (`layers.3.`). */
export function layerInputs(
  config: LlamaConfig,
  kind: LayerKind,
  lora: Pick<AdapterShape, 'rank' | 'targets' | 'dropout'>,
  prefix = '',
): LayerValues {
  const forms = kind.split('+') as InputForm[];
  const norm = (name: string) => input(`${prefix}${name}`, f32, [config.width]);
  const base = {} as Record<Projection, Value>;
  for (const [i, projection] of PROJECTIONS.entries())
    base[projection] = matrixInput(
      `${prefix}${projection}`,
      forms[i] as InputForm,
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
  form: InputForm,
  [rows, columns]: readonly [number, number],
): Value {
  const scaled = (size: number) => ({ scale: input(`${name}.scale`, f32, [(rows * columns) / size, 1]) });
  const nibbles = (bytes = 16) => ({ nibbles: input(`${name}.nibbles`, u8, [(rows * columns) / 32, bytes]) });
  const quants = (size: 16 | 32) => input(`${name}.quants`, i8, [(rows * columns) / size, size]);
  switch (form) {
    case 'float32':
      return input(name, f32, [rows, columns]);
    case 'float16':
      return widened(input(`${name}.half`, 'float16', [rows, columns]));
    case 'q4':
    case 'q4 in bytes': {
      const offset = input(`${name}.offset`, f32, [(rows * columns) / 32, 1]);
      return dequantize({ ...nibbles(form === 'q4' ? 16 : 32), ...scaled(32), offset }, rows, columns);
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

/** A frozen matrix of float16 in float32; the backward pass widens it again. */
function widened(half: Value): Value {
  const build = () => cast(half, f32);
  return { type: f32, shape: half.shape, origin: build().origin, again: build };
}

/** What to feed to {@link matrixInput}. */
export function matrixFeeds(name: string, matrix: MatrixWeights): Record<string, Feeds[string]> {
  if (matrix instanceof Float32Array) return { [name]: matrix };
  const arrays = Object.entries(matrix).filter(([part]) => part !== 'rounded');
  return Object.fromEntries(arrays.map(([part, array]) => [`${name}.${part}`, array]));
}

/** What to feed to {@link layerInputs} for the frozen weights. */
export function layerFeeds(weights: LlamaWeights, layer: number, { inBytes }: { inBytes: boolean }): Feeds {
  const { attention, feedForward } = weights.norms(layer);
  const feeds: Record<string, Feeds[string]> = { attentionNorm: attention, feedForwardNorm: feedForward };
  for (const projection of PROJECTIONS) {
    const matrix = weights.matrix(layer, projection);
    const unpacks = inBytes && !(matrix instanceof Float32Array) && 'offset' in matrix;
    const fed = unpacks ? { ...matrix, nibbles: bytesOf(matrix.nibbles) } : matrix;
    Object.assign(feeds, matrixFeeds(projection, fed));
  }
  return feeds;
}

/** [blocks, 16] nibbles, two a byte, to [blocks, 32], one a byte. */
function bytesOf(nibbles: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * nibbles.length);
  for (let block = 0; block < nibbles.length; block += 16)
    for (let i = 0; i < 16; i++) {
      const pair = nibbles[block + i] as number;
      bytes[2 * block + i] = pair & 15;
      bytes[2 * block + 16 + i] = pair >> 4;
    }
  return bytes;
}
