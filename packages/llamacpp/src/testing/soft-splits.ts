/**
 * Logits after a prompt whose middle is fed as tokens, and as the embeddings of these tokens, in batches of the same
 * lengths. A program, since llama.cpp belongs in a process of its own: base and tokens in, both logits as one JSON line out.
 */
import { openGguf } from '@llama-xr/tensor';
import { Engine } from '../engine.ts';

/** Where the batches end; the second is the soft one. */
const SPLITS = [5, 14, 20];

function run(base: string, tokens: readonly number[]): number[][] {
  using gguf = openGguf(base);
  const embeddings = gguf.dequantize('token_embd.weight');
  const options = { base, contextTokens: 128, threads: 1, parallel: 1, adapterScale: 1 };
  using engine = new Engine({ ...options, device: 'cpu' });
  const input = (token: number, soft: boolean) =>
    soft ? embeddings.subarray(token * engine.width, (token + 1) * engine.width) : token;
  return [false, true].map((soft) => {
    engine.keep(0, 0);
    let rows: Float32Array[] = [];
    for (const [batch, end] of SPLITS.entries()) {
      for (let i = SPLITS[batch - 1] ?? 0; i < end; i++)
        engine.add(0, input(tokens[i] as number, soft && batch === 1), i, i === tokens.length - 1);
      rows = engine.decode();
    }
    return [...(rows[0] as Float32Array)];
  });
}

const [base = '', tokens = '[]'] = process.argv.slice(2);
console.log(JSON.stringify(run(base, JSON.parse(tokens) as number[])));
