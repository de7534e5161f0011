/**
 * Lexical scores against their references: pycocoevalcap 1.2 (with its METEOR jar) and rouge_score, on the same pairs in the
 * same run. Each side scores once in a new process, as a user would, and is timed without its start: ours has no METEOR table
 * to read unless --meteor-data names it. Processor time stands beside time on the clock: on a busy machine it is the one to
 * believe, but for METEOR's Java, which runs beside Python and is not counted in it.
 *
 *     LLAMA_XR_PYTHON=python LLAMA_XR_DATA=data npx node bench/metrics.ts [--pairs 590] [--meteor-data DIR] [--stream 0] [--json]
 *
 * Pairs are findings of IU X-ray, each against those of another study. --stream N also scores N generated reports one by
 * one and shows the live memory on the way.
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

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '590' },
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

function findings(count: number): Pair[] {
  const path = join(process.env.LLAMA_XR_DATA ?? '', 'iu-xray/annotation.json');
  const { train, val } = JSON.parse(readFileSync(path, 'utf8')) as Record<
    'train' | 'val',
    { report: string }[]
  >;
  const reports = [...val, ...train].map(({ report }) => report);
  return Array.from({ length: count }, (_, i) => ({
    prediction: reports[(11 * i + 5) % reports.length] as string,
    references: [reports[i % reports.length] as string],
  }));
}

/** Each scorer once, the first time that it runs. */
function ours(written: readonly Pair[], meteor: Scorer): Record<string, Cost> {
  const { clean } = protocols.coco;
  let pairs: readonly Pair[] = written;
  const costs: Record<string, Cost> = {};
  costs.tokenizer = timed(() => {
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
  for (const [name, scorer] of list) costs[name] = timed(() => scorePairs(scorer, pairs));
  return costs;
}

function theirs(pairs: readonly Pair[]): Record<string, Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'llama-xr-bench-'));
  try {
    const file = join(folder, 'pairs.json');
    writeFileSync(file, JSON.stringify(pairs));
    const script = join(import.meta.dirname, '../reference/lexical.py');
    const python = process.env.LLAMA_XR_PYTHON ?? 'python3';
    return JSON.parse(
      execFileSync(python, [script, '--time', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as Record<string, Cost>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Scores generated reports one by one under `plain`; live memory ten times on the way. */
function stream(count: number): { cost: Cost; liveMb: number[] } {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const random = new Random('stream');
  const sentences = findings(200).flatMap(({ references }) => references[0]?.split(/(?<=\.)\s+/) ?? []);
  const report = () => Array.from({ length: 5 }, () => random.pick(sentences)).join(' ');
  const run = runProtocol(
    protocols.plain,
    findings(2000).map(({ references }) => references),
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

function print(name: string, our: Cost | undefined, their: Cost | undefined): void {
  const cell = (cost: Cost | undefined) =>
    cost === undefined
      ? ''.padStart(18)
      : `${cost.ms.toFixed(0).padStart(9)}${cost.cpuMs.toFixed(0).padStart(9)}`;
  const times = our && their ? `${(their.ms / our.ms).toFixed(0).padStart(8)}x` : '';
  console.log(`${name.padEnd(34)}${cell(our)}${cell(their)}${times}`);
}

const total = (costs: Record<string, Cost>, names: readonly string[]): Cost => ({
  ms: names.reduce((sum, name) => sum + (costs[name]?.ms ?? 0), 0),
  cpuMs: names.reduce((sum, name) => sum + (costs[name]?.cpuMs ?? 0), 0),
});

const written = findings(Number(values.pairs));
const data = values['meteor-data'] === undefined ? {} : await openMeteorData(values['meteor-data']);
const our = ours(written, meteor15(data));
const their = theirs(written);
const COCO = ['tokenizer', 'BLEU', 'ROUGE-L', 'CIDEr', 'METEOR-1.5'];
const streamed = values.stream === '0' ? undefined : stream(Number(values.stream));
if (values.json) console.log(JSON.stringify({ pairs: written.length, ours: our, theirs: their, streamed }));
else {
  console.log(`${written.length} pairs${''.padEnd(26)}     ours ms, cpu ms  theirs ms, cpu ms`);
  for (const name of Object.keys(our)) print(name, our[name], their[name]);
  print('pycocoevalcap: all of its five', total(our, COCO), total(their, COCO));
  print(
    'tokenizer, BLEU, ROUGE, CIDEr, NLTK',
    total(our, [...COCO.slice(0, 4), 'METEOR, NLTK', 'rouge_score']),
    undefined,
  );
  if (streamed)
    console.log(
      `${values.stream} reports one by one: ${(streamed.cost.ms / 1000).toFixed(1)} s (processor ` +
        `${(streamed.cost.cpuMs / 1000).toFixed(1)} s), live MB ${streamed.liveMb.join(' ')}`,
    );
}
