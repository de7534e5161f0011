/** `llama-xr label`: the finding labels of reports, line by line, and how they stand against gold labels. */
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { AtomicFile, fail } from '@llama-xr/core';
import {
  type GoldLabels,
  LabelScores,
  type LabelScoreTable,
  type LabelValue,
  labelReport,
  labelsOf,
  type Mention,
  type ReportLine,
  readGoldLabels,
  readReportLines,
  SCHEMES,
  type Scheme,
} from '@llama-xr/reports';
import type { Command } from 'commander';
import { type OutputFlags, openTerminal, type Terminal } from '../terminal.ts';

interface Flags extends OutputFlags {
  scheme: Scheme;
  gold?: string;
  errors?: string;
  mentions?: boolean;
  out?: string;
}

export function label(root: Command): void {
  root
    .command('label')
    .description('label what reports state, by rules: 14 findings of NIH ChestX-ray14 or of CheXpert')
    .argument(
      '<reports>',
      'one JSON object a line: id, and findings or impression or both; else report; else prediction',
    )
    .requiredOption('--scheme <name>', `${Object.keys(SCHEMES).join(' or ')}`, schemeOf)
    .option(
      '--mentions',
      'each line also has what was found: finding, polarity, side, place, change, characters',
    )
    .option('--out <file>', 'write the lines there instead of to standard output')
    .option('--gold <file>', 'gold labels (lines id, labels; or CSV): prints F1 by label, micro and macro')
    .option('--errors <file>', 'with --gold: writes each label that differs, with its report, as one line')
    .addHelpText(
      'after',
      `
Each line printed is {"id": "7", "labels": {"Atelectasis": 0, ...}}.
  nih14       1 stated, likely or one of alternatives; 0 otherwise
  chexpert14  1 stated, -1 doubted, 0 denied, null not spoken of

Examples:
  llama-xr label reports.jsonl --scheme chexpert14 > labels.jsonl
  llama-xr label reports.jsonl --scheme nih14 --out labels.jsonl --gold gold.csv --errors errors.jsonl`,
    )
    .action(run);
}

function schemeOf(name: string): Scheme {
  if (Object.hasOwn(SCHEMES, name)) return name as Scheme;
  fail('USAGE', `--scheme: expected ${Object.keys(SCHEMES).join(' or ')}, got ${name}`);
}

async function run(path: string, flags: Flags): Promise<void> {
  if (flags.errors !== undefined && flags.gold === undefined) {
    fail('USAGE', '--errors: expected --gold beside it, got none');
  }
  const terminal = openTerminal(flags);
  const gold = flags.gold === undefined ? undefined : await readGoldLabels(flags.gold, flags.scheme);
  using sink = new LineSink(flags.out);
  using errors = flags.errors === undefined ? undefined : new LineSink(flags.errors);
  const judge = gold && new Judge(flags.scheme, gold, errors);
  const total = await linesIn(path);
  let done = 0;
  for await (const line of readReportLines(path)) {
    const mentions = labelReport(line.text);
    const labels = labelsOf(mentions, line.text, flags.scheme);
    await sink.write(JSON.stringify({ id: line.id, labels, ...(flags.mentions && { mentions }) }));
    if (sink.closed) return;
    await judge?.add(line, labels, mentions);
    done++;
    if (total !== undefined && done % 1000 === 0)
      terminal.progress({ stage: 'label', done, total: Math.max(total, done) });
  }
  if (done === 0) fail('FILE_FORMAT', `${path}: expected at least one report, got an empty file`);
  terminal.progress({ stage: 'label', done, total: done });
  terminal.close();
  const table = judge?.table(flags.gold as string, path);
  await sink.end();
  await errors?.end();
  tell(terminal, flags, { scheme: flags.scheme, reports: done, ...(table && { scores: table }) });
}

