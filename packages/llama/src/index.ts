/** The Llama model: graphs, weights, tokenizer, prompts, fusion, LoRA adapters. */
export * from './model/weights-type.ts';
export { type BaseWeights, openBaseWeights } from './weights/base-weights.ts';
export { llamaConfigOfGguf } from './weights/gguf-weights.ts';
export { llama3RopeFactors } from './weights/rope-scaling.ts';
export { interleaveRotaryRows, separateRotaryRows } from './weights/rotary-rows.ts';
