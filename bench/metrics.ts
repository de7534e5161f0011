/**
 * Lexical scores against their references: pycocoevalcap 1.2 (with its METEOR jar) and rouge_score, on the same pairs in the
 * same run. Each side starts a new process, reads what it needs, and scores several rounds of pairs, as `evaluate` scores a
 * model and its baselines: the same reports, each against another one every time. The first round is what a single
 * system costs; the best shows what the others cost. Processor time stands beside time on the clock: on a busy machine it
 * is the one to believe, but for Java, which runs beside Python and is not counted in it.
 *
 *     LLAMA_XR_PYTHON=python LLAMA_XR_DATA=data npx node bench/metrics.ts [--pairs 590] [--rounds 4] [--meteor-data DIR]
 *                                                                         [--stream 0] [--json]
 *
 * Without --meteor-data our METEOR-1.5 has no paraphrases, and so has less to do. --stream N also scores N generated reports one
 * by one and shows the live memory on the way. With NODE_COMPILE_CACHE compiled code is kept from an earlier start, as Python
 * keeps its own; `npm run bench` sets it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '../packages/core/src/index.ts';
import {
  meteor15,
  openMeteorData,
  type Pair,
  protocols,
  runProtocol,
  type Scorer,
  scorePairs,
  scorers,
} from '../packages/metrics/src/index.ts';

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}
type Costs = Record<string, Cost>;

/** pycocoevalcap's whole. */
const COCO = ['tokenizer', 'BLEU', 'ROUGE-L', 'CIDEr', 'METEOR-1.5'];
/** What `evaluate` needs for its protocols but for METEOR-1.5. */
const LEXICAL = ['tokenizer', 'BLEU', 'ROUGE-L', 'CIDEr', 'METEOR, NLTK', 'rouge_score'];

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '590' },
    rounds: { type: 'string', default: '4' },
    'meteor-data': { type: 'string' },
    stream: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

function timed(work: () => void): Cost {
  const [began, used] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}

/** Findings of IU X-ray, each against those of another study: another one each round. */
function findings(count: number, round: number): Pair[] {
  const path = join(process.env.LLAMA_XR_DATA ?? '', 'iu-xray/annotation.json');
  const { train, val } = JSON.parse(readFileSync(path, 'utf8')) as Record<
    'train' | 'val',
    { report: string }[]
  >;
  const reports = [...val, ...train].map(({ report }) => report);
  return Array.from({ length: count }, (_, i) => ({
    prediction: reports[(11 * i + 5 + 101 * round) % reports.length] as string,
    references: [reports[i % reports.length] as string],
  }));
}

function ours(written: readonly Pair[], meteor: Scorer): Costs {
  const { clean } = protocols.coco;
  let pairs: readonly Pair[] = written;
  const tokenizer = timed(() => {
    pairs = written.map(({ prediction, references }) => ({
      prediction: clean(prediction),
      references: references.map(clean),
    }));
  });
  const list: [string, Scorer][] = [
    ['BLEU', scorers.bleu],
    ['ROUGE-L', scorers.rougeL],
    ['CIDEr', scorers.cider],
    ['METEOR, NLTK', scorers.meteorNltk],
    ['METEOR-1.5', meteor],
    ['rouge_score', scorers.rougeScore],
  ];
  const costs = list.map(([name, scorer]) => [name, timed(() => scorePairs(scorer, pairs))] as const);
  return { tokenizer, ...Object.fromEntries(costs) };
}

