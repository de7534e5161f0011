/**
 * Training speed and memory against PyTorch + PEFT in fp32, side by side in one run: SmolLM2's shape, LoRA r = 16, 4 x 256 tokens,
 * all in the loss. Each side runs in a process of its own, in turns; the best step of a turn counts.
 *
 *     LLAMA_XR_PYTHON=python npx node bench/training.ts [--steps 3] [--rounds 2] [--json]
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const python = process.env.LLAMA_XR_PYTHON ?? 'python3';

interface Side {
  readonly tokensPerSecond: number;
  readonly peakBytes: number;
}

const SIDES = {
  // With memory to spare, as `train --memory` gives it: merged weights are kept for the backward pass.
  whole: [process.execPath, 'training-shape.ts', 'whole', '1'],
  'whole, least memory': [process.execPath, 'training-shape.ts', 'whole', '0'],
  plain: [python, 'training_shape.py', 'plain'],
  layered: [process.execPath, 'training-shape.ts', 'layered', '0'],
  checkpointed: [python, 'training_shape.py', 'checkpointed'],
} as const;
type Name = keyof typeof SIDES;

function measure(name: Name): Side {
  const [program, script, mode, ...more] = SIDES[name];
  const args = [join(import.meta.dirname, script), mode, values.steps, ...more];
  const output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output.trim().split('\n').at(-1) as string) as Side;
}

const best = new Map<Name, Side>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of Object.keys(SIDES) as Name[]) {
    const side = measure(name);
    const before = best.get(name);
    if (before === undefined || side.tokensPerSecond > before.tokensPerSecond) best.set(name, side);
  }
}
const side = (name: Name): Side => best.get(name) as Side;
const compare = (ours: Name, theirs: Name) => ({
  ours,
  theirs,
  tokensPerSecond: [side(ours).tokensPerSecond, side(theirs).tokensPerSecond],
  speed: side(ours).tokensPerSecond / side(theirs).tokensPerSecond,
  peakBytes: [side(ours).peakBytes, side(theirs).peakBytes],
  memory: side(ours).peakBytes / side(theirs).peakBytes,
});
const rows = [
  compare('whole', 'plain'),
  compare('whole, least memory', 'plain'),
  compare('layered', 'checkpointed'),
];

if (values.json) console.log(JSON.stringify(rows, null, 2));
else {
  for (const { ours, theirs, tokensPerSecond, speed, peakBytes, memory } of rows) {
    const [a, b] = tokensPerSecond.map((x) => (x as number).toFixed(1));
    const [m, n] = peakBytes.map((x) => ((x as number) / 1e9).toFixed(2));
    console.log(`${ours}: ${a} tok/s, PyTorch + PEFT ${theirs}: ${b} tok/s: ${speed.toFixed(2)}x the speed`);
    console.log(`${' '.repeat(ours.length)}  ${m} GB against ${n} GB: ${memory.toFixed(2)}x the memory`);
  }
}
