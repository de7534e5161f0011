/** What the tests ask of the tiny model, and what they do with the answers. */
import { LlamaXrError, Random } from '@llama-xr/core';
import { TINY_VOCABULARY } from './tiny-model.ts';

/** Generation that ends by its length alone. */
export const ENDLESS = { maxTokens: 24, stop: [] };

export function prompts(count: number, length = 20): { id: string; tokens: number[] }[] {
  return Array.from({ length: count }, (_, i) => {
    const random = new Random(i);
    return { id: `r${i}`, tokens: Array.from({ length }, () => 3 + random.int(TINY_VOCABULARY - 3)) };
  });
}

/** All results by id and sample: `r0:0`. */
export async function all<T extends { id: string; sample?: number }>(
  results: AsyncIterable<T>,
): Promise<Record<string, T>> {
  const found: Record<string, T> = {};
  for await (const result of results) found[`${result.id}:${result.sample ?? 0}`] = result;
  return found;
}

/** The error that a promise is expected to end with. */
export async function errorOf(promise: Promise<unknown>): Promise<LlamaXrError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LlamaXrError) return error;
  throw new Error(`expected a LlamaXrError, got ${error}`, { cause: error });
}
