import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Example, Recipe } from '@llama-xr/train';
import { afterAll, expect, test } from 'vitest';
import type { TrainingPlan } from './training-run.ts';
import { exportToTrl } from './trl-export.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-trl-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Letters are tokens. */
const tokenizer = { decode: (ids: Iterable<number>) => String.fromCharCode(...ids) };
const example = (prompt: string, report: string, more: Partial<Example> = {}): Example => ({
  id: report,
  tokens: Int32Array.from([...(prompt + report)].map((letter) => letter.charCodeAt(0))),
  lossFrom: prompt.length,
  ...more,
});

const EXAMPLES = [example('A:', 'clear'), example('Bo:', 'dense')];

function planOf(recipe: object, passes: Example[][] = [EXAMPLES, EXAMPLES]): TrainingPlan {
  const hashed = { path: 'x', sha256: '' };
  const description = {
    version: 1 as const,
    base: hashed,
    data: hashed,
    recipe: Recipe.parse({ name: 'test', batchSize: 2, ...recipe }),
    notices: [],
  };
  return { description, data: { passes, val: [EXAMPLES[0] as Example] } };
}

const exportTo = (name: string, plan: TrainingPlan, processes = 2) =>
  exportToTrl(plan, { out: join(folder, name), processes, tokenizer, torchBase: 'some/base' });
const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

test('examples are token ids with their text, pass after pass', () => {
  expect(exportTo('all', planOf({}))).toMatchObject({ train: 4, val: 1, tokens: 30 });
  const rows = read('all/train.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map(({ pass }) => pass)).toEqual([1, 1, 2, 2]);
  const row = rows.find(({ id }) => id === 'dense');
  expect(row).toMatchObject({
    prompt: 'Bo:',
    completion: 'dense',
    completion_mask: [0, 0, 0, 1, 1, 1, 1, 1],
  });
  expect(tokenizer.decode(row.input_ids)).toBe('Bo:dense');
});

test('where prompts are learned too, the completion is still the report', () => {
  exportTo('learned', planOf({}, [[example('A:', 'clear', { lossFrom: 1, responseFrom: 2 })]]));
  expect(JSON.parse(read('learned/train.jsonl'))).toMatchObject({
    prompt: 'A:',
    completion: 'clear',
    completion_mask: [0, 1, 1, 1, 1, 1, 1],
  });
});

test('the recipe stands in the words of transformers and PEFT, and the script beside it', () => {
  const { launch } = exportTo(
    'words',
    planOf({ schedule: 'cosine', floor: 0.1, scaling: 'alpha/sqrt(r)', targets: ['v', 'q'], dropout: 0.25 }),
  );
  expect(launch).toBe('torchrun --nproc-per-node 2 train.py');
  expect(JSON.parse(read('words/settings.json'))).toMatchObject({
    base: 'some/base',
    lora: {
      r: 16,
      lora_alpha: 16,
      use_rslora: true,
      lora_dropout: 0.25,
      target_modules: ['v_proj', 'q_proj'],
    },
    arguments: {
      per_device_train_batch_size: 1,
      lr_scheduler_type: 'cosine_with_min_lr',
      lr_scheduler_kwargs: { min_lr_rate: 0.1 },
    },
    fsdp: true,
  });
  expect(read('words/train.py')).toContain('SFTTrainer');
  expect(read('words/launch.sh')).toContain(launch);
});

test('moments in 8 bits are bitsandbytes there', () => {
  exportTo('eight', planOf({ optimizerBits: 8 }));
  expect(JSON.parse(read('eight/settings.json'))).toMatchObject({ arguments: { optim: 'adamw_8bit' } });
  exportTo('full', planOf({}));
  expect(JSON.parse(read('full/settings.json')).arguments).not.toHaveProperty('optim');
});

test('what does not carry over is refused, all of it at once', () => {
  const weighted = example('A:', 'clear', { tokenWeights: new Float32Array(5).fill(2) });
  const plan = planOf({ batchSize: 3, floor: 0.1 }, [[weighted]]);
  expect(() => exportTo('refused', plan)).toThrow(
    /3 mistakes\n.*batchSize.*\n.*floor.*\n.*weights on tokens/,
  );
  const pairs = { preference: {}, rates: { b: 4 } };
  expect(() => exportTo('refused', planOf({ fusion: 'hybrid', ...pairs }))).toThrow(
    /3 mistakes\n.*fusion.*soft tokens.*\n.*preference.*\n.*rates\.b/,
  );
  expect(() => exportTo('refused', planOf({ contrast: { share: 0.5 } }))).toThrow(/contrast\.share.*0\.5/);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
  expect(() => exportTo('refused', planOf({}, [[]]))).toThrow(/no training studies/);
});
