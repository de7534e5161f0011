import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type PrepareOptions, prepare } from './prepare.ts';
import { hashSplit } from './splits.ts';
import type { Study } from './study.ts';
import { type FakeReport, reportXml, temporaryFolder, tgz, writeReports } from './testing/fake-sources.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let runs = 0;

async function run(
  source: string,
  options: Omit<PrepareOptions, 'out' | 'format'> & Partial<PrepareOptions> = {},
) {
  return await prepare(source, { format: 'iu-xray', out: join(folder, `out${runs++}`), ...options });
}

const REPORTS: FakeReport[] = [
  { uid: 1, findings: 'The lungs are clear.', impression: 'Normal chest.' },
  {
    uid: 2,
    findings: 'Large heart, XXXX.Small nodule.',
    impression: 'Cardiomegaly.',
    tags: ['Cardiomegaly', 'Nodule/lung'],
  },
  { uid: 3, impression: 'Only an impression.', tags: ['normal'] },
  { uid: 4, findings: 'No image here.', images: [] },
  { uid: 5, findings: 'The aorta is tortuous.', tags: ['Aorta/tortuous'] },
];

function annotation(parts: Record<string, string[]>): string {
  const entry = (id: string) => ({
    id,
    report: `Report of ${id}.`,
    image_path: [`${id}/0.png`, `${id}/1.png`],
  });
  return JSON.stringify(
    Object.fromEntries(Object.entries(parts).map(([split, ids]) => [split, ids.map(entry)])),
  );
}

test('studies are chosen, and what is left out is counted with its reason', async () => {
  const { studies, manifest } = await run(writeReports(REPORTS));
  expect(studies.map((study) => study.id)).toEqual(['CXR1', 'CXR2', 'CXR5']);
  expect(manifest.dataset.skipped).toEqual({ 'no findings text': 1, 'no image': 1 });
  expect(studies[1]).toMatchObject({
    report: 'Large heart, XXXX. Small nodule.',
    findings: 'Large heart, XXXX.Small nodule.',
    tags: ['Cardiomegaly', 'Nodule/lung'],
    abnormal: true,
    patient: 'CXR2',
  });
  expect(studies[0]?.abnormal).toBe(false);
  expect(manifest.dataset.splits).toBe('hash of the patient, 80/10/10');
});

test('the target is findings, impression or both', async () => {
  const source = writeReports(REPORTS);
  const impressions = await run(source, { target: 'impression' });
  expect(impressions.studies.map((study) => study.report)).toEqual([
    'Normal chest.',
    'Cardiomegaly.',
    'Only an impression.',
  ]);
  const both = await run(source, { target: 'both', deidentified: 'drop-sentence' });
  expect(both.studies[1]?.report).toBe('Findings: Small nodule. Impression: Cardiomegaly.');
  expect(both.manifest.dataset.skipped).toEqual({ 'no findings or no impression text': 3 });
});

test('the archive and its folder give the same studies', async () => {
  const archive = temporaryFolder();
  const entries = REPORTS.map((report) => ({ name: `e/${report.uid}.xml`, text: reportXml(report) }));
  writeFileSync(join(archive, 'NLMCXR_reports.tgz'), await tgz(entries));
  const fromArchive = await run(archive);
  expect(fromArchive.studies).toEqual((await run(writeReports(REPORTS))).studies);
  expect((await run(join(archive, 'NLMCXR_reports.tgz'))).studies).toEqual(fromArchive.studies);
});

test('the official split is kept, and whom it does not list is left out', async () => {
  const source = writeReports(REPORTS);
  writeFileSync(
    join(source, 'annotation.json'),
    annotation({ train: ['CXR1_IM-1'], val: ['CXR2_IM-1-2'], test: [] }),
  );
  const { studies, manifest } = await run(source);
  expect(studies.map((study) => [study.id, study.split])).toEqual([
    ['CXR1', 'train'],
    ['CXR2', 'val'],
  ]);
  expect(manifest.dataset.skipped).toEqual({ 'not in the given splits': 3 });
  expect(Object.keys(manifest.inputs).some((path) => path.endsWith('annotation.json'))).toBe(true);
  expect((await run(source, { splits: 'hash' })).studies).toHaveLength(3);
});

