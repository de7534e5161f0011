/**
 * How fast texts are generated: ours (child process, scheduling, sampling and log probabilities in TypeScript) against
 * llama.cpp's own loop with its own greedy sampler, on the same file, prompts, batch and threads, turn by turn in one run.
 *
 *     npx node bench/generation.ts [--model FILE] [--threads 2] [--rounds 3] [--tokens 96] [--batches 1,8,16] [--json]
 *
 * Both write every text to the same length. Processor time is printed beside time on the clock: on a busy machine it is
 * the one to believe, with one thread (threads that wait for each other spin).
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, Random } from '../packages/core/src/index.ts';
import { openGenerator } from '../packages/llamacpp/src/index.ts';
import type { NativeLoopResult, NativeLoopTask } from '../packages/llamacpp/src/testing/native-loop.ts';

// Short, so that what is measured is generation.
const PROMPT_TOKENS = 32;
const NATIVE_LOOP = join(import.meta.dirname, '../packages/llamacpp/src/testing/native-loop.ts');

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}
interface Row {
  readonly batch: number;
  readonly threads: number;
  /** Tokens generated a second, prompts included in the time. */
  readonly ours: number;
  readonly native: number;
  /** Ours over native; above 1 is faster. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    tokens: { type: 'string', default: '96' },
    batches: { type: 'string', default: '1,8,16' },
    json: { type: 'boolean', default: false },
  },
});
const models = process.env.LLAMA_XR_MODELS;
const base =
  values.model ??
  (models === undefined ? undefined : join(models, 'smollm2-135m-instruct-q4_1.gguf')) ??
  fail('USAGE', '--model: expected a GGUF file, or its folder in LLAMA_XR_MODELS');
const threads = Number(values.threads);
const maxTokens = Number(values.tokens);
const contextTokens = PROMPT_TOKENS + maxTokens;

/** Prompts that share no beginning, also not with those of another round: neither side saves any. */
function prompts(batch: number, round: number, vocabulary: number): number[][] {
  const random = new Random(`${batch}:${round}`);
  return Array.from({ length: batch }, () =>
    Array.from({ length: PROMPT_TOKENS }, () => 1000 + random.int(Math.min(vocabulary, 20_000) - 1000)),
  );
}

async function measure(batch: number): Promise<Row> {
  const ours: Cost[] = [];
  const native: Cost[] = [];
  await using generator = await openGenerator({ base, contextTokens, threads, parallel: batch });
  for (let round = 0; round <= Number(values.rounds); round++) {
    const tokens = prompts(batch, round, generator.model.vocabulary);
    const theirs = nativeLoop({ base, prompts: tokens, maxTokens, contextTokens, threads });
    const [began, used] = [performance.now(), await generator.usage()];
    let count = 0;
    const requests = tokens.map((prompt, i) => ({ id: `${i}`, tokens: prompt }));
    for await (const text of generator.generate(requests, { maxTokens, stop: [] }))
      count += text.tokens.length;
    const seconds = (performance.now() - began) / 1000;
    const { cpuSeconds } = await generator.usage();
    if (count !== batch * maxTokens) fail('ENGINE', `expected ${batch * maxTokens} tokens, got ${count}`);
    // The first round warms up both.
    if (round > 0) native.push(theirs);
    if (round > 0) ours.push({ seconds, cpuSeconds: cpuSeconds - used.cpuSeconds });
  }
  return summarize(batch, ours, native);
}

function nativeLoop(task: NativeLoopTask): NativeLoopResult {
  const output = execFileSync(process.execPath, [NATIVE_LOOP, JSON.stringify(task)], { stdio: 'pipe' });
  return JSON.parse(output.toString());
}

function summarize(batch: number, ours: readonly Cost[], native: readonly Cost[]): Row {
  const speed = (costs: readonly Cost[]) => (batch * maxTokens) / median(costs.map((cost) => cost.seconds));
  const ratio = (of: keyof Cost) => median(native.map((cost, i) => cost[of] / (ours[i] as Cost)[of]));
  return {
    batch,
    threads,
    ours: speed(ours),
    native: speed(native),
    ratio: ratio('seconds'),
    cpuRatio: ratio('cpuSeconds'),
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

function cells({ batch, ours, native, ratio, cpuRatio }: Row): string {
  const speeds = [String(batch).padStart(5), ours.toFixed(1).padStart(10), native.toFixed(1).padStart(15)];
  return [...speeds, ratio.toFixed(3).padStart(5), cpuRatio.toFixed(3).padStart(23)].join('  ');
}

const rows: Row[] = [];
if (!values.json) {
  console.log(`${base}: ${PROMPT_TOKENS} tokens of prompt, ${maxTokens} generated, ${threads} threads`);
  console.log('batch  ours tok/s  llama.cpp tok/s  ratio  ratio in processor time');
}
for (const batch of values.batches.split(',').map(Number)) {
  const row = await measure(batch);
  rows.push(row);
  if (!values.json) console.log(cells(row));
}
if (values.json) {
  console.log(JSON.stringify({ model: base, promptTokens: PROMPT_TOKENS, maxTokens, rows }, null, 2));
}
