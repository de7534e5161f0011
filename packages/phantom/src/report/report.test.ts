/** Reports against the labeler that also judges drafts: they state all that is there and nothing else. */
import { Random } from '@llama-xr/core';
import { type Finding, labelReport, type Mention, statedFindings, tagFindings } from '@llama-xr/reports';
import { describe, expect, test } from 'vitest';
import { PHANTOM_KINDS, type PhantomFinding, sampleFindings } from '../findings.ts';
import { phantomReport } from './report.ts';
import { phantomLabels, phantomTags } from './truth.ts';
import { STATED } from './wording.ts';

const samples = Array.from({ length: 1500 }, (_, seed) => {
  const random = new Random(seed);
  const truth = sampleFindings(random);
  return { truth, report: phantomReport(truth, random) };
});

const namesOf = (findings: readonly PhantomFinding[]) => findings.map(({ kind }): Finding => kind).sort();
const positive = (text: string) => labelReport(text).filter(({ polarity }) => polarity === 'positive');

test('findings and impression state exactly what is there, and leave nothing in doubt', () => {
  for (const { truth, report } of samples) {
    for (const text of [report.findings, report.impression]) {
      expect([...statedFindings(text, { doubted: true })].sort(), text).toEqual(namesOf(truth));
    }
  }
});

test('nothing that is there is denied', () => {
  for (const { truth, report } of samples) {
    const denied = labelReport(`${report.findings} ${report.impression}`).filter(
      ({ polarity }) => polarity === 'negative',
    );
    for (const { finding } of denied) expect(namesOf(truth), report.findings).not.toContain(finding);
  }
});

const PLACE = { upper: 'upper lobe', mid: 'middle lobe', lower: 'lower lobe' } as const;

/** What the labeler should read of a finding's particulars. */
function expected(finding: PhantomFinding): Partial<Mention> {
  return {
    ...('side' in finding && { side: finding.side }),
    ...('zone' in finding && { location: PLACE[finding.zone] }),
    ...('severity' in finding && { severity: finding.severity }),
  };
}

test('side, place and degree are said, and said right', () => {
  for (const { truth, report } of samples) {
    for (const finding of truth) {
      for (const text of [report.findings, report.impression]) {
        const mention = positive(text).find((m) => m.finding === finding.kind);
        expect(mention, `${JSON.stringify(finding)} in: ${text}`).toMatchObject(expected(finding));
      }
    }
  }
});

describe('sampled findings', () => {
  test('about 40 % of studies are normal, and each kind is met often enough to learn', () => {
    const normal = samples.filter(({ truth }) => truth.length === 0).length / samples.length;
    expect(normal).toBeGreaterThan(0.36);
    expect(normal).toBeLessThan(0.44);
    for (const kind of PHANTOM_KINDS) {
      const share = samples.filter(({ truth }) => truth.some((finding) => finding.kind === kind)).length;
      expect(share, kind).toBeGreaterThan(0.05 * samples.length);
    }
  });

  test('no study contradicts itself', () => {
    for (const { truth } of samples) {
      expect(new Set(namesOf(truth)).size).toBe(truth.length);
      const has = (kind: string) => truth.some((finding) => finding.kind === kind);
      expect(has('hyperinflation') && (has('edema') || has('cardiomegaly'))).toBe(false);
      expect(has('edema') && has('pneumothorax')).toBe(false);
    }
  });
});

test('wording varies: equal findings are reported in many ways', () => {
  const normals = new Set(Array.from({ length: 200 }, (_, seed) => phantomReport([], seed).findings));
  expect(normals.size).toBeGreaterThan(100);
  const nodule: PhantomFinding = { kind: 'nodule', side: 'left', zone: 'mid' };
  expect(STATED.nodule(nodule).length).toBeGreaterThan(8);
  expect(phantomReport([nodule], 7)).toEqual(phantomReport([nodule], 7));
});

test('tags name the same findings as the drawing, and labels agree', () => {
  for (const { truth } of samples) {
    expect([...tagFindings(phantomTags(truth))].sort()).toEqual(namesOf(truth));
    const labels = phantomLabels(truth);
    expect(labels.Effusion === 1).toBe(namesOf(truth).includes('pleural effusion'));
    expect(labels.Mass).toBe(0);
    expect(labels.Emphysema).toBeUndefined();
  }
  expect(phantomTags([])).toEqual(['normal']);
});
