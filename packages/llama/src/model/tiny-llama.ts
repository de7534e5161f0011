/**
 * For tests and checks of devices: a Llama small enough to differentiate in a moment, with weights from a formula that
 * reference/llama_gradients.py computes as well.
 */
import type { Batch } from './batch.ts';
import { type AdapterEngine, openTrainingEngine, type TrainingOptions } from './engine.ts';
import { viewOf } from './parameters.ts';
import { floatTable } from './row-table.ts';
import {
  type LlamaConfig,
  type LlamaWeights,
  type MatrixWeights,
  type PackedMatrix,
  projectionShape,
} from './weights-type.ts';

export const TINY: LlamaConfig = {
  layers: 2,
  width: 32,
  feedForward: 64,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  vocabulary: 40,
  ropeBase: 10_000,
  rmsEps: 1e-5,
  contextLength: 64,
  tiedEmbedding: true,
};

/** 32 bits of index and name: FNV-1a of the name, then murmur3's finalizer. */
function* bits(name: string, count: number): Generator<number> {
  let seed = 2166136261;
  for (const character of name) seed = Math.imul(seed ^ character.charCodeAt(0), 16777619);
  for (let i = 0; i < count; i++) {
    let h = (i + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    yield (h ^ (h >>> 16)) >>> 0;
  }
}

/** Uniform in center +- scale / 2. */
export function pattern(name: string, count: number, scale: number, center = 0): Float32Array {
  return Float32Array.from(bits(name, count), (word) => center + scale * (word / 2 ** 32 - 0.5));
}

function packed(name: string, count: number): PackedMatrix {
  const blocks = count / 32;
  return {
    nibbles: Uint8Array.from(bits(`${name}.nibbles`, blocks * 16), (word) => word & 255),
    scale: pattern(`${name}.scale`, blocks, 0.01, 0.03),
    offset: pattern(`${name}.offset`, blocks, 0.05, -0.22),
  };
}

/** The same numbers in float32. */
export function unpacked({ nibbles, scale, offset }: PackedMatrix): Float32Array {
  const weights = new Float32Array(scale.length * 32);
  for (const [block, factor] of scale.entries()) {
    for (let j = 0; j < 32; j++) {
      const byte = nibbles[block * 16 + (j % 16)] as number;
      const nibble = j < 16 ? byte & 15 : byte >> 4;
      weights[block * 32 + j] = Math.fround(nibble * factor) + (offset[block] as number);
    }
  }
  return weights;
}

/** @param asFloats which matrices come as float32 instead of in 4 bits. */
export function tinyWeights(asFloats: (layer: number) => boolean = () => false): LlamaWeights {
  const { width, vocabulary } = TINY;
  const norm = (name: string) => pattern(name, width, 1, 1);
  return {
    config: TINY,
    matrix(layer, projection): MatrixWeights {
      const [out, columns] = projectionShape(TINY, projection);
      const matrix = packed(`layers.${layer}.${projection}`, out * columns);
      return asFloats(layer) ? unpacked(matrix) : matrix;
    },
    norms: (layer) => ({
      attention: norm(`layers.${layer}.attentionNorm`),
      feedForward: norm(`layers.${layer}.feedForwardNorm`),
    }),
    form: (layer) => (asFloats(layer) ? 'float32' : 'q4'),
    embedding: floatTable(pattern('embedding', vocabulary * width, 1), width),
    outputNorm: norm('outputNorm'),
  };
}

/** Two rows of twelve tokens; a third of the positions stand outside the loss. */
export function tinyBatch(): Batch {
  const [batch, sequence] = [2, 12];
  const token = (word: number) => word % TINY.vocabulary;
  return {
    batch,
    sequence,
    ids: Int32Array.from(bits('ids', batch * sequence), token),
    labels: Int32Array.from(bits('labels', batch * sequence), token),
    weights: pattern('weights', batch * sequence, 0.05, 0.05).map((weight, i) => (i % 3 === 0 ? 0 : weight)),
  };
}

/** |a - b| / |b| over all elements. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    size += (b[i] as number) ** 2;
  }
  return Math.sqrt(difference / size);
}

/** An engine with the adapters of reference/llama_gradients.py. */
export async function tinyEngine(
  options: Partial<TrainingOptions> = {},
  weights: LlamaWeights = tinyWeights(),
): Promise<AdapterEngine> {
  const engine = await openTrainingEngine(weights, {
    rank: 2,
    alpha: 4,
    threads: 1,
    mode: 'whole',
    ...options,
  });
  for (const slot of engine.layout) viewOf(engine.parameters, slot).set(pattern(slot.name, slot.length, 0.3));
  return engine;
}
