/**
 * Grounding, measured while training: how much worse a report is foretold from the prompt of another study than from its
 * own. A model that has learned the style of reports and ignores its input has a falling loss and a gap of zero. It is an
 * estimate on the true reports; what drafts do when their input changes is measured by `llama-xr evaluate`.
 */
import { Random } from '@llama-xr/core';
import { type Example, responseStart } from './example.ts';

/** The same reports behind their own prompts and behind those of others. */
export interface PromptSwap {
  readonly own: readonly Example[];
  readonly swapped: readonly Example[];
}

/**
 * Pairs each example with a study whose prompt is another; who has none is left out.
 * @param maxTokens longest example; a prompt that is too long for a report is not taken for it.
 */
export function swapPrompts(
  examples: readonly Example[],
  { seed, maxTokens }: { seed: number; maxTokens: number },
): PromptSwap {
  const random = new Random(`${seed}:swapped prompts`);
  const promptOf = ({ soft, ...example }: Example): PromptOf => ({
    tokens: example.tokens.subarray(0, responseStart(example)),
    ...(soft && { soft }),
  });
  const prompts = examples.map(promptOf);
  const own: Example[] = [];
  const swapped: Example[] = [];
  for (const [i, example] of examples.entries()) {
    const response = example.tokens.subarray(responseStart(example));
    const from = random.int(examples.length);
    const prompt = prompts[i] as PromptOf;
    const others = examples.map((_, k) => prompts[(from + k) % examples.length] as PromptOf);
    const other = others.find(
      (one) => one.tokens.length + response.length <= maxTokens && !samePrompt(one, prompt),
    );
    if (other === undefined || response.length === 0) continue;
    own.push(meanLoss(example.id, prompt, response));
    swapped.push(meanLoss(example.id, other, response));
  }
  return { own, swapped };
}

/** All that a report is foretold from: words, and what was seen. */
type PromptOf = Pick<Example, 'tokens' | 'soft'>;

function samePrompt(a: PromptOf, b: PromptOf): boolean {
  return (
    equal(a.tokens, b.tokens) &&
    equal(a.soft?.features ?? [], b.soft?.features ?? []) &&
    equal(a.soft?.present ?? [], b.soft?.present ?? [])
  );
}

const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a === b || (a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]));

/** An example whose loss is the mean over the tokens of its response. */
function meanLoss(id: string, { tokens, soft }: PromptOf, response: Int32Array): Example {
  return {
    id,
    tokens: Int32Array.from([...tokens, ...response]),
    ...(soft && { soft }),
    lossFrom: tokens.length,
    tokenWeights: new Float32Array(response.length).fill(1 / response.length),
  };
}
