import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { NgramGuard } from './ngram-guard.ts';
import { chooseToken, guide, largest, logProbability, logSumExp, mostLikely } from './sampling.ts';

const V = 5000;
const GREEDY = { temperature: 0, topK: 0, topP: 1 };

function randomLogits(seed: number, deviation = 3): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: V }, () => deviation * random.normal());
}

test('log probabilities agree with the plain formula, also for logits far apart', () => {
  for (const deviation of [0.01, 1, 5, 40]) {
    const logits = randomLogits(7, deviation);
    const max = Math.max(...logits);
    const plain = max + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - max), 0));
    expect(Math.abs(logSumExp(logits) - plain)).toBeLessThan(1e-5);
    expect(logProbability(logits, 3)).toBeCloseTo((logits[3] as number) - plain, 4);
  }
});

test('the most likely come in order, of equals the first', () => {
  const logits = randomLogits(1);
  logits.set([9, 9, 9], 100);
  const sorted = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  for (const k of [1, 2, 40, 1000, V, 2 * V]) expect([...mostLikely(logits, k)]).toEqual(sorted.slice(0, k));
  expect(largest(logits)).toBe(sorted[0]);
});

test('greedy takes the largest that is not banned, and tells its probability before the ban', () => {
  const [first, second] = mostLikely(randomLogits(2), 2) as unknown as [number, number];
  const whole = logProbability(randomLogits(2), second);
  expect(chooseToken(randomLogits(2), GREEDY, [], new Random(1)).token).toBe(first);
  const choice = chooseToken(randomLogits(2), GREEDY, [first], new Random(1));
  expect(choice).toEqual({ token: second, logProbability: whole });
});

test('draws follow the distribution that temperature, top-k and top-p leave', () => {
  const probabilities = [0.4, 0.3, 0.2, 0.07, 0.03];
  // Renormalized by hand: squared by temperature 0.5, or cut.
  const squared = probabilities.map((p) => p ** 2 / 0.2958);
  const cases: [object, number[]][] = [
    [{ temperature: 1 }, probabilities],
    [{ temperature: 0.5 }, squared],
    [{ temperature: 1, topK: 2 }, [4 / 7, 3 / 7, 0, 0, 0]],
    [{ temperature: 1, topP: 0.6 }, [4 / 7, 3 / 7, 0, 0, 0]],
    [{ temperature: 1, topP: 0.71 }, [4 / 9, 3 / 9, 2 / 9, 0, 0]],
    // top-p counts within the top-k: 0.4 / 0.7 < 0.6.
    [{ temperature: 1, topK: 2, topP: 0.6 }, [4 / 7, 3 / 7, 0, 0, 0]],
    [{ temperature: 1, topK: 2, topP: 0.5 }, [1, 0, 0, 0, 0]],
  ];
  for (const [options, expected] of cases) {
    const random = new Random(5);
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 4000; i++) {
      const logits = Float32Array.from(probabilities, Math.log);
      const { token } = chooseToken(logits, { ...GREEDY, ...options }, [], random);
      counts[token] = (counts[token] as number) + 1 / 4000;
    }
    for (const [i, p] of expected.entries()) expect(Math.abs((counts[i] as number) - p)).toBeLessThan(0.025);
    for (const [i, p] of expected.entries()) if (p === 0) expect(counts[i]).toBe(0);
  }
});

test('a nucleus larger than the first look is found whole', () => {
  const flat = new Float32Array(V);
  const seen = new Set<number>();
  const random = new Random(3);
  for (let i = 0; i < 150; i++) {
    seen.add(chooseToken(flat, { temperature: 1, topK: 0, topP: 0.5 }, [], random).token);
  }
  expect(Math.max(...seen)).toBeGreaterThan(V / 2 - 100);
  expect(Math.max(...seen)).toBeLessThan(V / 2 + 2);
});

test('logits that are no numbers are an error, not a token', () => {
  const broken = new Float32Array(V).fill(Number.NaN);
  expect(() => chooseToken(broken, GREEDY, [], new Random(1))).toThrow(/logits: expected finite numbers/);
  const all = Array.from({ length: V }, (_, i) => i);
  expect(() => chooseToken(randomLogits(1), GREEDY, all, new Random(1))).toThrow(/not banned/);
});

test('guidance moves logits away from the contrast', () => {
  const logits = Float32Array.of(1, 2, 3);
  guide(logits, Float32Array.of(1, 1, 4), 2);
  expect([...logits]).toEqual([1, 3, 2]);
});

test('an n-gram is banned once it has been generated', () => {
  const guard = new NgramGuard(3);
  for (const token of [1, 2, 3, 1]) guard.push(token);
  expect([...guard.banned]).toEqual([]);
  guard.push(2);
  expect([...guard.banned]).toEqual([3]);
  guard.push(4);
  for (const token of [1, 2]) guard.push(token);
  expect([...guard.banned]).toEqual([3, 4]);
  const single = new NgramGuard(1);
  for (const token of [5, 6]) single.push(token);
  expect([...single.banned]).toEqual([5, 6]);
  const off = new NgramGuard(0);
  off.push(1);
  expect([...off.banned]).toEqual([]);
});
