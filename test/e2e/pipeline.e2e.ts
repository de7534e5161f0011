/**
 * The whole pipeline on real input, small: IU X-ray's XML to studies, QLoRA on SmolLM2, drafts, scores, each killed in
 * the middle and taken up again; then real radiographs to drafts. No figure here says how good a draft is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { tagFindings } from '@llama-xr/reports';
import { beforeAll, describe, expect, test } from 'vitest';
import { data, LLAMA_XR, lacks, llamaXr, SMOLLM2, scratchFolder } from './peers.ts';

const TRAIN = 16;
const VAL = 8;
const RECIPE = {
  name: 'small',
  fusion: 'findings',
  exemplars: 1,
  maxTokens: 320,
  rank: 4,
  passes: 2,
  batchSize: 4,
  learningRate: 1e-3,
  decoding: { maxTokens: 40, prompts: 2 },
};

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const linesOf = (path: string): string[] => textOf(path).trimEnd().split('\n');
const drafts = (path: string) =>
  linesOf(path).map((line) => JSON.parse(line) as { id: string; prediction: string });

/** Starts a command and ends it without warning as soon as `ready`. */
async function killOnce(ready: () => boolean, ...args: string[]): Promise<void> {
  const [node, program] = LLAMA_XR;
  const child = spawn(node, [program, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (child.exitCode === null && !ready()) await setTimeout(20);
  expect(child.exitCode, 'it ended before it could be killed').toBeNull();
  child.kill('SIGKILL');
  await ended;
}

/** Losses of all steps that a run has logged, in order. */
function losses(run: string): [step: number, loss: number][] {
  return linesOf(join(run, 'log.jsonl'))
    .map((line) => JSON.parse(line) as { type: string; step: number; loss: number })
    .filter(({ type }) => type === 'step')
    .map(({ step, loss }) => [step, loss]);
}

describe.skipIf(lacks('LLAMA_XR_DATA', 'LLAMA_XR_MODELS'))(
  'IU X-ray and SmolLM2 (needs LLAMA_XR_DATA, LLAMA_XR_MODELS)',
  () => {
    const folder = scratchFolder();
    const at = (name: string) => join(folder, name);
    const train = (run: string) => [
      ...['train', '--base', SMOLLM2, '--data', at('data'), '--recipe', at('recipe.json')],
      ...['--mode', 'layered', '--out', run],
    ];

    beforeAll(() => {
      writeFileSync(at('recipe.json'), JSON.stringify(RECIPE));
      const whole = JSON.parse(textOf(data('iu-xray/annotation.json'))) as Record<'train' | 'val', unknown[]>;
      const few = { train: whole.train.slice(0, TRAIN), val: whole.val.slice(0, VAL), test: [] };
      writeFileSync(at('annotation.json'), JSON.stringify(few));
    });

    test('prepare reads the original XML', () => {
      const args = ['--format', 'iu-xray', '--splits', at('annotation.json'), '--findings', 'mesh'];
      const { dataset } = llamaXr('prepare', data('iu-xray'), ...args, '--out', at('data')) as {
        dataset: { counts: Record<string, { studies: number }> };
      };
      expect(dataset.counts).toMatchObject({ train: { studies: TRAIN }, val: { studies: VAL } });
    });

    test('train, killed in its second pass, goes on to the same losses', async () => {
      const whole = llamaXr(...train(at('whole'))) as { valLossBefore: number; valLoss: number };
      expect(whole.valLoss).toBeLessThan(whole.valLossBefore);
      const afterFirstPass = () => textOf(join(at('run'), 'log.jsonl')).includes('"pass":2');
      await killOnce(afterFirstPass, ...train(at('run')));
      expect(existsSync(join(at('run'), 'manifest.json'))).toBe(false);
      llamaXr(...train(at('run')));
      expect(losses(at('run'))).toEqual(losses(at('whole')));
      expect(losses(at('run'))).toHaveLength((TRAIN / RECIPE.batchSize) * RECIPE.passes);
    });

    test('generate, killed after its first drafts, keeps them and writes the rest', async () => {
      const out = at('predictions.jsonl');
      const args = ['generate', '--run', at('run'), '--data', at('data'), '--out', out];
      args.push('--parallel', '2', '--threads', '1');
      await killOnce(() => textOf(`${out}.part`).split('\n').length > 2, ...args);
      expect(existsSync(out)).toBe(false);
      const [, ...kept] = textOf(`${out}.part`).split('\n').slice(0, -1);
      llamaXr(...args);
      const written = drafts(out);
      expect(new Set(written.map(({ id }) => id)).size).toBe(VAL);
      for (const line of kept) expect(written).toContainEqual(JSON.parse(line));
      expect(written.every(({ prediction }) => prediction.length > 0)).toBe(true);
      expect(existsSync(`${out}.part`)).toBe(false);
    });

    test('evaluate prints all protocols, subsets and baselines as one object', () => {
      const args = ['--protocol', 'plain,coco,r2gen,paper', '--data', at('data'), '--out', at('scores')];
      const { protocols } = llamaXr('evaluate', at('predictions.jsonl'), ...args) as {
        protocols: Record<string, Record<string, Record<string, Record<string, number>>>>;
      };
      expect(Object.keys(protocols)).toEqual(['plain', 'coco', 'r2gen', 'paper']);
      for (const [name, subsets] of Object.entries(protocols)) {
        for (const subset of ['all', 'abnormal']) {
          for (const system of ['model', 'constant', 'random', 'shuffled', 'lookup']) {
            const scores = Object.entries(subsets[subset]?.[system] ?? {});
            expect(scores.length, `${name}.${subset}.${system}`).toBeGreaterThanOrEqual(5);
            for (const [score, value] of scores) {
              expect(value, `${name}.${subset}.${system}.${score}`).toBeGreaterThanOrEqual(0);
              expect(value).toBeLessThanOrEqual(score === 'CIDEr' ? 10 : 1);
            }
          }
        }
      }
      expect(readdirSync(at('scores')).sort()).toEqual(['manifest.json', 'report.html', 'scores.json']);
    });

    test('counterfactual flips one finding of the input and drafts with and without', () => {
      const out = at('counterfactual.jsonl');
      const args = ['--run', at('run'), '--data', at('data'), '--out', out, '--limit', '4', '--threads', '1'];
      const result = llamaXr('counterfactual', ...args) as {
        studies: number;
        pairs: number;
        noChance: number;
      };
      const pairs = linesOf(out).map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(result.studies).toBe(4);
      expect(result.pairs + result.noChance).toBe(pairs.length);
      for (const { finding, flip, before, after, inputBefore, inputAfter } of pairs) {
        expect([finding, before, after].every((text) => typeof text === 'string' && text.length > 0)).toBe(
          true,
        );
        const [has, had] = [inputAfter, inputBefore].map((tags) => tagFindings(tags as string[]));
        const [more, fewer] = flip === 'added' ? [has, had] : [had, has];
        expect([...(more as Set<string>).difference(fewer as Set<string>)]).toEqual([finding]);
      }
      expect(existsSync(`${out}.part`)).toBe(false);
    });

    test('an adapter is put to scenarios: it drafts each from the findings it is told, and is judged', () => {
      const [node, program] = LLAMA_XR;
      const args = [
        '--run',
        at('run'),
        '--data',
        at('data'),
        '--threads',
        '1',
        '--parallel',
        '2',
        '--out',
        at('safety'),
      ];
      const only = 'tension-pneumothorax-left,normal-stays-normal';
      const { stdout, status } = spawnSync(node, [program, 'scenarios', ...args, '--only', only, '--json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const verdict = JSON.parse(stdout) as { passed: boolean; scenarios: { id: string; draft: string }[] };
      expect(verdict.scenarios.map(({ id }) => id)).toEqual([
        'normal-stays-normal',
        'tension-pneumothorax-left',
      ]);
      for (const { draft } of verdict.scenarios) expect(draft).not.toBe('');
      expect(status).toBe(verdict.passed ? 0 : 1);
      expect(drafts(join(at('safety'), 'drafts.jsonl'))[1]).toMatchObject({
        input: ['Pneumothorax/left/large/tension', 'Mediastinal Shift/right', 'Diaphragm/left/depressed'],
      });
    });

    test.each(radiographs())('a draft for %s carries the notice of random weights', (_, images) => {
      const found = llamaXr(
        'generate',
        '--run',
        at('run'),
        '--encoder',
        'random:7',
        '--threads',
        '1',
        ...images,
      ) as {
        draft: string;
        notices: string[];
        scores: { frontal: number[]; lateral: number[] | null };
      };
      expect(found.draft).not.toBe('');
      expect(found.notices.join(' ')).toMatch(/random/i);
      expect(found.scores.frontal.every((score) => score >= 0 && score <= 1)).toBe(true);
      expect(found.scores.lateral?.length ?? 0).toBe(images.length === 2 ? 18 : 0);
    });
  },
);

/** The three pairs of IU X-ray, six films of Hannover, the RSNA's DICOM files: [name, frontal and lateral]. */
function radiographs(): [string, string[]][] {
  if (lacks('LLAMA_XR_DATA')) return [['real radiographs', []]];
  const pairs = ['CXR7_IM-2263-{}.png', 'CXR54_IM-2145-{}.png', 'CXR1900_IM-0584-{}.png'].map(
    (name): [string, string[]] => {
      const second = name.startsWith('CXR54') ? '1002' : '2001';
      return [name, ['1001', second].map((view) => data('iu-xray/images', name.replace('{}', view)))];
    },
  );
  const single = (folder: string, most: number): [string, string[]][] =>
    readdirSync(data(folder))
      .sort()
      .slice(0, most)
      .map((name) => [name, [data(folder, name)]]);
  return [...pairs, ...single('hannover/png', 6), ...single('dicom/rsna', 10)];
}
