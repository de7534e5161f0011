/**
 * What a training run holds in memory, part by part, for both ways of running a step: an account of what the engine keeps
 * (packages/llama/src/model), in bytes. Graphs' arenas and short-lived copies make it an estimate.
 */
import {
  adapterLayout,
  hasSoftTokens,
  holdingFor,
  keptBytes,
  type LlamaConfig,
  mergedBytes,
  PART_LOGITS,
  PART_WEIGHTS,
  PROJECTIONS,
  parameterCount,
  projectionShape,
  projectorLayout,
  type StepMode,
  softSlots,
  wholeStepBytes,
} from '@llama-xr/llama';
import type { Recipe } from '@llama-xr/train';
import { FEATURES } from '@llama-xr/vision';

export interface TrainingShape {
  readonly config: LlamaConfig;
  /** Matrices of all layers that stay in 4 bits, in 8, and those that do not, by their number of weights. */
  readonly weights: { readonly packed: number; readonly eight: number; readonly plain: number };
  readonly recipe: Pick<Recipe, 'rank' | 'targets' | 'optimizerBits' | 'fusion' | 'visual'>;
  /** The largest batch: rows, and tokens of the longest. */
  readonly batch: number;
  readonly sequence: number;
}

export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

const FLOAT = 4;
/** Bytes of a packed weight: nibbles, or a byte, and scale and offset in float32 a block of 32. */
const PACKED_WEIGHT = { read: 24 / 32, held: 24 / 32, 'held in bytes': 40 / 32 } as const;
/** Of a weight in 8 bits: a byte, and a scale in float32 a block of 16 (Q6_K; a little less for Q8_0's 32). */
const EIGHT_BIT_WEIGHT = 20 / 16;
/** Node, ONNX Runtime and the program, before any weight. */
const PROGRAM = 205e6;
/** Parameters and gradients, each here and in the training thread. */
const ADAPTER_COPIES = 4;
/** Bytes of both of AdamW's moments for a parameter. */
const MOMENTS = { 32: 8, 8: 2 + 8 / 256 } as const;
/** Logits, their powers and one more, of a part. */
const HEAD_COPIES = 3;
/** Layers that were read stay until the collector comes: found on Llama 3.1 8B. */
const READ_LAYERS = 6.5;
/** What arenas hold beyond the tensors named here. Fitted to measurements: docs/experiments/memory.md. */
const ARENAS = 135e6;
/** `wholeStepBytes` is a bound to choose by; this much of it was found, and beside it the arenas of the scoring graphs. */
const WHOLE = { share: 0.98, scoring: 40e6 };

/** Numbers that are trained: of the adapter, and of the projector where the fusion is by sight. */
export const trainable = ({ config, recipe }: TrainingShape): number =>
  parameterCount(adapterLayout(config, recipe.rank, recipe.targets)) + projectorNumbers(config, recipe);

function projectorNumbers({ width }: LlamaConfig, { fusion, visual }: TrainingShape['recipe']): number {
  if (!hasSoftTokens(fusion)) return 0;
  const shape = { slots: softSlots(visual).length, features: FEATURES, hidden: visual.hidden };
  return parameterCount(projectorLayout(shape, width, 0));
}

/** @param kept bytes for what the backward pass would else compute again, see `keptWithin`. */
export function memoryParts(shape: TrainingShape, mode: StepMode, kept = 0): MemoryPart[] {
  const { recipe } = shape;
  const perNumber = ADAPTER_COPIES * FLOAT + MOMENTS[recipe.optimizerBits];
  return [
    { name: 'program', bytes: PROGRAM },
    { name: 'base, matrices', bytes: layersHeld(shape, mode) },
    { name: 'base, head', bytes: headHeld(shape, mode) },
    { name: 'adapter and optimizer', bytes: perNumber * trainable(shape) },
    { name: 'step', bytes: mode === 'whole' ? wholeBytes(shape) : layeredBytes(shape) },
    ...(kept > 0 ? [{ name: KEPT[mode], bytes: kept }] : []),
  ];
}

/** What a way of running a step can keep for the backward pass. */
export const KEPT: Readonly<Record<StepMode, string>> = {
  whole: 'merged weights kept',
  layered: 'activations kept',
};

/** Bytes that a layer can keep for the backward pass of the largest batch. */
export const keptOfLayer = ({ config, batch, sequence }: TrainingShape, mode: StepMode): number =>
  mode === 'whole' ? mergedBytes(config) : batch * sequence * keptBytes(config);

/** What a step may keep for its backward pass, in whole layers, so that the process stays within its memory. */
export function keptWithin(shape: TrainingShape, mode: StepMode, memoryBytes: number): number {
  const room = memoryBytes - totalBytes(memoryParts(shape, mode));
  const layer = keptOfLayer(shape, mode);
  return layer * Math.min(shape.config.layers, Math.max(0, Math.floor(room / layer)));
}

/** How a step runs within so much memory: whole where that fits, with what it may keep. */
export function stepWithin(
  shape: TrainingShape,
  memoryBytes: number,
  mode: StepMode | 'auto' = 'auto',
): { mode: StepMode; keptBytes: number } {
  const fits = totalBytes(memoryParts(shape, 'whole')) <= memoryBytes;
  const chosen = mode === 'auto' ? (fits ? 'whole' : 'layered') : mode;
  return { mode: chosen, keptBytes: keptWithin(shape, chosen, memoryBytes) };
}

/** The frozen layers, or as many of them as are in memory at a time. */
function layersHeld({ config, weights }: TrainingShape, mode: StepMode): number {
  const { layers } = holdingFor(config, mode);
  const { packed, eight, plain } = weights;
  const all = packed * PACKED_WEIGHT[layers] + eight * EIGHT_BIT_WEIGHT + plain * FLOAT;
  return layers === 'read' ? (READ_LAYERS * all) / config.layers : all;
}

/** The head is held in float32, or streamed; rows of the embedding are read as they are needed. */
function headHeld({ config: { vocabulary, width } }: TrainingShape, mode: StepMode): number {
  return mode === 'whole' ? vocabulary * width * FLOAT : Math.min(vocabulary * width, PART_WEIGHTS);
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
  const part = Math.min(vocabulary, Math.ceil(PART_WEIGHTS / width));
  // Once to learn, once to score: each graph has its arena.
  const head = 2 * (HEAD_COPIES * Math.min(PART_LOGITS, tokens * part) + part * width);
  return FLOAT * (layers * tokens * width + forward + backward + head) + ARENAS;
}
