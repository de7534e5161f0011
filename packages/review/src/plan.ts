/**
 * Who reads what, in which order: decided before anyone reads, from a seed. All readers get the same cases and the same
 * pair of reports of each, so that they can be compared; each in an order of their own, with the reports' sides drawn anew.
 * Some cases come twice, far apart and with sides changed, to measure how well a reader agrees with themselves.
 */
import { fail, Random } from '@llama-xr/core';
import type { Slot } from './page-data.ts';

export interface PlanOptions {
  readonly readers: number;
  readonly seed: number;
  /** Share of the cases that each reader gets twice, at most a third. */
  readonly repeat: number;
}

export interface PlannedItem {
  /** From 1, in the order in which the reader sees it. */
  readonly number: number;
  readonly case: string;
  /** True where the reader has seen the case before. */
  readonly repeat: boolean;
  /** Whose report stands where. One slot where there is one system. */
  readonly slots: Readonly<Partial<Record<Slot, string>>>;
}

export interface PlannedReader {
  readonly reader: string;
  readonly items: readonly PlannedItem[];
}

/**
 * @param cases ids
 * @param systems one: each report is judged for itself; two: side by side; more: pairs in turn, each as often as another
 * @throws LlamaXrError INPUT
 */
export function planReview(
  cases: readonly string[],
  systems: readonly string[],
  { readers, seed, repeat }: PlanOptions,
): PlannedReader[] {
  if (cases.length === 0) fail('INPUT', 'review: expected at least one case, got none');
  if (!(repeat >= 0 && repeat <= 1 / 3))
    fail('INPUT', `review: repeat: expected a share from 0 to 0.33 of the cases, got ${repeat}`);
  const random = new Random(`review:${seed}`);
  const drawn = random.shuffle(cases);
  const pairs = pairsOf(systems);
  const pairOf = new Map(drawn.map((id, i) => [id, pairs[i % pairs.length] as readonly string[]]));
  const twice = drawn.slice(0, Math.round(repeat * cases.length));
  return Array.from({ length: readers }, (_, i) => {
    const reader = `reader-${i + 1}`;
    return { reader, items: itemsOf(drawn, twice, pairOf, random.fork(reader)) };
  });
}

function pairsOf(systems: readonly string[]): string[][] {
  if (systems.length < 2) return [[...systems]];
  return systems.flatMap((first, i) => systems.slice(i + 1).map((second) => [first, second]));
}

function itemsOf(
  cases: readonly string[],
  twice: readonly string[],
  pairOf: ReadonlyMap<string, readonly string[]>,
  random: Random,
): PlannedItem[] {
  const again = new Set(twice);
  const once = random.shuffle(cases.filter((id) => !again.has(id)));
  // First showings in the first third, second ones in the last: at least a third of the list lies between.
  const third = Math.max(0, Math.ceil((cases.length + twice.length) / 3) - twice.length);
  const early = random.shuffle([...twice, ...once.slice(0, third)]);
  const late = random.shuffle([...twice, ...once.slice(once.length - third)]);
  const middle = once.slice(third, Math.max(third, once.length - third));
  const order = [...early, ...middle, ...late].filter(firstTwo(again));
  // As many cases with one system on the left as on the right, whatever the draw.
  const flips = random.shuffle(cases.map((_, i) => i % 2 === 0));
  const flipped = new Map(cases.map((id, i) => [id, flips[i] as boolean]));
  const seen = new Set<string>();
  return order.map((id, i) => {
    const repeat = seen.has(id);
    seen.add(id);
    const pair = pairOf.get(id) as readonly string[];
    const sides = pair.length === 2 && flipped.get(id) !== repeat ? pair.toReversed() : pair;
    const slots = Object.fromEntries(sides.map((system, side) => [side === 0 ? 'A' : 'B', system]));
    return { number: i + 1, case: id, repeat, slots };
  });
}

/** Keeps each case once, and twice those that are to come again: thirds overlap where the cases are few. */
function firstTwo(again: ReadonlySet<string>): (id: string) => boolean {
  const count = new Map<string, number>();
  return (id) => {
    const n = (count.get(id) ?? 0) + 1;
    count.set(id, n);
    return n <= (again.has(id) ? 2 : 1);
  };
}