test('R2Gen and Kaggle give what they hold', async () => {
  const r2gen = temporaryFolder();
  writeFileSync(join(r2gen, 'annotation.json'), annotation({ train: ['CXR1_IM-1'], val: ['CXR2_IM-1'] }));
  mkdirSync(join(r2gen, 'images', 'CXR1_IM-1'), { recursive: true });
  writeFileSync(join(r2gen, 'images', 'CXR1_IM-1', '0.png'), '');
  const fromR2Gen = await run(r2gen, { format: 'r2gen' });
  expect(fromR2Gen.studies[0]).toMatchObject({ id: 'CXR1_IM-1', patient: 'CXR1', split: 'train', tags: [] });
  expect(fromR2Gen.studies.map((study) => study.views[0]?.path !== undefined)).toEqual([true, false]);
  expect(fromR2Gen.manifest.dataset.findings).toBe('encoder');
  expect((await run(r2gen, { format: 'r2gen', findings: 'encoder' })).studies).toHaveLength(1);

  const kaggle = temporaryFolder();
  writeFileSync(
    join(kaggle, 'indiana_reports.csv'),
    'uid,MeSH,Problems,image,indication,comparison,findings,impression\n7,Nodule/lung;Aorta/tortuous,x,y,,None,"Heart, large.\nNodule.",Nodule.\n',
  );
  writeFileSync(
    join(kaggle, 'indiana_projections.csv'),
    'uid,filename,projection\n7,7_IM-1-1001.dcm.png,Frontal\n7,7_IM-1-2001.dcm.png,Lateral\n',
  );
  const { studies } = await run(kaggle, { format: 'kaggle' });
  expect(studies).toMatchObject([
    {
      id: 'CXR7',
      report: 'Heart, large. Nodule.',
      tags: ['Nodule/lung', 'Aorta/tortuous'],
      views: [
        { id: 'CXR7_IM-1-1001', projection: 'frontal' },
        { id: 'CXR7_IM-1-2001', projection: 'lateral' },
      ],
    },
  ]);
});

test('phantoms keep their truth and find their images', async () => {
  const source = temporaryFolder();
  const line = {
    id: 'p1',
    patient: 'p1',
    findings: 'Left effusion.',
    impression: '',
    tags: ['pleural effusion/left'],
  };
  const views = [{ id: 'p1-f', path: 'p1-f.dcm', projection: 'frontal' }];
  writeFileSync(join(source, 'studies.jsonl'), `${JSON.stringify({ ...line, views })}\n`);
  writeFileSync(join(source, 'p1-f.dcm'), '');
  const { studies } = await run(source, { format: 'phantom' });
  expect(studies).toMatchObject([{ id: 'p1', abnormal: true, views: [{ path: join(source, 'p1-f.dcm') }] }]);
});

test("a patient's second study has the first one's report before it, where the source tells their order", async () => {
  const source = temporaryFolder();
  const line = (id: string, patient: string, findings: string) =>
    JSON.stringify({
      id,
      patient,
      findings,
      impression: '',
      tags: ['normal'],
      views: [{ id: `${id}-f`, projection: 'frontal' }],
    });
  const lines = [
    line('a1', 'a', 'The lungs are clear.'),
    line('b1', 'b', 'The heart is large.'),
    line('a2', 'a', 'There is new edema.'),
  ];
  writeFileSync(join(source, 'studies.jsonl'), `${lines.join('\n')}\n`);
  const { studies } = await run(source, { format: 'phantom' });
  expect(studies.map(({ id, prior }) => [id, prior])).toEqual([
    ['a1', undefined],
    ['b1', undefined],
    ['a2', 'The lungs are clear.'],
  ]);
});

test('simulated scores carry the word wherever they go', async () => {
  const { studies, manifest } = await run(writeReports(REPORTS), { findings: 'simulated' });
  expect(studies.every((study) => study.scores?.source === 'simulated')).toBe(true);
  expect(manifest.notices.join()).toMatch(/simulated scores/);
  expect(manifest.dataset.findings).toBe('simulated');
});

test('the hash split follows seed and patient alone, 80/10/10', () => {
  const patients = Array.from({ length: 5000 }, (_, i) => `patient ${i}`);
  const share = (split: Study['split']) =>
    patients.filter((p) => hashSplit(p, 1) === split).length / patients.length;
  expect(share('train')).toBeCloseTo(0.8, 1);
  expect(share('val')).toBeCloseTo(0.1, 1);
  expect(share('test')).toBeCloseTo(0.1, 1);
  expect(patients.some((p) => hashSplit(p, 1) !== hashSplit(p, 2))).toBe(true);
});

