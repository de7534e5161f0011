/**
 * Pairs of texts that share most of their three-word shingles: an exact set-similarity join by prefix filtering (Bayardo
 * et al. 2007, "Scaling up all pairs similarity search"). Two sets of Jaccard similarity >= t must share a word of the
 * first |x| - ceil(t |x|) + 1, the rarest ones; only those are indexed.
 */

/** Three-word shingles of a normalised text; a shorter text is one shingle. */
export function shingles(normalised: string): Set<string> {
  const words = normalised.split(' ');
  if (words.length < 3) return new Set([normalised]);
  return new Set(words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`));
}

/** Size of the intersection over size of the union; two empty sets are equal. */
export function jaccard<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): number {
  if (a.size === 0 && b.size === 0) return 1;
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const element of small) if (large.has(element)) shared++;
  return shared / (a.size + b.size - shared);
}

/**
 * For each probe, whether any of the texts has Jaccard similarity >= threshold with it.
 * @param texts, probes normalised; threshold in (0, 1]
 */
export function hasNear(texts: readonly string[], probes: readonly string[], threshold: number): boolean[] {
  const sets = texts.map(shingles);
  const probeSets = probes.map(shingles);
  const rank = rarity([...sets, ...probeSets]);
  const index = new Map<string, number[]>();
  sets.forEach((set, i) => {
    for (const shingle of prefix(set, rank, threshold))
      index.set(shingle, [...(index.get(shingle) ?? []), i]);
  });
  return probeSets.map((probe) => {
    const candidates = new Set(prefix(probe, rank, threshold).flatMap((shingle) => index.get(shingle) ?? []));
    for (const i of candidates) if (jaccard(probe, sets[i] as Set<string>) >= threshold) return true;
    return false;
  });
}

function rarity(sets: readonly ReadonlySet<string>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const set of sets) for (const shingle of set) counts.set(shingle, (counts.get(shingle) ?? 0) + 1);
  return counts;
}

/** The rarest elements, as many as a partner cannot all lack. */
function prefix(set: ReadonlySet<string>, rank: ReadonlyMap<string, number>, threshold: number): string[] {
  const length = set.size - Math.ceil(threshold * set.size) + 1;
  const order = (shingle: string) => rank.get(shingle) ?? 0;
  return [...set].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1)).slice(0, length);
}
