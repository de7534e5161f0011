/** Writes a Llama of ours as GGUF, quantized: a base for QLoRA and for llama.cpp like any other. */

import { fail } from '@llama-xr/core';
import {
  GGML_TYPES,
  type GgmlType,
  type GgufTensorToWrite,
  type GgufValue,
  quantize,
  writeGguf,
} from '@llama-xr/tensor';
import { valuesOf } from '../model/row-table.ts';
import { type LlamaWeights, PROJECTIONS, projectionShape } from '../model/weights-type.ts';
import { llamaMetadata } from './gguf-metadata.ts';
import { GGUF_NAMES } from './gguf-weights.ts';

export interface GgufOptions {
  readonly name: string;
  /** `tokenizer.ggml.*`: see `vocabularyMetadata`. */
  readonly vocabulary: Iterable<readonly [string, GgufValue]>;
  /** Of the seven matrices of a layer; Q4_1 where absent. */
  readonly matrixType?: GgmlType;
  /** Of embedding and output head; Q8_0 where absent. */
  readonly embeddingType?: GgmlType;
}

/**
 * @param weights with its matrices in float32
 * @throws LlamaXrError INPUT when a row is no whole number of the type's blocks, or a value is not finite.
 */
export function writeLlamaGguf(path: string, weights: LlamaWeights, options: GgufOptions): void {
  const { config } = weights;
  const { width, vocabulary, layers } = config;
  const { matrixType = 'Q4_1', embeddingType = 'Q8_0' } = options;
  const tensors: GgufTensorToWrite[] = [];
  const add = (name: string, type: GgmlType, shape: readonly number[], values: () => Float32Array) => {
    const { block } = GGML_TYPES[type];
    if ((shape.at(-1) as number) % block !== 0) {
      fail(
        'INPUT',
        `${path}: ${name}: expected rows of a multiple of ${block} for ${type}, got ${shape.at(-1)}`,
      );
    }
    tensors.push({ name, type, shape, data: () => quantize(type, values()) });
  };
  add(GGUF_NAMES.embedding, embeddingType, [vocabulary, width], () =>
    valuesOf(weights.embedding, vocabulary),
  );
  add(GGUF_NAMES.outputNorm, 'F32', [width], () => weights.outputNorm);
  const { output, ropeFactors } = weights;
  if (output !== undefined)
    add(GGUF_NAMES.output, embeddingType, [vocabulary, width], () => valuesOf(output, vocabulary));
  if (ropeFactors !== undefined) add(GGUF_NAMES.ropeFactors, 'F32', [ropeFactors.length], () => ropeFactors);
  for (let layer = 0; layer < layers; layer++) {
    const norm = (part: 'attention' | 'feedForward') => () => weights.norms(layer)[part];
    add(GGUF_NAMES.layer(layer, 'attentionNorm'), 'F32', [width], norm('attention'));
    add(GGUF_NAMES.layer(layer, 'feedForwardNorm'), 'F32', [width], norm('feedForward'));
    for (const projection of PROJECTIONS) {
      const matrix = () => {
        const values = weights.matrix(layer, projection);
        return values instanceof Float32Array
          ? values
          : fail('INPUT', `${path}: expected float32 weights, got packed ones`);
      };
      add(GGUF_NAMES.layer(layer, projection), matrixType, projectionShape(config, projection), matrix);
    }
  }
  writeGguf(path, { metadata: [...llamaMetadata(config, options.name), ...options.vocabulary], tensors });
}
