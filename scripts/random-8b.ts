/**
 * Writes a random-weight GGUF of Llama 3.1 8B's exact shape (4.5 GB, Q4_K) with a real vocabulary, to measure what the
 * size costs: see step-8b.ts.
 *
 *   npx node scripts/random-8b.ts ggml-vocab-llama-bpe.gguf random-8b.gguf
 */
import { LLAMA_3_1_8B, writeRandomLlama } from '../packages/llama/src/index.ts';
import { openGguf } from '../packages/tensor/src/index.ts';

const [vocabulary, out] = process.argv.slice(2);
if (vocabulary === undefined || out === undefined) {
  console.error('usage: npx node scripts/random-8b.ts VOCABULARY.gguf OUT.gguf');
  process.exit(64);
}
using file = openGguf(vocabulary);
const entries = [...file.metadata].filter(([key]) => key.startsWith('tokenizer.'));
writeRandomLlama(out, LLAMA_3_1_8B, { vocabulary: entries, seed: 3407 });
console.log(`${out}: peak ${Math.round((process.resourceUsage().maxRSS * 1024) / 1e6)} MB`);
