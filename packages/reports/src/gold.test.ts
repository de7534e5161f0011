/**
 * The labeler against two sets of expert labels on real reports: Open-i's gold labels of the 14 NIH findings, and the
 * MeSH tags of the indexers. The lexicon was developed on the training part; the held-out part is told apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FINDING_OF_LABEL, NIH_LABELS } from './findings.ts';
import { labelReport } from './label.ts';
import { statedFindings, verdicts } from './stated.ts';
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

interface Counts {
  both: number;
  stated: number;
  gold: number;
}

function f1({ both, stated, gold }: Counts): number {
  return (2 * both) / (stated + gold);
}

/** Per-label counts over reports; a label without a single gold positive (Hernia) is left out. */
function againstGold(set: Row[]) {
  const stated = set.map((row) => statedFindings(`${row.findings}\n\n${row.impression}`));
  const table = NIH_LABELS.map((label) => {
    const counts: Counts = { both: 0, stated: 0, gold: 0 };
    set.forEach((row, i) => {
      const says = stated[i]?.has(FINDING_OF_LABEL[label]) ? 1 : 0;
      const gold = row.nih_gold14?.[label] ?? 0;
      counts.both += says * gold;
      counts.stated += says;
      counts.gold += gold;
    });
    return { label, ...counts, f1: f1(counts) };
  }).filter((line) => line.gold > 0);
  const sum = (key: keyof Counts) => table.reduce((total, line) => total + line[key], 0);
  const micro = f1({ both: sum('both'), stated: sum('stated'), gold: sum('gold') });
  const macro = table.reduce((total, line) => total + line.f1, 0) / table.length;
  return { table, micro, macro };
}

test.skipIf(!data)('gold labels of 2,976 IU studies are met (needs LLAMA_XR_DATA)', () => {
  const labelled = rows().filter((row) => row.nih_gold14);
  expect(labelled).toHaveLength(2976);
  const all = againstGold(labelled);
  const held = againstGold(labelled.filter(heldOut));
  console.table(all.table.map((line) => ({ ...line, f1: line.f1.toFixed(3) })));
  console.log(`all: micro ${all.micro.toFixed(3)} macro ${all.macro.toFixed(3)}`);
  console.log(`held out: micro ${held.micro.toFixed(3)} macro ${held.macro.toFixed(3)}`);
  expect(all.micro).toBeGreaterThan(0.88);
  expect(all.macro).toBeGreaterThan(0.87);
  expect(held.micro).toBeGreaterThan(0.88);
  for (const line of all.table) expect(line.f1, line.label).toBeGreaterThan(0.7);
});

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
    const verdict = verdicts(labelReport(row.findings));
    const stated = [...verdict].filter(([, polarity]) => polarity === 'positive').map(([finding]) => finding);
    const tags = tagFindings(row.mesh_major);
    const extra = stated.filter((finding) => !tags.has(finding)).length;
    claims += stated.length;
    unsupported += extra;
    withUnsupported += extra > 0 ? 1 : 0;
    tagged += tags.size;
    omitted += [...tags].filter((finding) => !stated.includes(finding)).length;
  }
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  console.log(
    `references: ${percent(unsupported, claims)} of claims unsupported, in ${percent(withUnsupported, train.length)} ` +
      `of reports; ${percent(omitted, tagged)} of tagged findings omitted`,
  );
  expect(unsupported / claims).toBeLessThan(0.08);
  expect(withUnsupported / train.length).toBeLessThan(0.1);
});
