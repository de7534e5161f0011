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
  const prompts = examples.map((example) => example.tokens.subarray(0, responseStart(example)));
  const texts = prompts.map((prompt) => prompt.join());
  const own: Example[] = [];
  const swapped: Example[] = [];
  for (const [i, example] of examples.entries()) {
    const response = example.tokens.subarray(responseStart(example));
    const from = random.int(examples.length);
    const others = examples.map((_, k) => (from + k) % examples.length);
    const other = others.find(
      (j) => texts[j] !== texts[i] && (prompts[j]?.length ?? 0) + response.length <= maxTokens,
    );
    if (other === undefined || response.length === 0) continue;
    own.push(meanLoss(example.id, prompts[i] as Int32Array, response));
    swapped.push(meanLoss(example.id, prompts[other] as Int32Array, response));
  }
  return { own, swapped };
}

/** An example whose loss is the mean over the tokens of its response. */
function meanLoss(id: string, prompt: Int32Array, response: Int32Array): Example {
  return {
    id,
    tokens: Int32Array.from([...prompt, ...response]),
    lossFrom: prompt.length,
    tokenWeights: new Float32Array(response.length).fill(1 / response.length),
  };
}
