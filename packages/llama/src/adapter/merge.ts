/**
 * An adapter merged into its base: W' = W + alpha / rank * B A (Hu et al. 2021, section 4.1), each adapted matrix
 * rounded anew to a type of ggml. Everything else of the file - vocabulary, norms, matrices without an adapter - is
 * copied byte for byte. One matrix at a time is in memory.
 *
 * The 4-bit base was rounded once already; rounding the sum again is what makes a merged model drift from base and
 * adapter kept apart. How far is measured here in the weights; what it does to a loss is the caller's to measure.
 */
import { type ReportProgress, silent } from '@llama-xr/core';
import {
  dequantize,
  type Gguf,
  type GgufTensorToWrite,
  type GgufValue,
  gguf as ggufValue,
  openGguf,
  quantize,
  writeGguf,
} from '@llama-xr/tensor';
import type { AdapterFactors } from '../model/parameters.ts';
import { PROJECTIONS } from '../model/weights-type.ts';
import { GGUF_NAMES, llamaConfigOfGguf } from '../weights/gguf-weights.ts';
import { type Adapter, loadAdapter } from './adapter.ts';

/** The types a merged matrix may be rounded to, and `general.file_type` of a file of them (llama_ftype in llama.h). */
const FILE_TYPES = { Q4_1: 3, Q8_0: 7, F16: 1, BF16: 32 } as const;
export type MergedType = keyof typeof FILE_TYPES;
export const MERGED_TYPES = Object.keys(FILE_TYPES) as readonly MergedType[];

/** What rounding changed, over all merged matrices. */
export interface MergeDrift {
  readonly matrices: number;
  /** |rounded - W'| / |W'|, Frobenius norms. */
  readonly weightError: number;
  /** |rounded - W'| / |W' - W|: rounding as a share of what the adapter had to say; 0 for an adapter that says nothing. */
  readonly updateError: number;
}

export interface MergeOptions {
  readonly type: MergedType;
  readonly progress?: ReportProgress;
}

/**
 * @param base GGUF of the base
 * @param adapterPath see {@link loadAdapter}
 * @param out the GGUF to write, whole or not at all
 * @throws LlamaXrError MODEL when the adapter does not fit; INPUT for rows that are no whole blocks of the type.
 */
export function mergeAdapter(
  base: string,
  adapterPath: string,
  out: string,
  { type, progress = silent }: MergeOptions,
): MergeDrift {
  using file = openGguf(base);
  const adapter = loadAdapter(adapterPath, llamaConfigOfGguf(file));
  const adapted = adaptedMatrices(adapter);
  const sums = { error: 0, merged: 0, update: 0 };
  let done = 0;
  const tensors = [...file.tensors.values()].map((tensor): GgufTensorToWrite => {
    const { name, shape } = tensor;
    const factors = adapted.get(name);
    if (factors === undefined) return { name, shape, type: tensor.type, data: () => file.read(name) };
    const merge = () => {
      const bytes = mergeMatrix(file, name, factors(), adapter.alpha / adapter.rank, type, sums);
      progress({ stage: 'merge', done: ++done, total: adapted.size });
      return bytes;
    };
    return { name, shape, type, data: merge };
  });
  writeGguf(out, { metadata: withFileType(file.metadata, type), tensors });
  const share = (whole: number) => (sums.error === 0 ? 0 : Math.sqrt(sums.error / whole));
  return { matrices: adapted.size, weightError: share(sums.merged), updateError: share(sums.update) };
}

/** By the names of the file. */
function adaptedMatrices({ config, factors }: Adapter): Map<string, () => AdapterFactors> {
  const found = new Map<string, () => AdapterFactors>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      if (factors(layer, projection) === undefined) continue;
      const read = () => factors(layer, projection) as AdapterFactors;
      found.set(GGUF_NAMES.layer(layer, projection), read);
    }
  }
  return found;
}

/** Adds squares to `sums` as it goes. @returns the bytes of the rounded matrix */
function mergeMatrix(
  file: Gguf,
  name: string,
  { a, b }: AdapterFactors,
  scale: number,
  type: MergedType,
  sums: { error: number; merged: number; update: number },
): Uint8Array {
  const weights = file.dequantize(name);
  const [rows, columns] = file.tensor(name).shape as readonly [number, number];
  const update = new Float32Array(columns);
  for (let row = 0; row < rows; row++) {
    updateRow(update, a, b, row, scale);
    const at = row * columns;
    for (let j = 0; j < columns; j++) {
      weights[at + j] = (weights[at + j] as number) + (update[j] as number);
      sums.update += (update[j] as number) ** 2;
    }
  }
  const bytes = quantize(type, weights);
  const rounded = dequantize(type, bytes, weights.length);
  for (let i = 0; i < weights.length; i++) {
    sums.error += ((rounded[i] as number) - (weights[i] as number)) ** 2;
    sums.merged += (weights[i] as number) ** 2;
  }
  return bytes;
}

/** Row `row` of scale * B A: A [rank, columns], B [rows, rank]. */
function updateRow(out: Float32Array, a: Float32Array, b: Float32Array, row: number, scale: number): void {
  const columns = out.length;
  const rank = a.length / columns;
  out.fill(0);
  for (let k = 0; k < rank; k++) {
    const factor = scale * (b[row * rank + k] as number);
    for (let j = 0; j < columns; j++) out[j] = (out[j] as number) + factor * (a[k * columns + j] as number);
  }
}

function* withFileType(
  metadata: ReadonlyMap<string, GgufValue>,
  type: MergedType,
): Generator<readonly [string, GgufValue]> {
  for (const [key, value] of metadata) {
    yield [key, key === 'general.file_type' ? ggufValue.uint32(FILE_TYPES[type]) : value];
  }
}