function theirs(rounds: readonly (readonly Pair[])[]): { rounds: Costs[]; startMs: number } {
  const folder = mkdtempSync(join(tmpdir(), 'llama-xr-bench-'));
  try {
    const file = join(folder, 'rounds.json');
    writeFileSync(file, JSON.stringify(rounds));
    const script = join(import.meta.dirname, '../reference/lexical.py');
    const python = process.env.LLAMA_XR_PYTHON ?? 'python3';
    const began = performance.now();
    const out = execFileSync(python, [script, '--time', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const whole = performance.now() - began;
    const costs = JSON.parse(out) as Costs[];
    const scoring = costs.flatMap((round) => Object.values(round)).reduce((sum, { ms }) => sum + ms, 0);
    return { rounds: costs, startMs: whole - scoring };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Scores generated reports one by one under `plain`; live memory ten times on the way. */
function stream(count: number): { cost: Cost; liveMb: number[] } {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const random = new Random('stream');
  const sentences = findings(200, 0).flatMap(({ references }) => references[0]?.split(/(?<=\.)\s+/) ?? []);
  const report = () => Array.from({ length: 5 }, () => random.pick(sentences)).join(' ');
  const run = runProtocol(
    protocols.plain,
    findings(2000, 0).map(({ references }) => references),
  );
  const liveMb: number[] = [];
  const cost = timed(() => {
    for (let i = 1; i <= count; i++) {
      run.add({ prediction: report(), references: [report()] });
      if (i % Math.ceil(count / 10) !== 0) continue;
      collectGarbage();
      liveMb.push(Math.round(process.memoryUsage().heapUsed / 2 ** 20));
    }
  });
  return { cost, liveMb };
}

const total = (costs: Costs, names: readonly string[]): Cost => ({
  ms: names.reduce((sum, name) => sum + (costs[name]?.ms ?? 0), 0),
  cpuMs: names.reduce((sum, name) => sum + (costs[name]?.cpuMs ?? 0), 0),
});

/** The least of the rounds, scorer by scorer. */
function best(rounds: readonly Costs[]): Costs {
  const least = (name: string): Cost => ({
    ms: Math.min(...rounds.map((costs) => costs[name]?.ms ?? 0)),
    cpuMs: Math.min(...rounds.map((costs) => costs[name]?.cpuMs ?? 0)),
  });
  return Object.fromEntries(Object.keys(rounds[0] ?? {}).map((name) => [name, least(name)]));
}

function row(name: string, our: Cost, their?: Cost): string {
  const cell = ({ ms, cpuMs }: Cost) => ms.toFixed(0).padStart(9) + cpuMs.toFixed(0).padStart(9);
  const times = their === undefined ? '' : `${cell(their)}${(their.ms / our.ms).toFixed(0).padStart(7)}x`;
  return `${name.padEnd(38)}${cell(our)}${times}`;
}

function table(title: string, our: Costs, their: Costs): string[] {
  return [
    `${title.padEnd(38)}  ours ms   cpu ms theirs ms   cpu ms`,
    ...Object.entries(our).map(([name, cost]) => row(name, cost, their[name])),
    row("pycocoevalcap's five", total(our, COCO), total(their, COCO)),
    row('all of ours but METEOR-1.5', total(our, LEXICAL)),
    '',
  ];
}

const rounds = Array.from({ length: Number(values.rounds) }, (_, round) =>
  findings(Number(values.pairs), round),
);
const data = values['meteor-data'] === undefined ? {} : await openMeteorData(values['meteor-data']);
const startMs = performance.now();
const meteor = meteor15(data);
const our = rounds.map((pairs) => ours(pairs, meteor));
const their = theirs(rounds);
const streamed = values.stream === '0' ? undefined : stream(Number(values.stream));
if (values.json)
  console.log(
    JSON.stringify({ pairs: values.pairs, ours: { rounds: our, startMs }, theirs: their, streamed }),
  );
else {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const [whole, theirWhole] = [
    startMs + total(our[0] ?? {}, COCO).ms,
    their.startMs + total(their.rounds[0] ?? {}, COCO).ms,
  ];
  const lines = [
    ...table(`${values.pairs} pairs, first round`, our[0] ?? {}, their.rounds[0] ?? {}),
    ...table(`best of ${values.rounds} rounds`, best(our), best(their.rounds)),
    `start and read: ${seconds(startMs)}, theirs ${seconds(their.startMs)}; with one round of the five: ` +
      `${seconds(whole)}, theirs ${seconds(theirWhole)} (${(theirWhole / whole).toFixed(0)}x)`,
  ];
  if (streamed)
    lines.push(
      `${values.stream} reports one by one: ${seconds(streamed.cost.ms)}, processor ` +
        `${seconds(streamed.cost.cpuMs)}; live MB ${streamed.liveMb.join(' ')}`,
    );
  console.log(lines.join('\n'));
}