test('a patient or an image in two parts is an error, equal reports are counted', async () => {
  const leaky = temporaryFolder();
  writeFileSync(join(leaky, 'annotation.json'), annotation({ train: ['CXR1_IM-1'], val: ['CXR1_IM-2'] }));
  await expect(run(leaky, { format: 'r2gen' })).rejects.toThrow(
    /patient CXR1: expected in one split, got train/,
  );

  const twins = temporaryFolder();
  writeFileSync(join(twins, 'annotation.json'), annotation({ train: ['CXR1_IM-1'], val: ['CXR2_IM-1'] }));
  for (const id of ['CXR1_IM-1', 'CXR2_IM-1']) {
    mkdirSync(join(twins, 'images', id), { recursive: true });
    writeFileSync(join(twins, 'images', id, '0.png'), 'the same picture');
  }
  await expect(run(twins, { format: 'r2gen' })).rejects.toThrow(
    /image content [0-9a-f]{64}: expected in one split/,
  );

  const words = 'the heart is normal in size and the lungs are clear of any disease without an effusion';
  const reports = [1, 2, 3, 4].map((uid) => ({
    uid,
    findings: uid < 3 ? words : `${words}${uid === 3 ? ' today' : ''}.`,
  }));
  const source = writeReports(reports);
  writeFileSync(
    join(source, 'annotation.json'),
    annotation({ train: ['CXR1_', 'CXR2_'], val: ['CXR3_', 'CXR4_'] }),
  );
  expect((await run(source)).manifest.dataset.audit.val).toEqual({
    studies: 2,
    exactInTrain: 1,
    nearInTrain: 2,
    distinct: 2,
  });
});

test('prepared again it does nothing; prepared otherwise it refuses', async () => {
  const source = writeReports(REPORTS);
  const out = join(folder, 'again');
  expect((await prepare(source, { format: 'iu-xray', out })).reused).toBe(false);
  const before = readFileSync(join(out, 'manifest.json'), 'utf8');
  expect((await prepare(source, { format: 'iu-xray', out })).reused).toBe(true);
  expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toBe(before);
  await expect(prepare(source, { format: 'iu-xray', out, seed: 1 })).rejects.toMatchObject({
    code: 'RESUME',
  });
  // Images that came since make other studies.
  mkdirSync(join(source, 'images'));
  writeFileSync(join(source, 'images', 'CXR1_IM-1-1001.png'), '');
  await expect(prepare(source, { format: 'iu-xray', out })).rejects.toMatchObject({ code: 'RESUME' });
  // A run that was cut off before its manifest is simply done again.
  rmSync(join(out, 'manifest.json'));
  writeFileSync(join(out, 'studies.jsonl'), 'half a li');
  expect((await prepare(source, { format: 'iu-xray', out })).reused).toBe(false);
  expect(readdirSync(out).sort()).toEqual(['manifest.json', 'studies.jsonl']);
});

test('bad sources say what is wrong, all of it, and leave nothing behind', async () => {
  const source = writeReports(REPORTS);
  writeFileSync(join(source, 'ecgen-radiology', '6.xml'), '<eCitation>');
  writeFileSync(join(source, 'ecgen-radiology', '7.xml'), reportXml({ uid: 1 }));
  const out = join(folder, 'bad');
  const message = await prepare(source, { format: 'iu-xray', out }).catch((error: Error) => error.message);
  expect(message).toMatch(/2 mistakes/);
  expect(message).toMatch(/6\.xml:1: expected XML/);
  expect(message).toMatch(/7\.xml: CXR1 was already told by .*1\.xml/);
  expect(existsSync(out)).toBe(false);

  const kaggle = temporaryFolder();
  writeFileSync(join(kaggle, 'indiana_projections.csv'), 'uid,filename,projection\n7,a.png,Oblique\n');
  writeFileSync(join(kaggle, 'indiana_reports.csv'), 'uid,findings\n1,x\n');
  await expect(run(kaggle, { format: 'kaggle' })).rejects.toThrow(
    /reports\.csv:1: expected the columns MeSH, indication/,
  );
  writeFileSync(
    join(kaggle, 'indiana_reports.csv'),
    'uid,MeSH,indication,comparison,findings,impression\nx,,,,,\n',
  );
  await expect(run(kaggle, { format: 'kaggle' })).rejects.toThrow(
    /projections\.csv:2: projection: .*Oblique[\s\S]*reports\.csv:2: uid: expected a number, got "x"/,
  );

  const r2gen = temporaryFolder();
  writeFileSync(join(r2gen, 'annotation.json'), '{"train":[{"id":1,"report":5,"image_path":[]}],"val":[{}]}');
  await expect(run(r2gen, { format: 'r2gen' })).rejects.toThrow(
    /#train\[0\]: report: [\s\S]*#val\[0\]: id: /,
  );
  writeFileSync(join(r2gen, 'annotation.json'), '[]');
  await expect(run(r2gen, { format: 'r2gen' })).rejects.toThrow(/expected \{train, val, test\}/);
  await expect(run(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  await expect(run(temporaryFolder())).rejects.toThrow(
    /expected NLMCXR_reports\.tgz, ecgen-radiology\/ or XML/,
  );
  await expect(run(writeReports([{ uid: 1 }]))).rejects.toThrow(/all 1 were left out: 1 no findings text/);
});
