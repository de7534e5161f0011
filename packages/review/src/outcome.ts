/**
 * What the readers found: ratings, errors and grades of each system, preferences between systems, and the cases that divide
 * the readers. Intervals draw whole cases, since readers of one case are not independent; first showings alone count.
 */
import { type Interval, type ResamplingOptions, shareInterval } from '@llama-xr/metrics';
import { type Agreement, agreementBetween, agreementWithin, type SelfAgreement } from './agreement.ts';
import { type CasePart, ratioOverCases } from './over-cases.ts';
import { ERROR_CLASS_IDS, type ErrorClassId, RADPEER_GRADES, RATING_IDS, type RatingId } from './scales.ts';
import type { Opinion, Preference, Unblinded } from './unblind.ts';

export interface SystemOutcome {
  readonly system: string;
  /** Opinions, of all readers together. */
  readonly opinions: number;
  readonly ratings: Readonly<Record<RatingId, Interval>>;
  /** Errors a report. */
  readonly errors: Interval;
  readonly significantErrors: Interval;
  readonly errorsByClass: Readonly<
    Record<ErrorClassId, { readonly all: number; readonly significant: number }>
  >;
  /** Opinions with each grade. */
  readonly radpeer: Readonly<Record<string, number>>;
  /** Share of the opinions that grade a miss likely to matter (2b, 3b, 4b). */
  readonly gravelyWrong: Interval;
}

export interface PairOutcome {
  readonly pair: readonly [string, string];
  readonly firstPreferred: number;
  readonly secondPreferred: number;
  readonly equal: number;
  /** Share of the choices between the two that fell on the first; cases drawn. */
  readonly share: Interval;
  /** Share of the cases in which most readers prefer the first, of those with a majority; Wilson. */
  readonly majority: Interval;
  readonly casesWithMajority: number;
}

export interface DividingCase {
  readonly case: string;
  /** Where the spread is: a system, or the pair that is compared. */
  readonly about: string;
  /** Largest difference of two readers' ratings of one scale, 0 to 4; for a preference 4 if they chose opposite sides. */
  readonly spread: number;
  readonly words: string;
}

export interface ReviewOutcome {
  readonly systems: readonly SystemOutcome[];
  readonly preferences: readonly PairOutcome[];
  readonly between: readonly Agreement[];
  readonly within: readonly SelfAgreement[];
  readonly dividing: readonly DividingCase[];
  readonly readers: Unblinded['readers'];
  readonly comments: Unblinded['comments'];
}

export function reviewOutcome(data: Unblinded, options: ResamplingOptions = {}): ReviewOutcome {
  const first = data.opinions.filter(({ repeat }) => !repeat);
  const chosen = data.preferences.filter(({ repeat }) => !repeat);
  const pairs = Map.groupBy(chosen, ({ pair }) => JSON.stringify(pair));
  return {
    systems: data.systems.map((system) =>
      systemOutcome(
        system,
        first.filter((opinion) => opinion.system === system),
        options,
      ),
    ),
    preferences: [...pairs.values()].map((choices) => pairOutcome(choices, options)),
    between: agreementBetween(data, options),
    within: agreementWithin(data),
    dividing: dividingCases(first, chosen),
    readers: data.readers,
    comments: data.comments,
  };
}

function systemOutcome(
  system: string,
  opinions: readonly Opinion[],
  options: ResamplingOptions,
): SystemOutcome {
  const cases = [...Map.groupBy(opinions, (opinion) => opinion.case).values()];
  const meanOf = (value: (opinion: Opinion) => number | undefined): Interval =>
    ratioOverCases(
      cases.map((one) => totalOf(one.map(value))),
      options,
    );
  const ratings = Object.fromEntries(
    RATING_IDS.map((id) => [id, meanOf((opinion) => opinion.ratings[id])]),
  ) as Record<RatingId, Interval>;
  const marks = opinions.flatMap(({ errors }) => errors);
  const errorsByClass = Object.fromEntries(
    ERROR_CLASS_IDS.map((id) => {
      const all = marks.filter(({ errorClass }) => errorClass === id);
      return [id, { all: all.length, significant: all.filter(({ significant }) => significant).length }];
    }),
  ) as SystemOutcome['errorsByClass'];
  return {
    system,
    opinions: opinions.length,
    ratings,
    errors: meanOf(({ errors }) => errors.length),
    significantErrors: meanOf(({ errors }) => errors.filter(({ significant }) => significant).length),
    errorsByClass,
    radpeer: Object.fromEntries(
      RADPEER_GRADES.map((grade) => [grade, opinions.filter(({ radpeer }) => radpeer === grade).length]),
    ),
    gravelyWrong: meanOf(({ radpeer }) => (radpeer === null ? undefined : Number(radpeer.endsWith('b')))),
  };
}

function pairOutcome(choices: readonly Preference[], options: ResamplingOptions): PairOutcome {
  const { pair } = choices[0] as Preference;
  const cases = [...Map.groupBy(choices, (choice) => choice.case).values()];
  const parts = cases.map((one) => ({ sum: count(one, pair[0]), of: one.length - count(one, 'equal') }));
  const leads = cases.map((one) => count(one, pair[0]) - count(one, pair[1])).filter((lead) => lead !== 0);
  return {
    pair,
    firstPreferred: count(choices, pair[0]),
    secondPreferred: count(choices, pair[1]),
    equal: count(choices, 'equal'),
    share: ratioOverCases(parts, options),
    majority: shareInterval(leads.filter((lead) => lead > 0).length, leads.length),
    casesWithMajority: leads.length,
  };
}

const count = (choices: readonly Preference[], preferred: string): number =>
  choices.filter((choice) => choice.preferred === preferred).length;

const DIVIDING_CASES = 20;
/** Ratings of 1 to 5: readers this far apart saw different things. */
const DIVIDES_FROM = 2;

function dividingCases(opinions: readonly Opinion[], choices: readonly Preference[]): DividingCase[] {
  const divided: DividingCase[] = [];
  for (const group of Map.groupBy(opinions, ({ case: id, system }) =>
    JSON.stringify([id, system]),
  ).values()) {
    const { case: id, system } = group[0] as Opinion;
    for (const rating of RATING_IDS) {
      const values = group.flatMap(({ ratings }) => ratings[rating] ?? []);
      const spread = Math.max(...values) - Math.min(...values);
      if (spread >= DIVIDES_FROM)
        divided.push({
          case: id,
          about: system,
          spread,
          words: `${rating} from ${Math.min(...values)} to ${Math.max(...values)}`,
        });
    }
  }
  for (const group of Map.groupBy(choices, (choice) => choice.case).values()) {
    const { case: id, pair } = group[0] as Preference;
    const [first, second] = [count(group, pair[0]), count(group, pair[1])];
    if (first > 0 && second > 0)
      divided.push({
        case: id,
        about: pair.join(' / '),
        spread: 4,
        words: `preferred ${first} to ${second}`,
      });
  }
  return divided.sort((a, b) => b.spread - a.spread).slice(0, DIVIDING_CASES);
}

/** What is known of the values, summed. */
function totalOf(values: readonly (number | undefined)[]): CasePart {
  const known = values.filter((value) => value !== undefined);
  return { sum: known.reduce((total, value) => total + value, 0), of: known.length };
}
