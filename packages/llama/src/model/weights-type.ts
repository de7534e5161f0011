/**
 * What the Llama graphs need to know of a model and its weights, whatever file they come from. Loaders for GGUF and
 * safetensors implement `LlamaWeights`; nothing here reads a file.
 *
 * Letters: E width, F feed-forward width, H heads, K key/value heads, D head size, V vocabulary.
 */

/** Shape and constants of a Llama model (Touvron et al. 2023; grouped queries: Ainslie et al. 2023). */
export interface LlamaConfig {
  readonly layers: number;
  /** E, the size of a token's vector. */
  readonly width: number;
  /** F, the inner width of the gated feed-forward block. */
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  readonly ropeBase: number;
  /** Llama 3.1's stretched rotary frequencies; absent where the file has none, or holds them as `ropeFactors`. */
  readonly ropeScaling?: Llama3RopeScaling;
  readonly rmsEps: number;
  readonly contextLength: number;
  /** True where the output head is the embedding matrix. */
  readonly tiedEmbedding: boolean;
}

/** `rope_scaling` of a Llama 3.1 `config.json`, type `llama3`. */
export interface Llama3RopeScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalContextLength: number;
}

/** The seven matrices of a layer that LoRA adapts, in the order in which all layouts list them. */
export const PROJECTIONS = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** `[out, in]` of a projection: y = x W^T. */
export function projectionShape(config: LlamaConfig, projection: Projection): readonly [number, number] {
  const { width, feedForward, heads, kvHeads, headSize } = config;
  switch (projection) {
    case 'q':
      return [heads * headSize, width];
    case 'k':
    case 'v':
      return [kvHeads * headSize, width];
    case 'o':
      return [width, heads * headSize];
    case 'gate':
    case 'up':
      return [feedForward, width];
    case 'down':
      return [width, feedForward];
  }
}

/**
 * A matrix [out, in] in 4 bits: blocks of 32 weights along a row, `w = nibble * scale + offset`. Byte j of a block
 * holds weight j in its low nibble and weight j + 16 in its high one (Q4_0 and Q4_1 of ggml). Q4_0: offset = -8 scale.
 * Q4_K fits as well, once its nibbles are regrouped: its blocks of 32 have a scale d * sc and an offset -dmin * m.
 */
export interface PackedMatrix {
  /** [blocks, 16], blocks = out * in / 32. */
  readonly nibbles: Uint8Array;
  /** [blocks] */
  readonly scale: Float32Array;
  /** [blocks] */
  readonly offset: Float32Array;
}

/** A matrix [out, in] in signed 8 bits: blocks along a row, `w = quant * scale` (Q8_0: 32 weights a block, Q6_K: 16). */
export interface ScaledMatrix {
  /** [blocks, size] */
  readonly quants: Int8Array;
  /** [blocks] */
  readonly scale: Float32Array;
}

/** A matrix [out, in] in codes of 4 bits, laid out as {@link PackedMatrix}: `w = code[nibble] * scale` (NF4). */
export interface CodedMatrix {
  readonly nibbles: Uint8Array;
  readonly scale: Float32Array;
  /** [16] */
  readonly code: Float32Array;
  /** The type that the matrix was quantized from, to which its decoder rounds. */
  readonly rounded: 'float32' | 'float16' | 'bfloat16';
}

/** A matrix [out, in] in float16. */
export interface HalfMatrix {
  /** [out, in] */
  readonly half: Uint16Array;
}

/** A matrix as its file has it, where a graph can dequantize that exactly; else in float32, row-major [out, in]. */
export type MatrixWeights = PackedMatrix | ScaledMatrix | CodedMatrix | HalfMatrix | Float32Array;

/** Which of {@link MatrixWeights} a matrix is: layers whose matrices have the same forms share a graph. */
export type MatrixForm = 'float32' | 'float16' | 'q4' | 'q8x32' | 'q8x16' | `code4 ${CodedMatrix['rounded']}`;

export function formOf(matrix: MatrixWeights): MatrixForm {
  if (matrix instanceof Float32Array) return 'float32';
  if ('half' in matrix) return 'float16';
  if ('quants' in matrix) return matrix.quants.length === 32 * matrix.scale.length ? 'q8x32' : 'q8x16';
  return 'code' in matrix ? `code4 ${matrix.rounded}` : 'q4';
}

/** A matrix [V, E] that is read a few rows at a time: the embedding, or the output head. */
export interface RowTable {
  readonly form: MatrixForm;
  /** Rows by their numbers in float32, [n, E]. */
  take(rows: Int32Array): Float32Array;
  /** `count` rows from `first` on, in the table's form. */
  part(first: number, count: number): MatrixWeights;
}

/**
 * The frozen base. Matrices are read when they are asked for, again and again, so that it stays open while an engine
 * lives. Arrays are handed to the engine as they are and must not change while it lives.
 * Rows of q and k stand in GGUF's order, made for interleaved rotary pairs (2i, 2i + 1): a loader of Hugging Face's
 * layout permutes them.
 */
export interface LlamaWeights {
  readonly config: LlamaConfig;
  matrix(layer: number, projection: Projection): MatrixWeights;
  /** The form that `matrix` gives it in. */
  form(layer: number, projection: Projection): MatrixForm;
  /** [E]: before attention and before the feed-forward block. */
  norms(layer: number): { readonly attention: Float32Array; readonly feedForward: Float32Array };
  /** [V, E] */
  readonly embedding: RowTable;
  /** [E]: before the output head. */
  readonly outputNorm: Float32Array;
  /** [V, E]; absent where the embedding is tied. */
  readonly output?: RowTable | undefined;
  /** [D / 2], each rotary frequency is divided by its factor: GGUF's `rope_freqs.weight`. */
  readonly ropeFactors?: Float32Array;
}
