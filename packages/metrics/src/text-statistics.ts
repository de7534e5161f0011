/** How varied the drafts are: a model that has collapsed to a template shows here before it shows in any score. */
import { splitWhitespace } from './text/tokens.ts';

export interface TextStatistics {
  readonly texts: number;
  readonly distinct: number;
  /** Share of the most common text, in (0, 1]. */
  readonly mostCommonShare: number;
  readonly mostCommon: string;
  /** In words, split at whitespace. */
  readonly meanWords: number;
}

/** Texts count as the same when only case and spacing differ. */
export function textStatistics(texts: readonly string[]): TextStatistics {
  const counts = new Map<string, { text: string; count: number }>();
  let words = 0;
  for (const text of texts) {
    const split = splitWhitespace(text);
    words += split.length;
    const key = split.join(' ').toLowerCase();
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { text, count: 1 });
    else known.count++;
  }
  const most = [...counts.values()].reduce((best, next) => (next.count > best.count ? next : best), {
    text: '',
    count: 0,
  });
  return {
    texts: texts.length,
    distinct: counts.size,
    mostCommonShare: most.count / texts.length,
    mostCommon: most.text,
    meanWords: words / texts.length,
  };
}
