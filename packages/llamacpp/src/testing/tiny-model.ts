/**
 * A tiny Llama with random weights and an adapter for it, as GGUF files: enough to exercise llama.cpp where no real model
 * is at hand. Its texts mean nothing.
 */
import { Random } from '@llama-xr/core';
import { type GgufTensorToWrite, gguf, writeGguf } from '@llama-xr/tensor';

const LAYERS = 2;
const E = 64; // embedding
const F = 96; // feed-forward
const HEADS = 4;
const KV_HEADS = 2;
const HEAD_SIZE = E / HEADS;
const KV = KV_HEADS * HEAD_SIZE;
const RANK = 4;
const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
export const TINY_CONTEXT = 256;

/** The 256 bytes as GPT-2 writes them: printable ones as themselves, the others from U+0100 on. */
function byteTokens(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

const TOKENS = [...SPECIAL, ...byteTokens(), 'Ġt'];
export const TINY_VOCABULARY = TOKENS.length;

function tensor(random: Random, name: string, shape: number[], deviation: number): GgufTensorToWrite {
  const values = Float32Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, () =>
    deviation === 0 ? 1 : deviation * random.normal(),
  );
  return { name, shape, type: 'F32', data: new Uint8Array(values.buffer) };
}

export function writeTinyModel(path: string, seed = 1): void {
  const random = new Random(seed);
  const layers = Array.from({ length: LAYERS }, (_, layer) => {
    const matrix = (name: string, out: number, into: number) =>
      tensor(random, `blk.${layer}.${name}.weight`, [out, into], into ** -0.5);
    return [
      tensor(random, `blk.${layer}.attn_norm.weight`, [E], 0),
      matrix('attn_q', E, E),
      matrix('attn_k', KV, E),
      matrix('attn_v', KV, E),
      matrix('attn_output', E, E),
      tensor(random, `blk.${layer}.ffn_norm.weight`, [E], 0),
      matrix('ffn_gate', F, E),
      matrix('ffn_up', F, E),
      matrix('ffn_down', E, F),
    ];
  }).flat();
  writeGguf(path, {
    metadata: [...architecture(), ...tokenizer()],
    tensors: [
      tensor(random, 'token_embd.weight', [TOKENS.length, E], 1),
      tensor(random, 'output.weight', [TOKENS.length, E], 3 * E ** -0.5),
      tensor(random, 'output_norm.weight', [E], 0),
      ...layers,
    ],
  });
}

function architecture() {
  return [
    ['general.architecture', gguf.string('llama')],
    ['general.type', gguf.string('model')],
    ['llama.block_count', gguf.uint32(LAYERS)],
    ['llama.context_length', gguf.uint32(TINY_CONTEXT)],
    ['llama.embedding_length', gguf.uint32(E)],
    ['llama.feed_forward_length', gguf.uint32(F)],
    ['llama.attention.head_count', gguf.uint32(HEADS)],
    ['llama.attention.head_count_kv', gguf.uint32(KV_HEADS)],
    ['llama.attention.layer_norm_rms_epsilon', gguf.float32(1e-5)],
    ['llama.rope.freq_base', gguf.float32(10_000)],
    ['llama.vocab_size', gguf.uint32(TOKENS.length)],
  ] as const;
}

function tokenizer() {
  return [
    ['tokenizer.ggml.model', gguf.string('gpt2')],
    ['tokenizer.ggml.pre', gguf.string('smollm')],
    ['tokenizer.ggml.tokens', gguf.strings(TOKENS)],
    ['tokenizer.ggml.token_type', gguf.int32s(TOKENS.map((_, id) => (id < SPECIAL.length ? 3 : 1)))],
    ['tokenizer.ggml.merges', gguf.strings(['Ġ t'])],
    ['tokenizer.ggml.bos_token_id', gguf.uint32(1)],
    ['tokenizer.ggml.eos_token_id', gguf.uint32(2)],
  ] as const;
}

/** A LoRA on all q and v projections. @param width other than the model's makes one that does not fit. */
export function writeTinyAdapter(
  path: string,
  { seed = 2, width = E }: { seed?: number; width?: number } = {},
): void {
  const random = new Random(seed);
  const pair = (name: string, out: number) => [
    tensor(random, `${name}.weight.lora_a`, [RANK, width], 1),
    tensor(random, `${name}.weight.lora_b`, [out, RANK], 1),
  ];
  const layers = Array.from({ length: LAYERS }, (_, layer) => [
    ...pair(`blk.${layer}.attn_q`, E),
    ...pair(`blk.${layer}.attn_v`, KV),
  ]);
  writeGguf(path, {
    metadata: [
      ['general.architecture', gguf.string('llama')],
      ['general.type', gguf.string('adapter')],
      ['adapter.type', gguf.string('lora')],
      ['adapter.lora.alpha', gguf.float32(RANK)],
    ],
    tensors: layers.flat(),
  });
}
