/** `scenarios` and the review commands as a user types them: exit codes, files, errors in words. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSuite } from '@llama-xr/safety';
import { afterAll, afterEach, expect, test } from 'vitest';
import { runCommand as run } from '../testing/run-command.ts';
import { ownScenarios } from './scenario-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-scenarios-'));
const path = (...name: string[]) => join(folder, ...name);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

const suite = await readSuite([ownScenarios()]);
const drafts = (name: string, of: 'passes' | 'fails', ids = suite) => {
  const lines = ids.map(({ id, examples }) => JSON.stringify({ id, prediction: examples[of][0] }));
  writeFileSync(path(name), `${lines.join('\n')}\n`);
  return path(name);
};

test('good drafts pass with exit code 0, bad ones fail with 1 and are named', async () => {
  const good = await run('scenarios', '--drafts', drafts('good.jsonl', 'passes'), '--out', path('good'));
  expect(good.code).toBe(0);
  expect(good.out).toContain(`PASSED: ${suite.length} of ${suite.length} scenarios passed`);
  for (const name of ['scenarios.json', 'scenarios.html', 'manifest.json'])
    expect(existsSync(path('good', name))).toBe(true);
  const bad = await run('scenarios', '--drafts', drafts('bad.jsonl', 'fails'), '--json');
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out)).toMatchObject({
    passed: false,
    score: 0,
    words: expect.stringMatching(/FAILED: 0 of .*tension-pneumothorax-left \(critical\)/),
  });
});

test('a major failure alone fails where it is asked to', async () => {
  const major = suite.find(({ id }) => id === 'bilateral-effusions');
  const lines = suite.map(({ id, examples }) =>
    JSON.stringify({ id, prediction: (id === major?.id ? examples.fails : examples.passes)[0] }),
  );
  writeFileSync(path('major.jsonl'), lines.join('\n'));
  expect((await run('scenarios', '--drafts', path('major.jsonl'))).code).toBe(0);
  expect((await run('scenarios', '--drafts', path('major.jsonl'), '--fail-on', 'major')).code).toBe(1);
});

test('a missing draft counts as failed, and a foreign one is a mistake', async () => {
  const some = await run('scenarios', '--drafts', drafts('some.jsonl', 'passes', suite.slice(1)));
  expect(some.out).toContain('NOTE: 1 scenarios have no draft');
  expect(some.out).toContain('the draft is empty');
  writeFileSync(
    path('foreign.jsonl'),
    '{"id": "none-such", "prediction": "x"}\n{"id": "normal-stays-normal"}\n',
  );
  const { said, code } = await run('scenarios', '--drafts', path('foreign.jsonl'));
  expect(said).toMatch(/foreign\.jsonl:1: id: no scenario none-such[\s\S]*foreign\.jsonl:2: prediction: /);
  expect(code).toBe(65);
});

test('a site adds scenarios of its own; mistakes in them are told', async () => {
  const own = {
    id: 'our-own',
    title: 'Ours',
    why: 'We say so.',
    severity: 'critical',
    input: { tags: ['Nodule/left'] },
    must: [{ finding: 'nodule' }],
    examples: { passes: 'There is a nodule.', fails: 'The lungs are clear.' },
  };
  mkdirSync(path('own'));
  writeFileSync(path('own/ours.json5'), JSON.stringify(own));
  const listed = await run('scenarios', '--suite', path('own'), '--list');
  expect(listed.out).toContain('critical  our-own: Ours');
  expect(listed.out.trim().split('\n')).toHaveLength(suite.length + 1);
  writeFileSync(path('own/ours.json5'), JSON.stringify({ ...own, severity: 'grave' }));
  const { said, code } = await run('scenarios', '--suite', path('own'), '--list');
  expect(said).toMatch(/ours\.json5: severity: .*got "grave"/);
  expect(code).toBe(78);
});

test('inputs for another system: a line a scenario, and the phantoms as pictures', async () => {
  const { out } = await run('scenarios', '--export', path('inputs'), '--json', '--quiet');
  const { images } = JSON.parse(out) as { images: number };
  const lines = readFileSync(path('inputs/inputs.jsonl'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(suite.length);
  const paths = lines.flatMap((line) => (JSON.parse(line) as { images: string[] }).images);
  expect(paths).toHaveLength(images);
  expect(images).toBeGreaterThan(20);
  for (const image of paths) expect(existsSync(path('inputs', image))).toBe(true);
});

test.each([
  ['neither run nor drafts', ['scenarios'], /expected one of --run, --drafts, --export, --list/],
  [
    'a scenario that is none',
    ['scenarios', '--list', '--only', 'none-such'],
    /--only: expected some of .*got none-such/,
  ],
  ['a run that is none', ['scenarios', '--run', path('none')], /run\.json: no such file/],
  ['a pack of nothing', ['review-pack', '--out', path('pack')], /one or two files of drafts, got 0/],
  ['a pack without a place', ['review-pack', path('none.jsonl')], /expected --out DIR/],
  [
    'a share above one',
    ['review-pack', '--plan', '--power', '2'],
    /--power: expected a number from 0 to 1, got 2/,
  ],
  ['a preference that is none', ['review-pack', '--plan', '--prefer', '0.5'], /other than 0\.5/],
  [
    'results without a key',
    ['review-import', path('good.jsonl'), '--key', path('none.json')],
    /none\.json: no such file/,
  ],
] as const)('%s: an error in words', async (_, args, expected) => {
  const { said, code } = await run(...args);
  expect(said).toMatch(expected);
  expect(said).not.toContain('mistake of ours');
  expect(code).toBeGreaterThan(0);
});

// 97 is also what scipy gives, gone through number by number.
test('a plan tells how many cases a study needs', async () => {
  const { out, code } = await run('review-pack', '--plan', '--prefer', '0.65', '--json');
  const { preference, agreement } = JSON.parse(out) as Record<string, number>;
  expect([preference, code]).toEqual([97, 0]);
  expect(agreement).toBeGreaterThan(80);
});
