/**
 * How far the readers agree with one another, and with themselves on the cases that came twice. A scale on which readers do
 * not agree cannot tell systems apart, whatever its means say.
 */
import {
  cohenKappa,
  fleissKappa,
  type Interval,
  krippendorffAlpha,
  type MeasurementLevel,
  type ResamplingOptions,
  weightedKappa,
} from '@llama-xr/metrics';
import { intervalOverCases } from './over-cases.ts';
import { RADPEER_GRADES, RATINGS } from './scales.ts';
import type { Opinion, Preference, Unblinded } from './unblind.ts';

/** A judgement as a number that scales can be taken of: one reader, one unit (a report, or a pair of reports). */
interface Judgement {
  readonly reader: string;
  readonly case: string;
  readonly unit: string;
  readonly value: number;
}

export interface Agreement {
  /** `Accuracy`, `RADPEER`, `significant error`, `preference`. */
  readonly scale: string;
  readonly level: MeasurementLevel;
  /** Units that at least two readers judged. */
  readonly units: number;
  /** Krippendorff's alpha at the scale's own level, ordinal or nominal; the interval draws cases. */
  readonly alpha: Interval;
  readonly alphaNominal: number;
  /** NaN for nominal scales. */
  readonly alphaOrdinal: number;
  readonly alphaInterval: number;
  /** Mean of Cohen's kappa over the pairs of readers: quadratic weights on ordered scales. */
  readonly meanKappa: number;
  /** Over the units that all readers judged. */
  readonly fleissKappa: number;
}

export interface SelfAgreement {
  readonly scale: string;
  readonly reader: string;
  /** Judgements that the reader gave twice. */
  readonly units: number;
  /** Share of them that came out the same. */
  readonly same: number;
  readonly kappa: number;
}

interface Scale {
  readonly name: string;
  readonly level: 'nominal' | 'ordinal';
  readonly of: (data: Unblinded, repeat: boolean) => Judgement[];
}

const SCALES: readonly Scale[] = [
  ...RATINGS.map(
    ({ id, name }): Scale => ({ name, level: 'ordinal', of: opinionScale((o) => o.ratings[id]) }),
  ),
  { name: 'RADPEER', level: 'ordinal', of: opinionScale(radpeerRank) },
  {
    name: 'significant error',
    level: 'nominal',
    of: opinionScale((o) => Number(o.errors.some((e) => e.significant))),
  },
  { name: 'preference', level: 'nominal', of: preferenceScale },
];

/** Agreement between the readers, first showings alone. Scales that fewer than two readers used are left out. */
export function agreementBetween(data: Unblinded, options: ResamplingOptions = {}): Agreement[] {
  return SCALES.flatMap(({ name, level, of }) => {
    const units = Map.groupBy(of(data, false), ({ unit }) => unit);
    const shared = [...units.values()].filter((judgements) => judgements.length > 1);
    if (shared.length === 0) return [];
    const values = (units: typeof shared) => units.map((judgements) => judgements.map(({ value }) => value));
    const alpha = (as: MeasurementLevel) =>
      level === 'nominal' && as !== 'nominal' ? Number.NaN : krippendorffAlpha(values(shared), as);
    const cases = [...Map.groupBy(shared, ([first]) => first?.case).values()];
    return {
      scale: name,
      level,
      units: shared.length,
      alpha: intervalOverCases(cases, (sample) => krippendorffAlpha(values(sample.flat()), level), options),
      alphaNominal: alpha('nominal'),
      alphaOrdinal: alpha('ordinal'),
      alphaInterval: alpha('interval'),
      meanKappa: meanPairKappa(shared, level),
      fleissKappa: fleiss(shared),
    };
  });
}

/** Agreement of each reader with themselves. */
export function agreementWithin(data: Unblinded): SelfAgreement[] {
  return SCALES.flatMap(({ name, level, of }) => {
    const first = Map.groupBy(of(data, false), ({ reader }) => reader);
    const second = Map.groupBy(of(data, true), ({ reader }) => reader);
    return [...second].flatMap(([reader, again]) => {
      const before = new Map((first.get(reader) ?? []).map(({ unit, value }) => [unit, value]));
      const twice = again.flatMap(({ unit, value }) => {
        const earlier = before.get(unit);
        return earlier === undefined ? [] : [[earlier, value] as const];
      });
      if (twice.length === 0) return [];
      return {
        scale: name,
        reader,
        units: twice.length,
        same: twice.filter(([a, b]) => a === b).length / twice.length,
        kappa: kappaOf(twice, level),
      };
    });
  });
}

function opinionScale(value: (opinion: Opinion) => number | undefined): Scale['of'] {
  return ({ opinions }, repeat) =>
    opinions.flatMap((opinion) => {
      const number = opinion.repeat === repeat ? value(opinion) : undefined;
      const unit = JSON.stringify([opinion.case, opinion.system]);
      return number === undefined
        ? []
        : [{ reader: opinion.reader, case: opinion.case, unit, value: number }];
    });
}

function radpeerRank({ radpeer }: Opinion): number | undefined {
  const grades: readonly (string | null)[] = RADPEER_GRADES;
  const rank = grades.indexOf(radpeer);
  return rank < 0 ? undefined : rank;
}

function preferenceScale({ preferences }: Unblinded, repeat: boolean): Judgement[] {
  return preferences
    .filter((preference) => preference.repeat === repeat)
    .map(({ reader, case: id, pair, preferred }) => ({
      reader,
      case: id,
      unit: id,
      value: sideOf(pair, preferred),
    }));
}

const sideOf = (pair: Preference['pair'], preferred: string): number =>
  preferred === 'equal' ? 0 : preferred === pair[0] ? 1 : 2;

/** The mean over those pairs of readers that have a kappa. */
function meanPairKappa(units: readonly (readonly Judgement[])[], level: Scale['level']): number {
  const readers = [...new Set(units.flat().map(({ reader }) => reader))];
  const kappas = readers.flatMap((first, i) =>
    readers.slice(i + 1).map((second) => {
      const both = units.flatMap((judgements) => {
        const [a, b] = [first, second].map((name) => judgements.find(({ reader }) => reader === name)?.value);
        return a === undefined || b === undefined ? [] : [[a, b] as const];
      });
      return both.length === 0 ? Number.NaN : kappaOf(both, level);
    }),
  );
  const known = kappas.filter((kappa) => !Number.isNaN(kappa));
  return known.reduce((total, kappa) => total + kappa, 0) / known.length;
}

function kappaOf(pairs: readonly (readonly [number, number])[], level: Scale['level']): number {
  const [first, second] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  if (level === 'nominal') return cohenKappa(first, second).kappa;
  const all = [...first, ...second];
  // Every step between the ends counts, whether it was used or not.
  const low = Math.min(...all);
  const categories = Array.from({ length: Math.max(...all) - low + 1 }, (_, i) => low + i);
  return weightedKappa(first, second, { categories }).kappa;
}

function fleiss(units: readonly (readonly Judgement[])[]): number {
  const readers = Math.max(...units.map((judgements) => judgements.length));
  const complete = units.filter((judgements) => judgements.length === readers);
  const values = [...new Set(complete.flat().map(({ value }) => value))];
  return fleissKappa(
    complete.map((judgements) => values.map((value) => judgements.filter((j) => j.value === value).length)),
  );
}
