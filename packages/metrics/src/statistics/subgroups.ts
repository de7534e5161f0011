/**
 * A score cut by who the patients are and how they were imaged: the same score for each group, with its interval and its n. An
 * overall score can hide a group on which the drafts are wrong (Seyyed-Kalantari et al., Nature Medicine 2021).
 */
import { type Interval, type ResamplingOptions, scoreInterval } from './bootstrap.ts';
import { everyReport, type Statistic } from './statistic.ts';

/** What a study may tell of itself; any field may be missing. */
export interface StudyTraits {
  readonly views?: readonly { readonly projection: string }[] | undefined;
  readonly sex?: string | undefined;
  /** In years, or as DICOM's PatientAge: `034Y`. */
  readonly age?: number | string | undefined;
  readonly site?: string | undefined;
  readonly abnormal?: boolean | undefined;
  /** Findings of the reference. */
  readonly findings?: Iterable<string> | undefined;
}

/** By the name of a cut, the group or groups that a study belongs to; no entry where it does not say. */
export type GroupsOfStudy = Readonly<Record<string, readonly string[]>>;

export function groupsOf(study: StudyTraits): GroupsOfStudy {
  const { views, sex, age, site, abnormal, findings } = study;
  const band = age === undefined ? undefined : ageBand(age);
  return {
    ...(views && { view: [viewsOf(views.map(({ projection }) => projection))] }),
    ...(sex && { sex: [sexInWords(sex)] }),
    ...(band && { age: [band] }),
    ...(site && { site: [site] }),
    ...(abnormal !== undefined && { condition: [abnormal ? 'abnormal' : 'normal'] }),
    ...(findings && { finding: [...findings] }),
  };
}

function viewsOf(projections: readonly string[]): string {
  const [frontal, lateral] = [projections.includes('frontal'), projections.includes('lateral')];
  if (frontal && lateral) return 'frontal and lateral';
  if (frontal) return 'frontal only';
  return lateral ? 'lateral only' : 'unknown';
}

const SEX_IN_WORDS: Readonly<Record<string, string>> = { f: 'female', m: 'male', o: 'other' };

const sexInWords = (sex: string): string =>
  SEX_IN_WORDS[sex.trim().toLowerCase()] ?? sex.trim().toLowerCase();

/** `under 18`, `18 to 39`, `40 to 59`, `60 to 79`, `80 and above`; undefined for what is no age. */
export function ageBand(age: number | string): string | undefined {
  const years = typeof age === 'number' ? age : yearsOf(age);
  if (years === undefined || !(years >= 0 && years < 150)) return undefined;
  if (years < 18) return 'under 18';
  if (years >= 80) return '80 and above';
  const from = years < 40 ? 18 : years < 60 ? 40 : 60;
  return `${from} to ${from === 18 ? 39 : from + 19}`;
}

/** DICOM PS3.5, value representation AS: three digits and D, W, M or Y. A bare number is in years. */
function yearsOf(age: string): number | undefined {
  const match = /^\s*(\d{1,3})\s*([DWMY]?)\s*$/i.exec(age);
  if (match === null) return undefined;
  const perYear = { D: 365.25, W: 52.18, M: 12, Y: 1 }[(match[2] || 'Y').toUpperCase()] as number;
  return Number(match[1]) / perYear;
}

/** Below so many reports an interval is wide and its ends are rough: the group is said to be small. */
export const SMALL_GROUP = 30;

export interface Subgroup {
  /** The cut, such as `view`. */
  readonly by: string;
  /** The group, such as `frontal only`. */
  readonly group: string;
  readonly n: number;
  /** Of the studies that say where they belong in this cut. */
  readonly share: number;
  readonly small: boolean;
  readonly score: Interval;
  /** `small group: 7 studies`; absent where there is nothing to say. */
  readonly note?: string;
}

/**
 * The score in every group of every cut, the largest groups first.
 * @param statistic the score of the studies at given indices, in the order of `studies`
 */
export function subgroups(
  studies: readonly GroupsOfStudy[],
  statistic: Statistic,
  options: ResamplingOptions = {},
): Subgroup[] {
  const members = new Map<string, Map<string, number[]>>();
  const known = new Map<string, number>();
  studies.forEach((groups, i) => {
    for (const [by, names] of Object.entries(groups)) {
      known.set(by, (known.get(by) ?? 0) + 1);
      const cut = members.get(by) ?? new Map<string, number[]>();
      members.set(by, cut);
      for (const name of new Set(names)) cut.set(name, [...(cut.get(name) ?? []), i]);
    }
  });
  return [...members].flatMap(([by, cut]) =>
    [...cut]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([group, indices]) => subgroup(by, group, indices, known.get(by) as number, statistic, options)),
  );
}

function subgroup(
  by: string,
  group: string,
  indices: readonly number[],
  known: number,
  statistic: Statistic,
  options: ResamplingOptions,
): Subgroup {
  const n = indices.length;
  const ofGroup: Statistic = (sample) =>
    statistic(Int32Array.from(sample, (position) => indices[position] as number));
  const score =
    n === 1
      ? {
          estimate: ofGroup(everyReport(1)),
          low: Number.NaN,
          high: Number.NaN,
          level: options.level ?? 0.95,
          n,
        }
      : scoreInterval(n, ofGroup, options);
  const small = n < SMALL_GROUP;
  return {
    by,
    group,
    n,
    share: n / known,
    small,
    score,
    ...(small && { note: `small group: ${n} ${n === 1 ? 'study' : 'studies'}` }),
  };
}
