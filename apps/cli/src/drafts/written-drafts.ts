/**
 * Drafts as they come out of the generator, gathered by study: a study is ready when all its prompts are answered.
 * Equal prompts (all studies without findings have the same) are answered once.
 */
import { sha256 } from '@llama-xr/core';
import type { Tokenizer } from '@llama-xr/llama';
import type { Generation, GenerationOptions, Generator } from '@llama-xr/llamacpp';
import type { Recipe } from '@llama-xr/train';
import type { ReadyPrompt, ReadyPrompts } from './ready-prompts.ts';

export interface WrittenDraft {
  readonly prediction: string;
  /** Mean log probability of its tokens; null where it was not generated. */
  readonly logProbability: number | null;
  /** Tokens generated. */
  readonly length: number;
}

export interface StudyDrafts {
  readonly id: string;
  /** In the order of the study's prompts; of a prompt the likeliest first, then the drawn ones as they came. */
  readonly drafts: readonly WrittenDraft[];
}

/** A prompt; equal ones have equal contrasts. */
interface Asked extends ReadyPrompt {
  readonly id: string;
  /** Studies that have no other prompt than this. */
  studies: number;
  readonly answers: WrittenDraft[];
}

/**
 * Writes all drafts that a recipe asks for: the likeliest of each prompt first, then those that are drawn. Every study comes
 * once, in the order in which they get ready.
 * @param prompts by study
 */
export async function* writeDrafts(
  generator: Pick<Generator, 'generate'>,
  tokenizer: Tokenizer,
  prompts: ReadyPrompts,
  { decoding, seed }: { decoding: Recipe['decoding']; seed: number },
): AsyncGenerator<StudyDrafts> {
  const { temperature, topP } = decoding;
  const { maxTokens, noRepeatNgram, guidance } = decoding;
  const common = { maxTokens, noRepeatNgram, guidance, seed };
  const waiting = gather(prompts);
  const asked = [...new Set([...waiting.values()].flat())];
  const wanted = (one: Asked): number =>
    Math.max(decoding.samples, one.studies > 1 ? decoding.sharedSamples : 1);
  const drawn = Map.groupBy(asked, (one) => wanted(one) - 1);
  const rounds: [Asked[], GenerationOptions][] = [
    [asked, common],
    ...[...drawn].map(([samples, some]): [Asked[], GenerationOptions] => [
      some,
      { ...common, samples, temperature, topP },
    ]),
  ];
  for (const [requests, options] of rounds) {
    if (requests.length === 0 || options.samples === 0) continue;
    const byId = new Map(requests.map((request) => [request.id, request]));
    for await (const generation of generator.generate(requests, options)) {
      byId.get(generation.id)?.answers.push(read(generation, tokenizer));
      for (const [study, list] of waiting) {
        if (!list.every((one) => one.answers.length === wanted(one))) continue;
        waiting.delete(study);
        yield { id: study, drafts: list.flatMap(({ answers }) => answers) };
      }
    }
  }
}

/** The prompts of each study; equal ones are the same object. */
function gather(prompts: ReadyPrompts): Map<string, Asked[]> {
  const known = new Map<string, Asked>();
  const ask = (prompt: ReadyPrompt, sole: boolean): Asked => {
    const name = nameOf(prompt);
    const asked = known.get(name) ?? { ...prompt, id: `${known.size}`, studies: 0, answers: [] };
    known.set(name, asked);
    if (sole) asked.studies++;
    return asked;
  };
  return new Map(
    [...prompts].map(([study, list]) => [
      study,
      [...new Set(list.map((prompt) => ask(prompt, list.length === 1)))],
    ]),
  );
}

/** Equal for prompts of the same words and the same images. */
function nameOf({ tokens, soft }: ReadyPrompt): string {
  const words = tokens.join(' ');
  if (soft === undefined) return words;
  const { buffer, byteOffset, byteLength } = soft.vectors;
  return `${words} ${sha256(new Uint8Array(buffer, byteOffset, byteLength))}`;
}

function read({ tokens, logProbabilities }: Generation, tokenizer: Tokenizer): WrittenDraft {
  const sum = logProbabilities.reduce((total, p) => total + p, 0);
  return {
    prediction: tokenizer.decode(tokens).trim(),
    logProbability: sum / Math.max(1, logProbabilities.length),
    length: tokens.length,
  };
}
