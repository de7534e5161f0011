/** Answers with the key laid over them: who said what of whose report. */

import type { ReviewKey } from './pack.ts';
import type { ErrorMark, ReportAnswer, ReviewResults, Slot } from './page-data.ts';

/** One reader's word on one report. */
export interface Opinion {
  readonly reader: string;
  readonly case: string;
  readonly system: string;
  /** True for the second showing of a case. */
  readonly repeat: boolean;
  readonly ratings: Readonly<Record<string, number>>;
  readonly radpeer: string | null;
  readonly errors: readonly ErrorMark[];
}

/** One reader's choice between two reports of a case. */
export interface Preference {
  readonly reader: string;
  readonly case: string;
  readonly repeat: boolean;
  /** The two systems in the order of the key. */
  readonly pair: readonly [string, string];
  /** A system, or `equal`. */
  readonly preferred: string;
}

export interface Unblinded {
  readonly systems: readonly string[];
  readonly opinions: readonly Opinion[];
  readonly preferences: readonly Preference[];
  readonly comments: readonly { readonly reader: string; readonly case: string; readonly comment: string }[];
  readonly readers: readonly ReaderProgress[];
}

export interface ReaderProgress {
  readonly reader: string;
  /** Items with anything said of them, and items there are. */
  readonly answered: number;
  readonly items: number;
  readonly seconds: number;
}

/** @param results checked by readResults against the same key */
export function unblind(results: readonly ReviewResults[], key: ReviewKey): Unblinded {
  const opinions: Opinion[] = [];
  const preferences: Preference[] = [];
  const comments: { reader: string; case: string; comment: string }[] = [];
  const readers: ReaderProgress[] = [];
  for (const { reader, items } of results) {
    const planned = new Map(
      key.readers.find((one) => one.reader === reader)?.items.map((i) => [i.number, i]),
    );
    let answered = 0;
    for (const { number, preference, comment, reports } of items) {
      const item = planned.get(number);
      if (item === undefined) continue;
      const told = { reader, case: item.case, repeat: item.repeat };
      const given = reports.filter(hasContent);
      if (given.length > 0 || preference !== null) answered++;
      for (const { slot, ratings, radpeer, errors } of given)
        opinions.push({ ...told, system: item.slots[slot] as string, ratings, radpeer, errors });
      if (preference !== null) preferences.push({ ...told, ...choice(preference, item.slots, key.systems) });
      if (comment.trim() !== '') comments.push({ reader, case: item.case, comment });
    }
    readers.push({
      reader,
      answered,
      items: planned.size,
      seconds: items.reduce((total, item) => total + item.seconds, 0),
    });
  }
  return { systems: key.systems, opinions, preferences, comments, readers };
}

function choice(
  preference: Slot | 'equal',
  slots: Readonly<Partial<Record<Slot, string>>>,
  systems: readonly string[],
): Pick<Preference, 'pair' | 'preferred'> {
  const [first, second] = systems.filter((system) => system === slots.A || system === slots.B);
  const preferred = preference === 'equal' ? 'equal' : (slots[preference] as string);
  return { pair: [first as string, second as string], preferred };
}

/** A reader who left a report alone has not called it free of errors. */
function hasContent({ ratings, radpeer, errors }: ReportAnswer): boolean {
  return Object.keys(ratings).length > 0 || radpeer !== null || errors.length > 0;
}
