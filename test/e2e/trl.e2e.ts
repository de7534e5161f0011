/** A run exported to TRL, trained there by two processes under torchrun, and taken back. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  loadAdapter,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  restoreAdapter,
} from '../../packages/llama/src/index.ts';
import { openGguf } from '../../packages/tensor/src/index.ts';
import { collate, type Example, lossWeight } from '../../packages/train/src/index.ts';
import { data, lacks, llamaXr, PYTHON, reference, SMOLLM2, scratchFolder } from './peers.ts';

const RECIPE = {
  name: 'small',
  fusion: 'findings',
  maxTokens: 160,
  passes: 2,
  batchSize: 4,
  rank: 4,
  alpha: 8,
  scaling: 'alpha/sqrt(r)',
  targets: ['q', 'v', 'down'],
  learningRate: 2e-3,
  warmupSteps: 1,
  decoding: { maxTokens: 24 },
};

interface Row {
  prompt: string;
  completion: string;
  input_ids: number[];
  completion_mask: number[];
}

/** Our engine's loss of examples, with an adapter or without. */
async function lossOf(examples: readonly Example[], adapterFolder?: string): Promise<number> {
  using weights = openBaseWeights(SMOLLM2);
  const adapter = adapterFolder === undefined ? undefined : loadAdapter(adapterFolder, weights.config);
  const shape = adapter ? { rank: adapter.rank, alpha: adapter.alpha } : { rank: 0 };
  await using engine = await openTrainingEngine(weights, { ...shape, mode: 'layered', threads: 1 });
  if (adapter) restoreAdapter(engine, adapter);
  return await engine.loss(collate(examples, lossWeight(examples)));
}

const exampleOf = ({ input_ids, completion_mask }: Row): Example => ({
  id: 'row',
  tokens: Int32Array.from(input_ids),
  lossFrom: completion_mask.indexOf(1),
});

describe.skipIf(lacks('LLAMA_XR_MODELS', 'LLAMA_XR_DATA', 'trl'))(
  'SmolLM2 trained by TRL (needs LLAMA_XR_MODELS, LLAMA_XR_DATA, trl in LLAMA_XR_PYTHON)',
  () => {
    const folder = scratchFolder();
    const at = (name: string) => join(folder, name);
    const rows = (name: string) =>
      readFileSync(at(`trl/${name}`), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
    const sources = () => ['--base', SMOLLM2, '--data', at('data')];

    beforeAll(() => {
      const whole = JSON.parse(readFileSync(data('iu-xray/annotation.json'), 'utf8'));
      const few = { train: whole.train.slice(0, 8), val: whole.val.slice(0, 2), test: [] };
      writeFileSync(at('annotation.json'), JSON.stringify(few));
      writeFileSync(at('recipe.json'), JSON.stringify(RECIPE));
      const splits = ['--splits', at('annotation.json'), '--findings', 'mesh'];
      llamaXr('prepare', data('iu-xray'), '--format', 'iu-xray', ...splits, '--out', at('data'));
      const recipe = ['--recipe', at('recipe.json')];
      const said = llamaXr('export', '--to', 'trl', ...sources(), ...recipe, '--out', at('trl'));
      expect(said).toMatchObject({ train: 16, val: 2, launch: 'torchrun --nproc-per-node 2 train.py' });
      execFileSync(PYTHON as string, ['-m', 'torch.distributed.run', '--nproc-per-node', '2', 'train.py'], {
        cwd: at('trl'),
        env: { ...process.env, OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'PASSIVE', HF_HUB_OFFLINE: '1' },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    });

    test('prompts and completions are the words of the tokens', () => {
      using gguf = openGguf(SMOLLM2);
      const tokenizer = loadTokenizer(gguf);
      for (const { prompt, completion, input_ids, completion_mask } of rows('train.jsonl')) {
        const border = completion_mask.indexOf(1);
        const ids = (text: string) => tokenizer.encode(text, { special: true });
        expect([...ids(prompt), ...ids(completion)]).toEqual(input_ids);
        expect(ids(prompt)).toHaveLength(border);
      }
    });

    test("the first step's loss is that of our engine, and it falls", async () => {
      const log = JSON.parse(readFileSync(at('trl/adapter/log.json'), 'utf8')) as { loss?: number }[];
      const losses = log.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
      expect(losses).toHaveLength(4);
      const first = rows('train.jsonl').slice(0, RECIPE.batchSize).map(exampleOf);
      expect(Math.abs((losses[0] as number) - (await lossOf(first)))).toBeLessThan(2e-3);
      expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    });

    test('the adapter comes back with the same loss', async () => {
      const recipe = ['--recipe', at('trl/recipe.json')];
      const said = llamaXr('import-adapter', at('trl/adapter'), ...sources(), ...recipe, '--out', at('run'));
      expect(said).toMatchObject({ rank: 4, alpha: 16, adapted: ['q', 'v', 'down'] });
      const row = rows('val.jsonl')[0] as Row;
      writeFileSync(at('ids.json'), JSON.stringify(row.input_ids));
      const theirs = reference('peft-adapter.py', '--loss', SMOLLM2, at('trl/adapter'), at('ids.json'));
      const adapted = Number(/^adapted (\S+)$/m.exec(theirs)?.[1]);
      const ours = await lossOf([{ ...exampleOf(row), lossFrom: 1 }], at('run/adapter'));
      expect(Math.abs(ours - adapted)).toBeLessThan(1e-4);
    });

    test('train --engine peft does all of it, and generate reads its run folder', () => {
      const settings = ['--recipe', at('recipe.json'), '--engine', 'peft', '--processes', '2'];
      const python = ['--python', PYTHON as string];
      const said = llamaXr('train', ...sources(), ...settings, ...python, '--out', at('engine'));
      const log = JSON.parse(readFileSync(at('trl/adapter/log.json'), 'utf8')) as { loss?: number }[];
      const losses = log.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
      expect(said).toMatchObject({ engine: 'peft', steps: 4 });
      // The same examples and seed as by hand.
      expect((said as { losses: number[] }).losses[0]).toBeCloseTo(losses[0] as number, 3);
      const manifest = JSON.parse(readFileSync(at('engine/manifest.json'), 'utf8'));
      expect(manifest).toMatchObject({ command: 'train', config: { engine: 'peft', processes: 2 } });
      expect(Object.keys(manifest.versions)).toEqual(expect.arrayContaining(['trl', 'peft', 'torch']));
      for (const file of ['run.json', 'log.jsonl', 'curves.html', 'adapter/adapter.gguf'])
        expect(existsSync(at(`engine/${file}`)), file).toBe(true);
      const drafts = ['--data', at('data'), '--split', 'val', '--out', at('drafts.jsonl')];
      expect(llamaXr('generate', '--run', at('engine'), ...drafts)).toHaveProperty('drafts');
    });
  },
);
