/** The metadata keys that make a GGUF a Llama to llama.cpp: written for models of our own. */
import { type GgufValue, gguf } from '@llama-xr/tensor';
import type { LlamaConfig } from '../model/weights-type.ts';

export function llamaMetadata(config: LlamaConfig, name: string): [string, GgufValue][] {
  return [
    ['general.architecture', gguf.string('llama')],
    ['general.type', gguf.string('model')],
    ['general.name', gguf.string(name)],
    ['llama.block_count', gguf.uint32(config.layers)],
    ['llama.context_length', gguf.uint32(config.contextLength)],
    ['llama.embedding_length', gguf.uint32(config.width)],
    ['llama.feed_forward_length', gguf.uint32(config.feedForward)],
    ['llama.attention.head_count', gguf.uint32(config.heads)],
    ['llama.attention.head_count_kv', gguf.uint32(config.kvHeads)],
    ['llama.attention.key_length', gguf.uint32(config.headSize)],
    ['llama.attention.value_length', gguf.uint32(config.headSize)],
    ['llama.attention.layer_norm_rms_epsilon', gguf.float32(config.rmsEps)],
    ['llama.rope.freq_base', gguf.float32(config.ropeBase)],
    ['llama.rope.dimension_count', gguf.uint32(config.headSize)],
    ['llama.vocab_size', gguf.uint32(config.vocabulary)],
  ];
}
