/** The completions client against llama.cpp's own server: the texts and probabilities that our generator gives. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adapterOf,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  saveAdapter,
  type Tokenizer,
} from '../../packages/llama/src/index.ts';
import { openEndpoint, openGenerator, type ScoringRequest } from '../../packages/llamacpp/src/index.ts';
import { openGguf } from '../../packages/tensor/src/index.ts';
import { type OpenAiServer, startServer } from './openai-server.ts';
import { lacks, SMOLLM2, scratchFolder } from './peers.ts';

const PROMPTS = ['Findings: enlarged heart. Report: The', 'Findings: none. Report: The lungs'];
const MAX_TOKENS = 12;

describe.skipIf(lacks('LLAMA_XR_MODELS', 'xllamacpp'))(
  'an endpoint of llama.cpp (needs LLAMA_XR_MODELS, xllamacpp in LLAMA_XR_PYTHON)',
  () => {
    const folder = scratchFolder();
    const adapter = join(folder, 'adapter.gguf');
    let tokenizer: Tokenizer;
    let url: string;
    let server: OpenAiServer;

    beforeAll(async () => {
      using gguf = openGguf(SMOLLM2);
      tokenizer = loadTokenizer(gguf);
      using weights = openBaseWeights(SMOLLM2);
      await using engine = await openTrainingEngine(weights, { rank: 4, mode: 'layered', threads: 1 });
      for (let i = 0; i < engine.parameters.length; i++) engine.parameters[i] = 0.06 * Math.sin(i);
      saveAdapter(folder, adapterOf(engine), { base: SMOLLM2 });

      server = await startServer(SMOLLM2, adapter, 'site');
      url = server.url;
    });
    afterAll(() => server?.[Symbol.dispose]());

    const requests = () => PROMPTS.map((text, i) => ({ id: `${i}`, tokens: tokenizer.encode(text) }));

    test('drafts carry the log probabilities that our generator gives them, with the adapter and not without', async () => {
      await using endpoint = await openEndpoint({ url, model: 'site', codec: tokenizer });
      const asked = new Map(requests().map(({ id, tokens }) => [id, tokens]));
      const scored: ScoringRequest[] = [];
      const theirs = new Map<string, readonly number[]>();
      for await (const draft of endpoint.generate(requests(), { maxTokens: MAX_TOKENS })) {
        const prompt = asked.get(draft.id) as number[];
        expect(draft).toMatchObject({ sample: 0, stopReason: 'length' });
        expect(draft.tokens).toHaveLength(MAX_TOKENS);
        scored.push({ id: draft.id, tokens: [...prompt, ...draft.tokens], from: prompt.length });
        theirs.set(draft.id, draft.logProbabilities);
      }
      expect(theirs.size).toBe(PROMPTS.length);
      const options = { base: SMOLLM2, adapter, contextTokens: 256, parallel: 2, threads: 1 };
      await using generator = await openGenerator(options);
      /** Mean distance of all log probabilities. */
      const distance = async () => {
        let sum = 0;
        for await (const { id, logProbabilities } of generator.score(scored)) {
          for (const [i, p] of logProbabilities.entries())
            sum += Math.abs(p - (theirs.get(id)?.[i] as number));
        }
        return sum / (MAX_TOKENS * PROMPTS.length);
      };
      const adapted = await distance();
      expect(adapted).toBeLessThan(0.1);
      await generator.setAdapter(null);
      expect(await distance()).toBeGreaterThan(2 * adapted);
    });

    test('samples are drawn anew, and the same with the same seed', async () => {
      await using endpoint = await openEndpoint({ url, model: 'site', codec: tokenizer, parallel: 1 });
      const options = { maxTokens: 6, samples: 3, temperature: 1.5, seed: 1 };
      const draw = async () => {
        const texts: string[] = [];
        const drafts = endpoint.generate(requests().slice(0, 1), options);
        for await (const { tokens } of drafts) texts.push(tokenizer.decode(tokens));
        return texts;
      };
      const first = await draw();
      expect(new Set(first).size).toBeGreaterThan(1);
      expect(await draw()).toEqual(first);
    });

    test('a model that is not served is named', async () => {
      await expect(openEndpoint({ url, model: 'other', codec: tokenizer })).rejects.toThrow(
        /served, site, got other/,
      );
    });
  },
);
