/** Bad input to the commands that carry adapters and plans: an error that names file, rule and value, nothing written. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runCommand as run } from '../testing/run-command.ts';

const GOLDEN = join(import.meta.dirname, '../../../../packages/llama/src/golden');
const BASE = join(GOLDEN, 'tiny-llama.gguf');
const PEFT = join(GOLDEN, 'tiny-adapter');
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-adapters-'));
const at = (name: string) => join(folder, name);

beforeAll(() => {
  writeFileSync(at('recipe.json'), '{ name: "small" }');
  mkdirSync(at('empty'));
  mkdirSync(at('dora'));
  writeFileSync(
    at('dora/adapter_config.json'),
    '{ "peft_type": "LORA", "r": 3, "lora_alpha": 5, "use_dora": true }',
  );
  mkdirSync(at('taken'));
  writeFileSync(at('taken/run.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

const out = ['--out', at('out')];
const sources = ['--base', BASE, '--data', at('empty'), '--recipe', at('recipe.json')];

const CASES: readonly [name: string, args: string[], said: RegExp][] = [
  [
    'a folder without an adapter',
    ['import-adapter', at('empty'), ...sources, ...out],
    /adapter_config\.json: no such file/,
  ],
  [
    'a variant of LoRA',
    ['import-adapter', at('dora'), ...sources, ...out],
    /use_dora: expected false, got true/,
  ],
  [
    'an adapter without its data',
    ['import-adapter', PEFT, ...sources, ...out],
    /empty\/manifest\.json: expected a folder that prepare has finished/,
  ],
  [
    'a folder that holds a run',
    ['import-adapter', PEFT, ...sources, '--out', at('taken')],
    /taken: holds a run already/,
  ],
  ['a merge of no run', ['merge', '--run', at('empty'), ...out], /run\.json: no such file/],
  ['a type that is not merged into', ['merge', '--run', at('empty'), ...out, '--type', 'q2_k'], /q2_k/],
  ['an export to another stack', ['export', '--to', 'axolotl', ...sources, ...out], /axolotl/],
  [
    'an export without data',
    ['export', '--to', 'trl', ...sources, ...out],
    /empty\/manifest\.json: expected a folder that prepare has finished/,
  ],
  [
    'no processes',
    ['export', '--to', 'trl', ...sources, ...out, '--processes', '0'],
    /--processes: expected a whole number/,
  ],
  [
    'fusion by sight in the engine peft',
    ['train', ...sources, ...out, '--engine', 'peft', '--fusion', 'visual'],
    /fusion: .*no soft tokens of images, got visual/,
  ],
  [
    'a flag that the engine peft would not heed',
    ['train', ...sources, ...out, '--engine', 'peft', '--threads', '2', '--mode', 'whole'],
    /2 mistakes\n.*--threads.*\n.*--mode/,
  ],
  [
    'the engine peft without a Python',
    ['train', ...sources, ...out, '--engine', 'peft', '--python', at('no-python')],
    /no-python: expected a Python that runs/,
  ],
  [
    'a plan of no base',
    ['plan', '--base', at('none.gguf'), '--recipe', at('recipe.json')],
    /none\.gguf: no such file/,
  ],
  [
    'a plan of a file that is no GGUF',
    ['plan', '--base', at('recipe.json'), '--recipe', at('recipe.json')],
    /recipe\.json: expected/,
  ],
];

test.each(CASES)('%s is refused by name', async (_name, args, message) => {
  const { said, code } = await run(...args);
  expect(said).toMatch(message);
  expect(said).not.toContain('mistake of ours');
  expect(code).toBeGreaterThan(0);
  expect(existsSync(at('out'))).toBe(false);
});
