/**
 * Drafts as they come out of the generator, gathered by study: a study is ready when all its prompts are answered.
 * Equal prompts (all studies without findings have the same) are answered once.
 */
import type { Tokenizer } from '@llama-xr/llama';
import type { GenerationOptions, Generator } from '@llama-xr/llamacpp';
import type { Recipe } from '@llama-xr/train';

export interface WrittenDraft {
  readonly prediction: string;
  /** Mean log probability of its tokens; null where it was not generated. */
  readonly logProbability: number | null;
  /** Tokens generated. */
  readonly length: number;
}

export interface StudyDrafts {
  readonly id: string;
  /** In the order of the study's prompts, samples of a prompt in a row. */
  readonly drafts: readonly WrittenDraft[];
}

/**
 * Writes all drafts that a recipe asks for: one greedy draft a prompt for studies with several prompts, several drawn ones
 * for studies with a single prompt. Every study comes once, in the order in which they get ready.
 * @param prompts by study, each a list of token lists
 */
export async function* writeDrafts(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: ReadonlyMap<string, readonly (readonly number[])[]>,
  { decoding, seed }: { decoding: Recipe['decoding']; seed: number },
): AsyncGenerator<StudyDrafts> {
  const { maxTokens, drafts, temperature, topP, noRepeatNgram } = decoding;
  const common = { maxTokens, noRepeatNgram, seed };
  const drawn = ([, list]: [string, readonly unknown[]]): boolean => drafts > 1 && list.length === 1;
  const sampling = { ...common, samples: drafts, temperature, topP };
  yield* answer(generator, tokenizer, new Map([...prompts].filter(drawn)), sampling);
  yield* answer(generator, tokenizer, new Map([...prompts].filter((entry) => !drawn(entry))), common);
}

async function* answer(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: ReadonlyMap<string, readonly (readonly number[])[]>,
  options: GenerationOptions,
): AsyncGenerator<StudyDrafts> {
  const requests = new Map<string, { id: string; tokens: readonly number[]; answers: WrittenDraft[] }>();
  const nameOf = (tokens: readonly number[]): string => tokens.join(' ');
  for (const tokens of [...prompts.values()].flat()) {
    const name = nameOf(tokens);
    if (!requests.has(name)) requests.set(name, { id: `${requests.size}`, tokens, answers: [] });
  }
  const byId = new Map([...requests.values()].map((request) => [request.id, request]));
  const samples = options.samples ?? 1;
  const waiting = new Map(
    [...prompts].map(([id, list]) => [id, list.map((tokens) => requests.get(nameOf(tokens))!)]),
  );
  for await (const { id, sample, tokens, logProbabilities } of generator.generate(
    [...byId.values()],
    options,
  )) {
    const sum = logProbabilities.reduce((total, p) => total + p, 0);
    byId.get(id)!.answers[sample] = {
      prediction: tokenizer.decode(tokens).trim(),
      logProbability: sum / Math.max(1, logProbabilities.length),
      length: tokens.length,
    };
    if (Object.keys(byId.get(id)!.answers).length < samples) continue;
    for (const [study, asked] of waiting) {
      if (!asked.every(({ answers }) => Object.keys(answers).length === samples)) continue;
      waiting.delete(study);
      yield { id: study, drafts: asked.flatMap(({ answers }) => answers) };
    }
  }
}
