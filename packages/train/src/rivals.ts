/**
 * Rivals: what an example is held against. For contrast the same report behind the prompt of another study, which tells other
 * findings (and shows other features); for preference another report behind the same prompt, which states other findings, or one
 * that is known to be wrong. Drawn from the examples of the pass, by its seed alone.
 */
import type { Random } from '@llama-xr/core';
import { type Example, responseStart } from './example.ts';
import type { Recipe } from './recipe.ts';

type RivalRules = Pick<Recipe, 'contrast' | 'preference' | 'maxTokens'>;

/** Of so many reports with other findings the one nearest in length is taken: longer texts are less likely whatever they say. */
const LENGTHS = 8;

/** The examples of a pass, with the rivals that the recipe asks for; where it asks for none, as they are. */
export function withRivals(examples: readonly Example[], rules: RivalRules, random: Random): Example[] {
  const { contrast, preference, maxTokens } = rules;
  if (preference !== null) {
    const pairs = examples.map((example) =>
      paired(example, otherReport(example, examples, maxTokens, random)),
    );
    // Without a rival and without a weight of its likelihood there is nothing to learn from an example.
    return preference.likelihood > 0 ? pairs : pairs.filter(({ rival }) => rival !== undefined);
  }
  if (contrast.share === 0) return [...examples];
  return examples.map((example) =>
    random.chance(contrast.share)
      ? paired(example, otherPrompt(example, examples, maxTokens, random))
      : example,
  );
}

const paired = (example: Example, rival: Example | undefined): Example =>
  rival === undefined ? example : { ...example, rival };

/** The report of an example behind the prompt of another, drawn from those that tell other findings and leave it room. */
function otherPrompt(
  example: Example,
  examples: readonly Example[],
  maxTokens: number,
  random: Random,
): Example | undefined {
  const report = example.tokens.subarray(responseStart(example));
  const fits = (other: Example) =>
    differ(example.told, other.told) && responseStart(other) + report.length <= maxTokens;
  const [other] = drawn(examples, fits, 1, random);
  return other && joined(other, report);
}

/** Another report behind the prompt of an example. */
function otherReport(
  example: Example,
  examples: readonly Example[],
  maxTokens: number,
  random: Random,
): Example | undefined {
  const start = responseStart(example);
  if (example.rejected !== undefined) return joined(example, example.rejected.subarray(0, maxTokens - start));
  const length = (other: Example) => other.tokens.length - responseStart(other);
  const fits = (other: Example) => differ(example.stated, other.stated) && start + length(other) <= maxTokens;
  const [nearest] = drawn(examples, fits, LENGTHS, random).sort(
    (a, b) => Math.abs(length(a) - length(example)) - Math.abs(length(b) - length(example)),
  );
  return nearest && joined(example, nearest.tokens.subarray(responseStart(nearest)));
}

/** What is not known of both counts as the same. */
const differ = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;

/** The first examples that fit, from a place drawn by chance on. */
function drawn(
  examples: readonly Example[],
  fits: (example: Example) => boolean,
  count: number,
  random: Random,
): Example[] {
  const from = random.int(examples.length);
  const found: Example[] = [];
  for (let i = 0; i < examples.length && found.length < count; i++) {
    const example = examples[(from + i) % examples.length] as Example;
    if (fits(example)) found.push(example);
  }
  return found;
}

/** A report behind the prompt of an example. What else the prompt carries goes with it. */
function joined(example: Example, report: Int32Array): Example {
  const { tokenWeights: _, rejected: __, rival: ___, ...rest } = example;
  const start = responseStart(example);
  const prompt = example.tokens.subarray(0, start);
  return { ...rest, tokens: Int32Array.from([...prompt, ...report]), lossFrom: start, responseFrom: start };
}
