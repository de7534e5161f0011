/** Learning-rate schedules: warm-up, then constant, linear or cosine decay to a floor. */

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
