/**
 * Learning rates: warm-up, then constant, linear or cosine decay to a floor; and parts that learn faster than others (LoRA+,
 * Hayou et al., arXiv 2402.12354: B at a multiple of A's rate).
 */
import type { ParameterLayout, ParameterSlot } from '@llama-xr/llama';
import type { RateRange } from './adamw.ts';

export type ScheduleKind = 'constant' | 'linear' | 'cosine';

export interface Schedule {
  readonly kind: ScheduleKind;
  /** The rate at the end of the warm-up. */
  readonly peak: number;
  readonly warmupSteps: number;
  /** The rate never decays below `peak * floor`. */
  readonly floor: number;
  readonly totalSteps: number;
}

/** The rate of a step; steps count from 1. */
export function learningRate(schedule: Schedule, step: number): number {
  const { kind, peak, warmupSteps, floor, totalSteps } = schedule;
  // 1) warm-up: a straight line from peak / warmupSteps to peak
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  // 2) decay: from peak at the end of the warm-up to nothing at the last step
  const left = Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
  const shape = kind === 'constant' ? 1 : kind === 'linear' ? left : 0.5 * (1 - Math.cos(Math.PI * left));
  // 3) the floor
  return peak * Math.max(floor, shape);
}

export interface PartRates {
  /** Of the adapters' factors B. */
  readonly b: number;
  /** Of the projector of image features. */
  readonly projector: number;
}

/** Parts of a layout by the multiple of the rate that they learn at; neighbours with the same multiple are one. */
export function rateRanges(layout: ParameterLayout, rates: PartRates): RateRange[] {
  const ranges: RateRange[] = [];
  for (const slot of layout) {
    const factor = partRate(slot, rates);
    const last = ranges.at(-1);
    const to = slot.offset + slot.length;
    if (last?.factor === factor) ranges[ranges.length - 1] = { ...last, to };
    else ranges.push({ from: slot.offset, to, factor });
  }
  return ranges;
}

/** Slots are named `layers.3.b.q` or `projector.w1`. */
function partRate({ name }: ParameterSlot, { b, projector }: PartRates): number {
  if (name.startsWith('projector.')) return projector;
  return name.split('.').at(-2) === 'b' ? b : 1;
}
