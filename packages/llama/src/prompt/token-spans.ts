/** Where the tokens of a text lie in it, and weights for those that touch some of its words. */
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Characters [start, end) of a text. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * The characters of each token, one after another.
 * Most tokens are whole characters, which spares decoding each beginning of the text.
 */
export function tokenSpans(tokenizer: Pick<Tokenizer, 'decode'>, ids: readonly number[]): TextSpan[] {
  const pieces = ids.map((id) => tokenizer.decode([id]));
  const whole = pieces.join('') === tokenizer.decode(ids);
  let end = 0;
  return ids.map((_, i) => {
    const start = end;
    end = whole ? start + (pieces[i] as string).length : tokenizer.decode(ids.slice(0, i + 1)).length;
    return { start, end };
  });
}

/** `weight` for each token that has a character in one of the spans, 1 for the others. */
export function spanWeights(
  tokens: readonly TextSpan[],
  spans: readonly TextSpan[],
  weight: number,
): Float32Array {
  return Float32Array.from(tokens, (token) =>
    spans.some(({ start, end }) => token.start < end && start < token.end) ? weight : 1,
  );
}
