/** Bad input, command by command: an error that names file, rule and value, a non-zero exit code, nothing half-written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runCommand } from './testing/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-bad-'));
const path = (name: string) => join(folder, name);
beforeAll(() => {
  writeFileSync(path('torn.gguf'), 'GGUF\u0003\0\0\0');
  writeFileSync(path('foreign.gguf'), 'PK\u0003\u0004 this is a zip');
  writeFileSync(path('list.jsonl'), '[1, 2]\n');
  writeFileSync(
    path('torn.jsonl'),
    '{"id": "a", "prediction": "x", "references": ["y"]}\n{"id": "b", "pred\n',
  );
  writeFileSync(path('empty-report.jsonl'), '{"id": "a", "prediction": "", "references": ["y"]}\n');
  writeFileSync(
    path('recipe.json'),
    '{ name: "bad", rank: 0, learningRate: 7, schedule: "steps", colour: "red", maxTokens: "long" }',
  );
  writeFileSync(path('source.xml'), '<?xml version="1.0"?><eCitation>');
  writeFileSync(path('annotation.json'), '{"train": [{"id": 3}]}');
  writeFileSync(path('frontal.png'), 'not a picture');
  mkdirSync(path('data'));
  mkdirSync(path('seeing'));
  const [hash, recipe] = ['0'.repeat(64), { name: 'seeing', fusion: 'visual' }];
  const origin = { base: { path: 'base.gguf', sha256: hash }, data: { path: 'data', sha256: hash } };
  writeFileSync(path('seeing/run.json'), JSON.stringify({ version: 1, ...origin, recipe, notices: [] }));
  writeFileSync(path('data/studies.jsonl'), '{"id": "a"}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

/** Runs a command line that prints no result. */
async function run(...args: string[]): Promise<{ said: string; code: number }> {
  const { out, ...ran } = await runCommand(...args);
  expect(out).toBe('');
  return ran;
}

const CASES: readonly [name: string, args: string[], said: RegExp][] = [
  ['a missing base', ['doctor', '--base', path('none.gguf')], /none\.gguf: no such file/],
  ['a truncated GGUF', ['doctor', '--base', path('torn.gguf')], /torn\.gguf: /],
  ['a foreign file as GGUF', ['doctor', '--base', path('foreign.gguf')], /foreign\.gguf: .*expected/],
  ['a folder as GGUF', ['doctor', '--base', path('data')], /data: /],
  [
    "flags of PyTorch's engine for our own",
    [
      ...['train', '--base', path('torn.gguf'), '--data', path('data'), '--out', path('run')],
      ...['--recipe', join(import.meta.dirname, '../../../recipes/demo.json')],
      ...['--torch-base', 'hub/name', '--processes', '2'],
    ],
    /--engine own: .*--processes: expected 1, got 2.*--torch-base: expected none, got hub\/name/s,
  ],
  [
    "flags of our own engine for PyTorch's",
    [
      ...['train', '--base', path('torn.gguf'), '--data', path('data'), '--out', path('run')],
      ...['--recipe', join(import.meta.dirname, '../../../recipes/demo.json')],
      ...['--engine', 'peft', '--mode', 'whole', '--memory', '4'],
    ],
    /--engine peft: .*--memory: expected none, got 4.*--mode: expected auto, got whole/s,
  ],
  [
    'rejected drafts for a recipe that prefers nothing',
    [
      ...['train', '--base', path('torn.gguf'), '--data', path('data'), '--out', path('run')],
      ...[
        '--recipe',
        join(import.meta.dirname, '../../../recipes/demo.json'),
        '--rejected',
        path('list.jsonl'),
      ],
    ],
    /list\.jsonl: expected a recipe with preference/,
  ],
  ['missing predictions', ['evaluate', path('none.jsonl')], /none\.jsonl: no such file/],
  ['lines that are no predictions', ['evaluate', path('list.jsonl')], /list\.jsonl:1: expected an object/],
  ['a torn line', ['evaluate', path('torn.jsonl'), '--json'], /torn\.jsonl:2: expected one JSON value/],
  [
    'an empty report',
    ['evaluate', path('empty-report.jsonl')],
    /empty-report\.jsonl:1: prediction: expected a report/,
  ],
  [
    'an unknown protocol',
    ['evaluate', path('torn.jsonl'), '--protocol', 'coco,best'],
    /--protocol: expected some of .*, got best/,
  ],
  [
    'a missing source',
    ['prepare', path('none'), '--format', 'r2gen', '--out', path('out')],
    /none: no such file/,
  ],
  [
    'a source of another form',
    ['prepare', path('annotation.json'), '--format', 'r2gen', '--out', path('out')],
    /annotation\.json/,
  ],
  [
    'a broken XML',
    ['prepare', path('source.xml'), '--format', 'iu-xray', '--out', path('out')],
    /source\.xml/,
  ],
  ['an unknown format', ['prepare', path('data'), '--format', 'mimic', '--out', path('out')], /mimic/],
  [
    'a data set without manifest',
    ['encode', '--data', path('data'), '--encoder', 'random:1', '--out', path('f')],
    /data.*manifest\.json/,
  ],
  [
    'an encoder seed that is none',
    ['encode', '--data', path('data'), '--encoder', 'random:x', '--out', path('f')],
    /manifest\.json|random:x/,
  ],
  [
    'a recipe with five mistakes',
    [
      'train',
      '--base',
      path('torn.gguf'),
      '--data',
      path('data'),
      '--recipe',
      path('recipe.json'),
      '--out',
      path('run'),
    ],
    /recipe\.json: 5 mistakes/,
  ],
  ['a run that is none', ['generate', '--run', path('data'), path('frontal.png')], /run\.json: no such file/],
  [
    'scenarios for a run that reads images',
    ['scenarios', '--run', path('seeing')],
    /seeing: reads images \(fusion visual\), and scenarios tell findings without images/,
  ],
  [
    'findings to flip for a run that is told none',
    ['counterfactual', '--run', path('seeing'), '--data', path('data'), '--out', path('out')],
    /seeing: reads images alone \(fusion visual\)/,
  ],
  [
    'a device that is none',
    ['generate', '--run', path('data'), '--device', 'tpu'],
    /--device <name>' argument 'tpu' is invalid\. Allowed choices are auto, cpu, cuda, vulkan, metal/,
  ],
  [
    'a device here for drafts elsewhere',
    ['generate', '--run', path('data'), '--device', 'cpu', '--endpoint', 'http://localhost:1'],
    /'--device <name>' cannot be used with option '--endpoint <url>'/,
  ],
  [
    'a flag without sense',
    ['generate', '--run', path('data'), '--limit', 'few'],
    /--limit: expected a whole number from 1, got few/,
  ],
];

test.each(CASES)('%s', async (_, args, expected) => {
  const { said, code } = await run(...args);
  expect(said).toMatch(expected);
  expect(said).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(said).not.toContain('mistake of ours');
  expect(code).toBeGreaterThan(0);
  expect(['out', 'run', 'f'].filter((name) => existsSync(path(name)))).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
});

test('with --json an error is one JSON object on standard error', async () => {
  const { said } = await run('doctor', '--json', '--base', path('none.gguf'));
  expect(JSON.parse(said)).toMatchObject({ error: { code: 'FILE_MISSING', hint: expect.any(String) } });
});
