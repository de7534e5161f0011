/** `generate --endpoint` against llama.cpp's own server with the adapter of a run: the drafts of the run at home. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAiServer, startServer } from './openai-server.ts';
import { data, LLAMA_XR, lacks, llamaXr, SMOLLM2, scratchFolder } from './peers.ts';

const RECIPE = {
  name: 'small',
  fusion: 'findings',
  rank: 4,
  passes: 1,
  batchSize: 4,
  learningRate: 1e-3,
  decoding: { maxTokens: 16 },
};
const VAL = 8;

interface Written {
  id: string;
  prediction: string;
  logProbability: number;
  notices: string[];
}

describe.skipIf(lacks('LLAMA_XR_DATA', 'LLAMA_XR_MODELS', 'xllamacpp'))(
  'drafts by a server (needs LLAMA_XR_DATA, LLAMA_XR_MODELS, xllamacpp in LLAMA_XR_PYTHON)',
  () => {
    const folder = scratchFolder();
    const at = (name: string) => join(folder, name);
    const read = (path: string) =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Written);
    const common = () => ['generate', '--run', at('site'), '--data', at('data')];
    let server: OpenAiServer;

    beforeAll(async () => {
      const iu = JSON.parse(readFileSync(data('iu-xray/annotation.json'), 'utf8')) as Record<
        'train' | 'val',
        unknown[]
      >;
      const few = { train: iu.train.slice(0, 16), val: iu.val.slice(0, VAL), test: [] };
      writeFileSync(at('annotation.json'), JSON.stringify(few));
      writeFileSync(at('recipe.json'), JSON.stringify(RECIPE));
      const source = ['--format', 'iu-xray', '--splits', at('annotation.json'), '--findings', 'mesh'];
      llamaXr('prepare', data('iu-xray'), ...source, '--out', at('data'));
      const recipe = ['--recipe', at('recipe.json'), '--mode', 'layered', '--out', at('site')];
      llamaXr('train', '--base', SMOLLM2, '--data', at('data'), ...recipe);
      server = await startServer(SMOLLM2, join(at('site'), 'adapter/adapter.gguf'), 'site');
    });
    afterAll(() => server?.[Symbol.dispose]());

    test('the server writes what the generator writes, goes on after a kill, and says who wrote', async () => {
      llamaXr(...common(), '--out', at('home.jsonl'), '--threads', '1');
      const out = at('away.jsonl');
      const args = [...common(), '--out', out, '--endpoint', server.url, '--parallel', '1'];
      const [node, program] = LLAMA_XR;
      const child = spawn(node, [program, ...args], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const begun = () =>
        existsSync(`${out}.part`) && readFileSync(`${out}.part`, 'utf8').split('\n').length > 2;
      while (child.exitCode === null && !begun()) await setTimeout(10);
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(out)).toBe(false);
      expect(llamaXr(...args)).toMatchObject({ drafts: VAL, peakMemoryBytes: null });

      const [home, away] = [read(at('home.jsonl')), read(out)];
      expect(away.map(({ id }) => id)).toEqual(home.map(({ id }) => id));
      // Batches of another size add in another order, and after four steps of training many first words are all but equal (digits
      // of a made-up date): texts part. What the server wrote word for word, it must have found as likely.
      const own = (id: string) => home.find((one) => one.id === id) as Written;
      const same = away.filter(({ id, prediction }) => prediction === own(id).prediction);
      expect(same.length).toBeGreaterThanOrEqual(2);
      for (const { id, logProbability } of same)
        expect(Math.abs(logProbability - own(id).logProbability)).toBeLessThan(0.05);
      expect(away[0]?.notices.join()).toContain(`drafted by ${server.url} as site`);
      const manifest = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8')) as { config: object };
      expect(manifest.config).toMatchObject({ endpoint: server.url, model: 'site' });
    });

    test('an adapter that the server lacks is named, and nothing is written', () => {
      const out = at('none.jsonl');
      const [node, program] = LLAMA_XR;
      const args = [...common(), '--out', out, '--endpoint', server.url, '--model', 'other'];
      const { status, stderr } = spawnSync(node, [program, ...args], { encoding: 'utf8' });
      expect(status).toBe(78);
      expect(stderr).toMatch(/model: expected one of those served, site, got other/);
      expect(existsSync(out)).toBe(false);
    });
  },
);
