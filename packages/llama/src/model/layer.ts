/**
 * One layer of a Llama as a graph (Touvron et al. 2023, arXiv 2302.13971; grouped queries: arXiv 2305.13245), with or
 * without LoRA adapters on its seven matrices (arXiv 2106.09685).
 *
 * B batch, S sequence, E width, H heads, K key/value heads, D head size, F feed-forward width.
 */
import {
  adaptedLinear,
  add,
  attention,
  droppedAdaptedLinear,
  f32,
  frozenLinear,
  i64,
  input,
  linear,
  product,
  reshape,
  rmsNorm,
  rotary,
  swiglu,
  transpose,
  type Value,
} from '@llama-xr/onnx';
import { ADAPTER_GROUPS, type AdapterGroup } from './parameters.ts';
import type { LlamaConfig, Projection } from './weights-type.ts';

/** Rows of a hidden state: all tokens of a batch. */
export const TOKENS = product('B', 'S');

/** What all layers share. */
export interface SequenceValues {
  /** [B, S] int64: rows of the rotary tables. */
  readonly positions: Value;
  /** [P, D / 2] */
  readonly cosine: Value;
  readonly sine: Value;
  /** [M, 1, S, S], M = 1 or B: 0 where a token may look, very negative elsewhere. */
  readonly mask: Value;
}

export function sequenceInputs({ headSize }: LlamaConfig): SequenceValues {
  return {
    positions: input('positions', i64, ['B', 'S']),
    cosine: input('cosine', f32, ['P', headSize / 2]),
    sine: input('sine', f32, ['P', headSize / 2]),
    mask: input('mask', f32, ['M', 1, 'S', 'S']),
  };
}

/** The values of one layer's weights. */
export interface LayerValues {
  readonly attentionNorm: Value;
  readonly feedForwardNorm: Value;
  /** [out, in] */
  readonly base: Readonly<Record<Projection, Value>>;
  /** `a.<group>` and `b.<projection>` of what is adapted, see `adapterTensors`; absent for the bare base. */
  readonly adapter?: Readonly<Record<string, Value>>;
  /** Masks of what the adapter reads, by group; absent without dropout. */
  readonly dropout?: Readonly<Record<string, Value>>;
}

export interface LayerOptions {
  /** s of W + s B A, see `updateFactor`. */
  readonly factor: number;
  /** The backward pass dequantizes and merges again instead of keeping merged weights. */
  readonly mergeAgain?: boolean;
  /** Base and adapter are computed apart instead of merged, see `AdapterShape`. */
  readonly apart?: boolean;
  /** Sees what the backward pass needs and is dear to compute again, and may put something in its place. */
  readonly keep?: (name: string, value: Value) => Value;
}

/** Blocks of queries in attention: three quarters of its work are left. More blocks save less than they cost at 256 tokens. */
const CAUSAL_BLOCKS = 2;

/** x [B*S, E] through one layer. */
export function layer(
  x: Value,
  weights: LayerValues,
  { positions, cosine, sine, mask }: SequenceValues,
  config: LlamaConfig,
  options: LayerOptions,
): Value {
  const { heads, kvHeads, headSize, rmsEps: eps } = config;
  const { keep = (_, value) => value } = options;
  const project = (y: Value, group: AdapterGroup['name']) => projectGroup(y, group, weights, options);
  const byHead = (y: Value, count: number) =>
    transpose(reshape(y, ['B', 'S', count, headSize]), [0, 2, 1, 3]);
  const turned = (y: Value, count: number) => rotary(byHead(y, count), positions, cosine, sine); // [B, count, S, D]

  const projected = project(rmsNorm(x, weights.attentionNorm, { eps }), 'qkv');
  const [q, k, v] = projected.map((y, i) => keep('qkv'[i] as string, y)) as [Value, Value, Value];
  const context = attention(turned(q, heads), turned(k, kvHeads), byHead(v, kvHeads), mask, {
    causalBlocks: CAUSAL_BLOCKS,
  }); // [B, S, H, D]
  const [o] = project(reshape(context, [TOKENS, heads * headSize]), 'o') as [Value];
  const attended = keep('attended', add(x, o)); // [B*S, E]

  const [gate, up] = project(rmsNorm(attended, weights.feedForwardNorm, { eps }), 'gateUp') as [Value, Value];
  const [down] = project(swiglu(keep('gate', gate), keep('up', up)), 'down') as [Value];
  return add(attended, down); // [B*S, E]
}

/** The products of all projections that read x. */
function projectGroup(
  x: Value,
  name: AdapterGroup['name'],
  { base, adapter, dropout }: LayerValues,
  { factor, mergeAgain = false, apart = false }: LayerOptions,
): Value[] {
  const projections: readonly Projection[] =
    ADAPTER_GROUPS.find((group) => group.name === name)?.projections ?? [];
  if (adapter === undefined) return projections.map((projection) => linear(x, base[projection]));
  const adapted = projections.flatMap((projection) => {
    const b = adapter[`b.${projection}`];
    return b === undefined ? [] : [{ projection, base: base[projection], b }];
  });
  const a = adapter[`a.${name}`];
  const mask = dropout?.[name];
  const outputs =
    a === undefined
      ? []
      : mask === undefined && !apart
        ? adaptedLinear(x, a, adapted, { scaling: factor, mergeAgain })
        : droppedAdaptedLinear(x, a, adapted, { scaling: factor, mask, dequantizeAgain: mergeAgain });
  return projections.map((projection) => {
    const place = adapted.findIndex((weight) => weight.projection === projection);
    return outputs[place] ?? frozenLinear(x, base[projection], { dequantizeAgain: mergeAgain });
  });
}
