/**
 * QLoRA against the other one for JavaScript, `@qvac/llm-llamacpp` (LoRA on a fork of llama.cpp, run by Bare): the same
 * matrices, rank 16 on the seven projections, steps of one row of tokens that are all in the loss, two threads, the processor. That
 * library trains neither Q4_1 nor an architecture called llama: the file is rewritten in Q4_0 for both sides, and for theirs as a Qwen3
 * of the same shape, whose two norms a layer (of queries and keys) are ones.
 *
 *     npm install --prefix PEER @qvac/llm-llamacpp@0.53.0 bare@1.31.2
 *     npx node bench/qvac.ts --peer PEER --model smollm2-135m-instruct-q4_1.gguf [--steps 4] [--sequence 256] [--json]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { fail, Random } from '../packages/core/src/index.ts';
import { openBaseWeights, openTrainingEngine } from '../packages/llama/src/index.ts';
import {
  type GgufTensorToWrite,
  gguf,
  openGguf,
  quantize,
  requantized,
  writeGguf,
} from '../packages/tensor/src/index.ts';

/** `general.file_type` of files in Q4_0. */
const MOSTLY_Q4_0 = 2;
const WORDS =
  'the heart is normal in size lungs are clear no effusion or pneumothorax small left basal opacity stable'.split(
    ' ',
  );

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    model: { type: 'string' },
    steps: { type: 'string', default: '4' },
    sequence: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
});
const peer = resolve(
  values.peer ?? fail('USAGE', '--peer: expected the folder of the other library, got none'),
);
const source = values.model ?? fail('USAGE', '--model: expected a GGUF file, got none');
const steps = Number(values.steps);
const SEQUENCE = Number(values.sequence);

/** Copies of the model in Q4_0: as it is, and as a Qwen3. */
function writeCopies(llamaPath: string, qwenPath: string): void {
  using file = openGguf(source);
  const tensors = requantized(file, 'Q4_0', ({ type }) => type.startsWith('Q4'));
  const metadata = new Map(file.metadata).set('general.file_type', gguf.uint32(MOSTLY_Q4_0));
  writeGguf(llamaPath, { metadata, tensors });

  using base = openBaseWeights(source);
  const { headSize } = base.config;
  const layers = Array.from({ length: base.config.layers }, (_, layer) => layer);
  const norms = layers.flatMap((layer) =>
    ['attn_q_norm', 'attn_k_norm'].map((norm): GgufTensorToWrite => {
      const ones = new Float32Array(headSize).fill(1);
      return {
        name: `blk.${layer}.${norm}.weight`,
        shape: [headSize],
        type: 'F32',
        data: quantize('F32', ones),
      };
    }),
  );
  const renamed = Array.from(metadata, ([key, value]) => [key.replace(/^llama\./, 'qwen3.'), value] as const);
  const asQwen = new Map(renamed)
    .set('general.architecture', gguf.string('qwen3'))
    .set('qwen3.attention.key_length', gguf.uint32(headSize))
    .set('qwen3.attention.value_length', gguf.uint32(headSize));
  writeGguf(qwenPath, { metadata: asQwen, tensors: [...tensors, ...norms] });
}

/** Tokens a second of the best of our steps. */
async function ours(model: string): Promise<number> {
  using base = openBaseWeights(model);
  await using engine = await openTrainingEngine(base, { rank: 16, alpha: 32, mode: 'whole', threads: 2 });
  const random = new Random(1);
  const ids = Int32Array.from({ length: SEQUENCE }, () => random.int(base.config.vocabulary));
  const labels = Int32Array.from(ids, (_, i) => ids[(i + 1) % SEQUENCE] as number);
  const weights = new Float32Array(SEQUENCE).fill(1 / SEQUENCE);
  const seconds: number[] = [];
  for (let i = 0; i < steps; i++) {
    const began = performance.now();
    await engine.forwardBackward({ batch: 1, sequence: SEQUENCE, ids, labels, weights });
    seconds.push((performance.now() - began) / 1000);
  }
  return SEQUENCE / Math.min(...seconds);
}

/**
 * Tokens a second of the other side, by its own clock: the shortest time from one batch to the next. It is stopped after as many
 * batches as are wanted: version 0.53.0 crashes when it comes to the end of its text.
 */
async function theirs(model: string, folder: string): Promise<number> {
  const random = new Random(1);
  const text = join(folder, 'text.txt');
  // A word is about a token; a sample more than there are steps, since the first one starts the clock.
  const words = Array.from({ length: SEQUENCE * (steps + 2) }, () => WORDS[random.int(WORDS.length)]);
  writeFileSync(text, words.join(' '));
  const args = [join(import.meta.dirname, 'qvac-side.cjs'), peer, model, text, folder, String(SEQUENCE)];
  // A group of its own: what npm installs as bare is a script that starts another process.
  const bare = spawn(join(peer, 'node_modules/.bin/bare'), args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const elapsed: number[] = [];
  for await (const line of createInterface({ input: bare.stdout })) {
    if (!line.startsWith('STATS ')) continue;
    elapsed.push((JSON.parse(line.slice('STATS '.length)) as { elapsed_ms: number }).elapsed_ms);
    if (elapsed.length > steps) break;
  }
  if (bare.pid !== undefined && bare.exitCode === null) process.kill(-bare.pid, 'SIGKILL');
  const gaps = elapsed.slice(1).map((ms, i) => ms - (elapsed[i] as number));
  if (gaps.length < steps)
    fail('ENGINE', `@qvac/llm-llamacpp: expected ${steps} steps after the first, got ${gaps.length}`);
  return (SEQUENCE * 1000) / Math.min(...gaps);
}

const folder = mkdtempSync(join(tmpdir(), 'qvac-'));
try {
  const [llama, qwen] = [join(folder, 'llama.gguf'), join(folder, 'qwen.gguf')];
  writeCopies(llama, qwen);
  const result = { ours: await ours(llama), theirs: await theirs(qwen, folder) };
  const ratio = result.ours / result.theirs;
  if (values.json) console.log(JSON.stringify({ ...result, ratio }));
  else
    console.log(
      `${result.ours.toFixed(1)} tok/s, @qvac/llm-llamacpp ${result.theirs.toFixed(1)} tok/s: ${ratio.toFixed(1)}x`,
    );
} finally {
  rmSync(folder, { recursive: true });
}
