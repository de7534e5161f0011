/** The encoder that a flag names: a file, or `random:SEED` for the random-weight one of tests and the demo. */
import { fail } from '@llama-xr/core';
import type { EncoderSource } from '@llama-xr/vision';

export function encoderSource(text: string): EncoderSource {
  if (!text.startsWith('random:')) return text;
  const randomSeed = Number(text.slice('random:'.length));
  if (!Number.isSafeInteger(randomSeed) || randomSeed < 0)
    fail('USAGE', `--encoder: expected random:SEED with a whole number, got ${text}`);
  return { randomSeed };
}
