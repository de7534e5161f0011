/**
 * What a training run holds in memory, part by part, for both ways of running a step: an account of what the engine keeps
 * (packages/llama/src/model), in bytes. Graphs' arenas and short-lived copies make it an estimate.
 */
import {
  adapterLayout,
  type LlamaConfig,
  PROJECTIONS,
  parameterCount,
  projectionShape,
  type StepMode,
  wholeStepBytes,
} from '@llama-xr/llama';
import type { Recipe } from '@llama-xr/train';

export interface TrainingShape {
  readonly config: LlamaConfig;
  /** Matrices of all layers that stay in 4 bits, and those that do not, by their number of weights. */
  readonly weights: { readonly packed: number; readonly plain: number };
  readonly recipe: Pick<Recipe, 'rank' | 'targets'>;
  /** The largest batch: rows, and tokens of the longest. */
  readonly batch: number;
  readonly sequence: number;
}

export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

const FLOAT = 4;
/** A packed block of 32 weights: 16 bytes of nibbles, scale and offset in float32. */
const PACKED_WEIGHT = 24 / 32;
/** Node, ONNX Runtime and the program, before any weight. */
const PROGRAM = 180e6;
/** Parameters and gradients, each here and in the training thread, and AdamW's two moments. */
const ADAPTER_COPIES = 6;
/** Rows of the head at a time in layered mode, as `TrainingOptions` has it. */
const HEAD_CHUNK = 256;
/** Logits, their softmax and what the gradient adds, [HEAD_CHUNK, V] each. */
const HEAD_COPIES = 3;
/** What arenas hold beyond the tensors named here: measured on SmolLM2 and on Llama 3.1 8B. */
const ARENA_SLACK = 1.15;
/** `wholeStepBytes` is a bound to choose by; this much of it was found, and beside it the arenas of the scoring graphs. */
const WHOLE = { share: 0.84, scoring: 70e6 };

/** Numbers that an adapter trains. */
export const trainable = ({ config, recipe }: TrainingShape): number =>
  parameterCount(adapterLayout(config, recipe.rank, recipe.targets));

export function memoryParts(shape: TrainingShape, mode: StepMode): MemoryPart[] {
  const { config, weights } = shape;
  const { vocabulary, width, tiedEmbedding } = config;
  const held = weights.packed * PACKED_WEIGHT + weights.plain * FLOAT;
  return [
    { name: 'program', bytes: PROGRAM },
    { name: 'base, matrices', bytes: held },
    { name: 'base, embedding and head', bytes: (tiedEmbedding ? 1 : 2) * vocabulary * width * FLOAT },
    { name: 'adapter and optimizer', bytes: ADAPTER_COPIES * trainable(shape) * FLOAT },
    { name: 'step', bytes: mode === 'whole' ? wholeBytes(shape) : layeredBytes(shape) },
  ];
}

export const totalBytes = (parts: readonly MemoryPart[]): number =>
  parts.reduce((sum, { bytes }) => sum + bytes, 0);

const wholeBytes = ({ config, batch, sequence }: TrainingShape): number =>
  WHOLE.share * wholeStepBytes(config, batch, sequence) + WHOLE.scoring;

/**
 * Every layer's input is kept; the rest exists for one layer, or for one part of the head. Graphs for a layer forward, a
 * layer backward and the head have an arena each, which keeps what it once held.
 */
function layeredBytes({ config, batch, sequence }: TrainingShape): number {
  const { layers, width, feedForward, heads, kvHeads, headSize, vocabulary } = config;
  const tokens = batch * sequence;
  // All matrices of a layer, dequantized and merged.
  const merged = PROJECTIONS.reduce((sum, projection) => {
    const [out, columns] = projectionShape(config, projection);
    return sum + out * columns;
  }, 0);
  const kept = tokens * (4 * width + 2 * (heads + kvHeads) * headSize + 4 * feedForward);
  const scores = batch * heads * sequence * sequence;
  const backward = merged + kept + 3 * scores;
  const forward = merged + kept / 2 + scores;
  const head = HEAD_COPIES * Math.min(HEAD_CHUNK, tokens) * vocabulary;
  return FLOAT * (layers * tokens * width + ARENA_SLACK * (forward + backward + head));
}
