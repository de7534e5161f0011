/**
 * Template collapse: how varied the drafts are, how many are near copies of one text, how far they lean to the report of a
 * normal chest, and whether rare findings survive. A collapsed model scores well where most studies are normal; these numbers are
 * what its scores hide (the failure is named in arXiv 2605.30984).
 */
import { cleanAlphanumeric } from '../protocols.ts';

export interface Diversity {
  readonly texts: number;
  /** Texts that differ in more than case, spacing and punctuation. */
  readonly distinct: number;
  readonly distinctShare: number;
  /** The text with the most near copies, and how many texts those are (itself and its copies too). */
  readonly largestCluster: { readonly text: string; readonly size: number; readonly share: number };
  /** Mean share of words that two drafts of different studies have in common (Jaccard); 1 of a constant. */
  readonly meanOverlap: number;
}

export interface DiversityOptions {
  /** Word overlap (Jaccard) from which two texts are near copies. Default 0.8. */
  readonly nearCopy?: number;
}

/** Beyond these many distinct texts every second, third ... is compared: cost grows with their square. */
const MOST_COMPARED = 1500;

export function diversity(texts: readonly string[], { nearCopy = 0.8 }: DiversityOptions = {}): Diversity {
  const counted = new Map<string, { text: string; count: number }>();
  for (const text of texts) {
    const key = cleanAlphanumeric(text);
    const known = counted.get(key);
    if (known === undefined) counted.set(key, { text, count: 1 });
    else known.count++;
  }
  const all = [...counted].map(([key, { text, count }]) => ({ text, count, words: new Set(key.split(' ')) }));
  const step = Math.ceil(all.length / MOST_COMPARED);
  const compared = all.filter((_, i) => i % step === 0);
  const total = compared.reduce((sum, { count }) => sum + count, 0);
  const sizes = compared.map(({ count }) => count);
  let overlap = compared.reduce((sum, { count }) => sum + count * (count - 1), 0);
  for (let i = 0; i < compared.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [compared[i] as (typeof all)[0], compared[j] as (typeof all)[0]];
      const common = jaccard(a.words, b.words);
      overlap += 2 * a.count * b.count * common;
      if (common < nearCopy) continue;
      (sizes[i] as number) += b.count;
      (sizes[j] as number) += a.count;
    }
  }
  const largest = sizes.indexOf(Math.max(...sizes));
  const size = sizes[largest] ?? 0;
  return {
    texts: texts.length,
    distinct: counted.size,
    distinctShare: counted.size / texts.length,
    largestCluster: { text: compared[largest]?.text ?? '', size, share: size / total },
    meanOverlap: total < 2 ? Number.NaN : overlap / (total * (total - 1)),
  };
}

/** |A and B| / |A or B|; 1 of two empty sets. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size > b.size) return jaccard(b, a);
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  const union = a.size + b.size - common;
  return union === 0 ? 1 : common / union;
}
