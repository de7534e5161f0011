/** What a LlamaConfig must satisfy, from whatever file it came; all mistakes are told at once. */
import { Mistakes } from '@llama-xr/core';
import type { LlamaConfig } from '../model/weights-type.ts';

/** Beyond any model; bounds the loops over what a hostile file declares. */
const MOST = {
  layers: 1024,
  heads: 4096,
  width: 2 ** 20,
  vocabulary: 2 ** 24,
  contextLength: 2 ** 30,
} as const;

/** @throws LlamaXrError MODEL naming the file and each field that cannot be. */
export function checkConfig(path: string, config: LlamaConfig): LlamaConfig {
  const mistakes = new Mistakes();
  const whole = (name: string, value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      mistakes.add(`${name}: expected an integer from 1 to ${most}, got ${value}`);
    }
  };
  whole('layers', config.layers, MOST.layers);
  whole('width', config.width, MOST.width);
  whole('feedForward', config.feedForward, MOST.width);
  whole('heads', config.heads, MOST.heads);
  whole('kvHeads', config.kvHeads, MOST.heads);
  whole('headSize', config.headSize, MOST.width);
  whole('vocabulary', config.vocabulary, MOST.vocabulary);
  whole('contextLength', config.contextLength, MOST.contextLength);
  if (config.headSize % 2 !== 0) mistakes.add(`headSize: expected an even number, got ${config.headSize}`);
  if (config.heads % config.kvHeads !== 0) {
    mistakes.add(`heads: expected a multiple of kvHeads (${config.kvHeads}), got ${config.heads}`);
  }
  if (!(config.ropeBase > 1)) mistakes.add(`ropeBase: expected a number over 1, got ${config.ropeBase}`);
  if (!(config.rmsEps >= 0 && config.rmsEps < 1)) {
    mistakes.add(`rmsEps: expected a number from 0 to 1, got ${config.rmsEps}`);
  }
  mistakes.throwIfAny('MODEL', path);
  return config;
}
