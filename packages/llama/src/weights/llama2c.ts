/**
 * The checkpoints of llama2.c (karpathy/llama2.c, export.py, version 0) and their vocabularies: float32 Llamas small
 * enough for tests, such as stories260K. Rows of q and k stand as in GGUF already. Written as GGUF once, such a model
 * is a base like any other, for us and for llama.cpp.
 */
import { fail } from '@llama-xr/core';
import { FileBytes, type GgufTensorToWrite, type GgufValue, gguf, viewAs, writeGguf } from '@llama-xr/tensor';
import { type LlamaConfig, projectionShape } from '../model/weights-type.ts';
import type { TokenKind } from '../tokenizer/tokenizer.ts';
import { tokenTypes } from '../tokenizer/vocabulary-metadata.ts';
import { checkConfig } from './check-config.ts';
import { llamaMetadata } from './gguf-metadata.ts';
import { GGUF_NAMES } from './gguf-weights.ts';

/** Such files hold small models: a larger one is something else. */
const MAX_BYTES = 2 ** 30;
const HEADER_BYTES = 7 * 4;

/**
 * @param checkpoint `stories260K.bin`
 * @param vocabulary `tok512.bin`
 * @param out the GGUF file to write
 */
export function convertLlama2c(checkpoint: string, vocabulary: string, out: string): void {
  const { config, tensors } = readCheckpoint(checkpoint);
  const metadata = [...llamaMetadata(config, 'llama2.c'), ...readVocabulary(vocabulary, config.vocabulary)];
  writeGguf(out, { metadata, tensors });
}

function readCheckpoint(path: string): { config: LlamaConfig; tensors: GgufTensorToWrite[] } {
  const bytes = readSmall(path);
  if (bytes.byteLength < HEADER_BYTES)
    fail('FILE_TRUNCATED', `${path}: expected a header of ${HEADER_BYTES} bytes`);
  const [width, feedForward, layers, heads, kvHeads, vocabulary, contextLength] = viewAs(
    'int32',
    bytes.subarray(0, HEADER_BYTES),
  ) as unknown as [number, number, number, number, number, number, number];
  const config = checkConfig(path, {
    layers,
    width,
    feedForward,
    heads,
    kvHeads,
    headSize: width / heads,
    vocabulary: Math.abs(vocabulary),
    ropeBase: 10_000,
    rmsEps: 1e-5,
    contextLength,
    // A negative size of the vocabulary says that a head of its own follows.
    tiedEmbedding: vocabulary > 0,
  });
  return { config, tensors: cutTensors(path, bytes, config) };
}

/** All tensors of a kind stand together, layer after layer, in this order. */
function cutTensors(path: string, bytes: Uint8Array, config: LlamaConfig): GgufTensorToWrite[] {
  const { width, vocabulary, layers, contextLength, headSize } = config;
  let at = HEADER_BYTES;
  const take = (name: string, ...shape: number[]): GgufTensorToWrite => {
    const length = 4 * shape.reduce((product, extent) => product * extent, 1);
    if (at + length > bytes.byteLength) {
      fail(
        'FILE_TRUNCATED',
        `${path}: ${name}: expected ${length} bytes at ${at}, but the file ends at ${bytes.byteLength}`,
      );
    }
    at += length;
    return { name, shape, type: 'F32', data: bytes.subarray(at - length, at) };
  };
  const tensors = [take(GGUF_NAMES.embedding, vocabulary, width)];
  const parts = ['attentionNorm', 'q', 'k', 'v', 'o', 'feedForwardNorm', 'gate', 'down', 'up'] as const;
  for (const part of parts) {
    const isNorm = part === 'attentionNorm' || part === 'feedForwardNorm';
    const shape = isNorm ? [width] : projectionShape(config, part);
    for (let layer = 0; layer < layers; layer++) tensors.push(take(GGUF_NAMES.layer(layer, part), ...shape));
  }
  tensors.push(take(GGUF_NAMES.outputNorm, width));
  take('rotary table', 2, contextLength, headSize / 2);
  if (!config.tiedEmbedding) tensors.push(take(GGUF_NAMES.output, vocabulary, width));
  return tensors;
}

/** Ids 0, 1, 2 are unknown, begin and end; 256 bytes follow; then the pieces, with their scores. */
function readVocabulary(path: string, size: number): [string, GgufValue][] {
  const bytes = Buffer.from(readSmall(path).buffer as ArrayBuffer);
  const tokens = ['<unk>', '<s>', '</s>'];
  const scores = [0, 0, 0];
  for (let at = 4, id = 0; id < size; id++) {
    const length = at + 8 <= bytes.length ? bytes.readInt32LE(at + 4) : -1;
    if (length < 0 || at + 8 + length > bytes.length) {
      fail('FILE_TRUNCATED', `${path}: expected ${size} tokens, but token ${id} at ${at} is beyond the end`);
    }
    if (id >= 3) {
      scores.push(bytes.readFloatLE(at));
      tokens.push(bytes.toString('utf8', at + 8, at + 8 + length).replaceAll(' ', '\u2581'));
    }
    at += 8 + length;
  }
  const kinds = tokens.map(
    (_, id): TokenKind => (id === 0 ? 'unknown' : id < 3 ? 'control' : id < 259 ? 'byte' : 'normal'),
  );
  return [
    ['tokenizer.ggml.model', gguf.string('llama')],
    ['tokenizer.ggml.tokens', gguf.strings(tokens)],
    ['tokenizer.ggml.scores', gguf.float32s(scores)],
    ['tokenizer.ggml.token_type', gguf.int32s(tokenTypes(kinds))],
    ['tokenizer.ggml.bos_token_id', gguf.uint32(1)],
    ['tokenizer.ggml.eos_token_id', gguf.uint32(2)],
    ['tokenizer.ggml.unknown_token_id', gguf.uint32(0)],
  ];
}

function readSmall(path: string): Uint8Array<ArrayBuffer> {
  using file = new FileBytes(path);
  if (file.size > MAX_BYTES)
    fail('FILE_FORMAT', `${path}: expected a file of llama2.c, got ${file.size} bytes`);
  return file.read(0, file.size, 'the file');
}
