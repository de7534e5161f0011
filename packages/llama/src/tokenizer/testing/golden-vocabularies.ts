/**
 * GGUF files whose tokenization reference/llama-cpp-tokens.py asks llama.cpp for: a vocabulary that we train, and that
 * of llama2.c's stories. `npx node packages/llama/src/tokenizer/testing/golden-vocabularies.ts OUT [DATA]`
 */
import { join } from 'node:path';
import { writeGguf } from '@llama-xr/tensor';
import { llamaMetadata } from '../../weights/gguf-metadata.ts';
import { convertLlama2c } from '../../weights/llama2c.ts';
import { TRAINED_PRE, trainByteBpe } from '../train-byte-bpe.ts';
import { vocabularyMetadata } from '../vocabulary-metadata.ts';

const PHRASES = [
  'The heart is normal in size, and the lungs are clear.',
  'No pleural effusion or pneumothorax is seen in 2 views.',
  'The quick brown fox jumps over the lazy dog; it is not seen again.',
  "It's clear that there's no fracture, isn't it?",
];

export function writeTrainedVocabulary(path: string): void {
  const vocabulary = trainByteBpe(PHRASES, 320);
  const config = {
    layers: 1,
    width: 32,
    feedForward: 32,
    heads: 2,
    kvHeads: 1,
    headSize: 16,
    vocabulary: vocabulary.tokens.length,
    ropeBase: 10_000,
    rmsEps: 1e-5,
    contextLength: 128,
    tiedEmbedding: true,
  };
  const metadata = [
    ...llamaMetadata(config, 'trained vocabulary'),
    ...vocabularyMetadata(vocabulary, TRAINED_PRE),
  ];
  writeGguf(path, { metadata, tensors: [] });
}

/** @param data the folder with llama/stories260K.bin and llama/tok512.bin */
export function writeStories(data: string, path: string): void {
  convertLlama2c(join(data, 'llama/stories260K.bin'), join(data, 'llama/tok512.bin'), path);
}

if (import.meta.main) {
  const [out = '.', data] = process.argv.slice(2);
  writeTrainedVocabulary(join(out, 'trained.gguf'));
  if (data !== undefined) writeStories(data, join(out, 'stories.gguf'));
}