/** What was measured goes where the labels do not. */
function tell(
  terminal: Terminal,
  { out, json }: Flags,
  summary: { scheme: Scheme; reports: number; scores?: LabelScoreTable },
): void {
  const words = () =>
    summary.scores === undefined ? `${summary.reports} reports labelled: ${out}` : tableText(summary.scores);
  if (out !== undefined) terminal.result(summary, words);
  else if (summary.scores !== undefined) terminal.say(json ? JSON.stringify(summary) : words());
}

/** Counts the labels against the gold ones, and writes down where they part. */
class Judge {
  readonly #names: readonly string[];
  readonly #gold: ReadonlyMap<string, GoldLabels>;
  readonly #errors: LineSink | undefined;
  readonly #scores: LabelScores;
  #judged = 0;

  constructor(scheme: Scheme, gold: ReadonlyMap<string, GoldLabels>, errors: LineSink | undefined) {
    this.#names = SCHEMES[scheme];
    this.#gold = gold;
    this.#errors = errors;
    this.#scores = new LabelScores(this.#names);
  }

  async add(
    { id, text }: ReportLine,
    labels: Readonly<Record<string, LabelValue>>,
    mentions: readonly Mention[],
  ): Promise<void> {
    const gold = this.#gold.get(String(id));
    if (gold === undefined) return;
    this.#judged++;
    const said = this.#names.map((name) => labels[name] ?? null);
    for (const name of this.#scores.add(gold, said)) {
      const i = this.#names.indexOf(name);
      await this.#errors?.write(
        JSON.stringify({ id, label: name, gold: gold[i], said: said[i], report: text, mentions }),
      );
    }
  }

  table(goldPath: string, path: string): LabelScoreTable {
    if (this.#judged > 0) return this.#scores.table();
    const example = this.#gold.keys().next().value;
    fail('INPUT', `${goldPath}: expected ids of ${path}, got none of them (its first is ${example})`);
  }
}

/** Lines to a file that is whole or not there, or to standard output as fast as it takes them. */
class LineSink implements Disposable {
  readonly #file: AtomicFile | undefined;
  #lines: string[] = [];
  #closed = false;

  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : new AtomicFile(path);
    if (path === undefined) process.stdout.once('error', () => this.#close());
  }

  /** Whether the reader of standard output has gone (`| head`): no more is wanted. */
  get closed(): boolean {
    return this.#closed;
  }

  async write(line: string): Promise<void> {
    this.#lines.push(line);
    if (this.#lines.length >= 256) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#file?.commit();
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    if (this.#file !== undefined) this.#file.write(text);
    else if (!process.stdout.write(text)) await this.#drained();
  }

  async #drained(): Promise<void> {
    await once(process.stdout, 'drain').catch(() => this.#close());
  }

  #close(): void {
    this.#closed = true;
  }
}

/** For the progress bar: lines of a plain file; undefined for a pipe, which can be read only once. */
async function linesIn(path: string): Promise<number | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  let lines = 0;
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

function tableText({ reports, labels, unjudged, micro, macro, agreement }: LabelScoreTable): string {
  const number = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(3)).padStart(7);
  const interval = ([low, high]: readonly [number, number]) => ` ${low.toFixed(3)} to ${high.toFixed(3)}`;
  const width = Math.max(12, ...labels.map(({ label: name }) => name.length));
  const head = `${'label'.padEnd(width)}   gold   said   both  prec. recall     F1  95 % interval`;
  const rows = labels.map(
    (row) =>
      row.label.padEnd(width) +
      [row.gold, row.said, row.both].map((count) => String(count).padStart(7)).join('') +
      number(row.precision) +
      number(row.recall) +
      number(row.f1) +
      interval(row.interval),
  );
  const means = [['micro', micro] as const, ['macro', macro] as const].map(
    ([name, score]) => name.padEnd(width + 35) + number(score.f1) + interval(score.interval),
  );
  const notes = [
    `${reports} reports with gold labels; ${(100 * agreement).toFixed(2)} % of label values equal the gold's.`,
    ...unjudged.map(({ label: name, said }) => `${name}: never in the gold, said ${said} times; in no mean.`),
  ];
  return [head, ...rows, ...means, '', ...notes].join('\n');
}
