/**
 * Chooses the next token from logits [V]: greedy, or drawn after temperature, top-k and top-p (nucleus sampling, Holtzman
 * et al. 2020), in the order of transformers' logits processors. Touches each logit as rarely as it can: V is 49,000 to
 * 128,000 and this runs for every token. The loops over V take length and elements once: where any ArrayBuffer of the
 * process was ever detached (Node's type stripping does it), V8 checks at each of these whether this one is, at half the speed.
 */
import { fail, type Random } from '@llama-xr/core';

export interface Sampling {
  /** 0 is greedy; otherwise logits are divided by it. */
  readonly temperature: number;
  /** Draw among the k most likely; 0 is all. */
  readonly topK: number;
  /** Draw among the fewest most likely that together reach this probability, in (0, 1]; 1 is all. */
  readonly topP: number;
  /** No n-gram of this many tokens is generated twice; 0 is off. */
  readonly noRepeatNgram: number;
}

export interface Choice {
  readonly token: number;
  /** Natural logarithm of the token's probability in softmax(logits): before temperature, truncation and bans. */
  readonly logProbability: number;
}

/**
 * @param logits changed: the banned ones become -Infinity.
 * @throws LlamaXrError ENGINE when no logit is a number, or every token is banned.
 */
export function chooseToken(
  logits: Float32Array,
  sampling: Pick<Sampling, 'temperature' | 'topK' | 'topP'>,
  banned: Iterable<number>,
  random: Random,
): Choice {
  const likeliest = largest(logits);
  const total = logSumExp(logits, likeliest);
  for (const token of banned) logits[token] = Number.NEGATIVE_INFINITY;
  const best = Number.isFinite(logits[likeliest]) ? likeliest : largest(logits);
  const token = sampling.temperature === 0 ? best : draw(logits, best, sampling, random);
  const logit = logits[token] as number;
  if (!Number.isFinite(logit)) fail('ENGINE', 'sampling: expected a token that is not banned, got none');
  return { token, logProbability: logit - total };
}

/** log softmax(logits)[token] */
export function logProbability(logits: Float32Array, token: number): number {
  return (logits[token] as number) - logSumExp(logits);
}

/** Classifier-free guidance (Sanchez et al. 2023): logits becomes u + w (logits - u). w = 1 changes nothing. */
export function guide(logits: Float32Array, unconditioned: Float32Array, w: number): void {
  const V = logits.length;
  for (let i = 0; i < V; i++) {
    const u = unconditioned[i] as number;
    logits[i] = u + w * ((logits[i] as number) - u);
  }
}

/** Index of the largest; of equals the first, as llama.cpp's greedy sampler. */
export function largest(logits: Float32Array): number {
  const V = logits.length;
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < V; i++) {
    const logit = logits[i] as number;
    if (logit > most) {
      most = logit;
      best = i;
    }
  }
  return best;
}

// exp(-x) on [0, 32) by chords, 128 to a unit: exact at 0, elsewhere too large by less than 1e-5 of itself; seven times the
// speed of Math.exp. What lies beyond 32 adds less than 128,000 e^-32 = 2e-9 to a sum that is at least 1.
const RANGE = 32;
const STEPS = 128;
const FALL = Float64Array.from({ length: RANGE * STEPS }, (_, i) => exp(i) - exp(i + 1));
const START = Float64Array.from({ length: RANGE * STEPS }, (_, i) => exp(i) + i * (FALL[i] as number));

function exp(step: number): number {
  return Math.exp(-step / STEPS);
}

/** log(sum(exp(logits))) @param best the index of the largest, where it is known */
export function logSumExp(logits: Float32Array, best = largest(logits)): number {
  const max = logits[best] as number;
  const sum = massBelow(logits, max, 1);
  if (!Number.isFinite(max) || !(sum > 0)) fail('ENGINE', `logits: expected finite numbers, got ${max}`);
  return max + Math.log(sum);
}

/** sum(exp((logits - max) / temperature)) */
function massBelow(logits: Float32Array, max: number, temperature: number): number {
  const V = logits.length;
  const scale = STEPS / temperature;
  let sum = 0;
  for (let i = 0; i < V; i++) {
    const x = (max - (logits[i] as number)) * scale;
    if (x < RANGE * STEPS) {
      const step = x | 0;
      sum += (START[step] as number) - (FALL[step] as number) * x;
    }
  }
  return sum;
}

function draw(
  logits: Float32Array,
  best: number,
  { temperature, topK, topP }: Pick<Sampling, 'temperature' | 'topK' | 'topP'>,
  random: Random,
): number {
  if (topK === 0 && topP === 1) return drawFromAll(logits, best, temperature, random);
  const max = logits[best] as number;
  const candidates = topK === 0 ? nucleus(logits, max, temperature, topP) : mostLikely(logits, topK);
  const weights = Array.from(candidates, (token) =>
    Math.exp(((logits[token] as number) - max) / temperature),
  );
  // top-p counts within what top-k left; without top-k the nucleus is cut already.
  const kept = topK === 0 ? weights.length : lengthReaching(weights, topP * sumOf(weights));
  let rest = random.next() * sumOf(weights.slice(0, kept));
  for (let i = 0; i < kept; i++) {
    rest -= weights[i] as number;
    if (rest < 0) return candidates[i] as number;
  }
  return candidates[kept - 1] as number;
}

function drawFromAll(logits: Float32Array, best: number, temperature: number, random: Random): number {
  const max = logits[best] as number;
  let rest = random.next() * massBelow(logits, max, temperature);
  const V = logits.length;
  for (let i = 0; i < V; i++) {
    const x = (max - (logits[i] as number)) / temperature;
    if (x < RANGE) rest -= Math.exp(-x);
    if (rest < 0) return i;
  }
  return best;
}

/** The fewest most likely tokens whose probability reaches `topP`, most likely first. */
function nucleus(logits: Float32Array, max: number, temperature: number, topP: number): Int32Array {
  const wanted = topP * massBelow(logits, max, temperature);
  for (let k = 64; ; k *= 8) {
    const candidates = mostLikely(logits, k);
    const weights = Array.from(candidates, (t) => Math.exp(((logits[t] as number) - max) / temperature));
    const length = lengthReaching(weights, wanted);
    const reached = sumOf(weights.slice(0, length)) >= wanted;
    if (reached || candidates.length === logits.length) return candidates.subarray(0, length);
  }
}

/** How many of the weights, from the first on, it takes to reach a sum; all of them when they do not. */
function lengthReaching(weights: readonly number[], wanted: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i] as number;
    if (sum >= wanted) return i + 1;
  }
  return weights.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Indices of the k largest, largest first; of equals the first. A heap of k whose root is the least of them. */
export function mostLikely(logits: Float32Array, k: number): Int32Array {
  const V = logits.length;
  const size = Math.min(k, V);
  const heap = Int32Array.from({ length: size }, (_, i) => i);
  const less = (a: number, b: number) => {
    const difference = (logits[a] as number) - (logits[b] as number);
    return difference < 0 || (difference === 0 && a > b);
  };
  const sink = (start: number, item: number): void => {
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < size && less(heap[child + 1] as number, heap[child] as number)) child++;
      if (child >= size || !less(heap[child] as number, item)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = item;
  };
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(i, heap[i] as number);
  let least = logits[heap[0] as number] as number;
  for (let i = size; i < V; i++) {
    if ((logits[i] as number) > least) {
      sink(0, i);
      least = logits[heap[0] as number] as number;
    }
  }
  return heap.sort((a, b) => (less(a, b) ? 1 : -1));
}
