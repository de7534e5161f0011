/**
 * What there is to read: the heads that tags begin with (`Pleural Effusion`), and for each place behind a head the words
 * that stand there (`left`, `right`, `bilateral`; `small`, `large`). Learned from a training set's own tags.
 */

/** Tags that say there is nothing to read. */
const NOTHING: ReadonlySet<string> = new Set(['normal']);

export interface TagForm {
  readonly head: string;
  /** By place behind the head, the words seen there; '' where some tags end before it. */
  readonly places: readonly (readonly string[])[];
}

/** @param least studies that must have a head: of fewer nothing can be learned */
export function tagForms(tagsOf: readonly (readonly string[])[], least: number): TagForm[] {
  const parsed = tagsOf.map((tags) => tags.map(partsOf));
  const heads = Map.groupBy(parsed.flat(), ([head]) => head as string);
  return [...heads.keys()]
    .filter((head) => !NOTHING.has(head))
    .filter((head) => parsed.filter((tags) => tags.some(([name]) => name === head)).length >= least)
    .sort()
    .map((head) => {
      const tags = heads.get(head) as string[][];
      const places = Math.max(...tags.map((parts) => parts.length - 1));
      return {
        head,
        places: Array.from({ length: places }, (_, i) =>
          [...new Set(tags.map((parts) => parts[i + 1] ?? ''))].sort(),
        ),
      };
    });
}

/** 1 for each study that has a tag with this head (and this word in this place). */
export function targetOf(
  tagsOf: readonly (readonly string[])[],
  head: string,
  word?: { readonly place: number; readonly text: string },
): Float64Array {
  return Float64Array.from(tagsOf, (tags) =>
    tags
      .map(partsOf)
      .some(
        (parts) => parts[0] === head && (word === undefined || (parts[word.place + 1] ?? '') === word.text),
      )
      ? 1
      : 0,
  );
}

const partsOf = (tag: string): string[] => tag.split('/').map((part) => part.trim());
