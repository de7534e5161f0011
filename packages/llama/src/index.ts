/** The Llama model: graphs, weights, tokenizer, prompts, fusion, LoRA adapters. */
export * from './model/weights-type.ts';
