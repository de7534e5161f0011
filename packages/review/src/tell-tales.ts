/** What could tell a reader who wrote a report although the names are hidden: said when a pack is made. */
import type { ReviewCase } from './pack.ts';

const SIGNS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['marks of de-identification (XXXX, ___)', /X{3,}|_{3,}|\[\*\*/],
  ['no capital letter', /^[^A-Z]+$/],
  ['line breaks', /\n/],
  ['numbered sentences', /(?:^|\s)1[.)]\s/],
];

/** Shares of reports that differ by more than this are seen after a few cases. */
const DIFFERENCE = 0.2;
const LENGTH_RATIO = 1.5;

/** Sentences for whoever makes the pack; empty where nothing was found. */
export function tellTales(cases: readonly ReviewCase[]): string[] {
  const systems = Object.keys(cases[0]?.reports ?? {});
  const reportsOf = (system: string) => cases.map(({ reports }) => reports[system] ?? '');
  const signs = SIGNS.flatMap(([name, sign]) => {
    const shares = systems.map((system) => share(reportsOf(system), (text) => sign.test(text)));
    if (Math.max(...shares) - Math.min(...shares) <= DIFFERENCE) return [];
    return `${name}: ${systems.map((system, i) => `${Math.round(100 * (shares[i] as number))} % of ${system}`).join(', ')}`;
  });
  const lengths = systems.map((system) => median(reportsOf(system).map((text) => text.split(/\s+/).length)));
  const uneven = Math.max(...lengths) > LENGTH_RATIO * Math.min(...lengths);
  const length = `length: ${systems.map((system, i) => `${lengths[i]} words in ${system}`).join(', ')} (median)`;
  return [...signs, ...(uneven ? [length] : [])];
}

function share(texts: readonly string[], has: (text: string) => boolean): number {
  return texts.filter(has).length / Math.max(1, texts.length);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
