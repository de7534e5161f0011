/**
 * The labeler against expert labels on real reports (Open-i's gold labels of the 14 NIH findings, the MeSH tags of the
 * indexers), and against the sample output of the CheXpert labeler. The lexicon was developed on the training part; the held-out part is told apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NIH_LABELS } from './findings.ts';
import { labelReport } from './label.ts';
import { type F1Score, LabelScores, type LabelScoreTable } from './label-scores.ts';
import { labels } from './schemes.ts';
import { statedFindings } from './stated.ts';
import { tagFindings } from './tags.ts';

interface Row {
  uid: number;
  findings: string;
  impression: string;
  mesh_major: string[];
  r2gen_split?: string;
  nih_gold14?: Record<string, 0 | 1>;
}

const data = process.env.LLAMA_XR_DATA;

function rows(): Row[] {
  const path = join(data as string, 'iu-xray/studies.jsonl');
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** Held out while the lexicon was written: the validation part, and odd numbers of those in no part. */
function heldOut(row: Row): boolean {
  return row.r2gen_split === 'val' || (row.r2gen_split === undefined && row.uid % 2 === 1);
}

function againstGold(set: readonly Row[]): LabelScoreTable {
  const scores = new LabelScores(NIH_LABELS);
  for (const { findings, impression, nih_gold14 } of set) {
    const said = labels({ findings, impression }, 'nih14');
    scores.add(
      NIH_LABELS.map((label) => nih_gold14?.[label]),
      NIH_LABELS.map((label) => said[label]),
    );
  }
  return scores.table();
}

const inWords = ({ f1, interval: [low, high] }: F1Score) =>
  `${f1.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;

test.skipIf(!data)('gold labels of 2,976 IU studies are met (needs LLAMA_XR_DATA)', () => {
  const labelled = rows().filter((row) => row.nih_gold14);
  expect(labelled).toHaveLength(2976);
  const developed = againstGold(labelled.filter((row) => !heldOut(row)));
  const held = againstGold(labelled.filter(heldOut));
  console.table(
    held.labels.map((line) => ({ label: line.label, gold: line.gold, said: line.said, f1: inWords(line) })),
  );
  console.log(`developed on: micro ${inWords(developed.micro)} macro ${inWords(developed.macro)}`);
  console.log(`held out: micro ${inWords(held.micro)} macro ${inWords(held.macro)}`);
  expect(developed.micro.f1).toBeGreaterThan(0.94);
  expect(developed.macro.f1).toBeGreaterThan(0.92);
  expect(held.micro.f1).toBeGreaterThan(0.92);
  expect(held.macro.f1).toBeGreaterThan(0.89);
  for (const line of developed.labels) expect(line.f1, line.label).toBeGreaterThan(0.8);
});

test.skipIf(!data)(
  "the CheXpert labeler's sample reports are labelled as it does (needs LLAMA_XR_DATA)",
  () => {
    const [header = [], ...samples] = csv(
      readFileSync(join(data as string, 'chexpert-labeler/labeled_reports.csv'), 'utf8'),
    );
    expect(samples).toHaveLength(4);
    for (const [report = '', ...cells] of samples) {
      const theirs = Object.fromEntries(
        header.slice(1).map((label, i) => [label, cells[i] === '' ? null : Number(cells[i])]),
      );
      expect(labels(report, 'chexpert14'), report).toEqual(theirs);
    }
  },
);

/** Rows of a CSV whose cells may be quoted and hold line breaks. */
function csv(text: string): string[][] {
  return text
    .trim()
    .split(/\n(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((cell) => cell.replaceAll('"', '')));
}

interface Counts {
  both: number;
  stated: number;
  gold: number;
}

function f1({ both, stated, gold }: Counts): number {
  return (2 * both) / (stated + gold);
}

test.skipIf(!data)('abnormal reports are told from normal ones (needs LLAMA_XR_DATA)', () => {
  const labelled = rows().filter((row) => row.nih_gold14);
  const counts: Counts = { both: 0, stated: 0, gold: 0 };
  for (const row of labelled) {
    const mentions = labelReport(`${row.findings}\n\n${row.impression}`);
    const says = mentions.some((mention) => mention.polarity !== 'negative') ? 1 : 0;
    const gold = 1 - (row.nih_gold14?.normal ?? 0);
    counts.both += says * gold;
    counts.stated += says;
    counts.gold += gold;
  }
  console.log(`abnormal: F1 ${f1(counts).toFixed(3)}`);
  expect(f1(counts)).toBeGreaterThan(0.95);
});

/** How often a reference itself states what its tags lack: no draft can be expected below this. */
test.skipIf(!data)('the noise floor of claims against tags on 2,069 references (needs LLAMA_XR_DATA)', () => {
  const train = rows().filter((row) => row.r2gen_split === 'train');
  let claims = 0;
  let unsupported = 0;
  let withUnsupported = 0;
  let tagged = 0;
  let omitted = 0;
  for (const row of train) {
    const stated = statedFindings(row.findings);
    const tags = tagFindings(row.mesh_major);
    const extra = stated.difference(tags).size;
    claims += stated.size;
    unsupported += extra;
    withUnsupported += extra > 0 ? 1 : 0;
    tagged += tags.size;
    omitted += tags.difference(stated).size;
  }
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    `references: ${percent(unsupported, claims)} of claims unsupported, in ${percent(withUnsupported, train.length)} ` +
      `of reports; ${percent(omitted, tagged)} of tagged findings omitted`,
  );
  expect(unsupported / claims).toBeLessThan(0.08);
  expect(withUnsupported / train.length).toBeLessThan(0.1);
});
