/**
 * F1 of entities and relations, in the manner of RadGraph: simple, partial and complete as the rewards of Delbrouck et
 * al. (Findings of EMNLP 2022) define them, and the mean of entity and relation F1 of Yu et al. (Patterns, 2023). The graph comes
 * from our own rules or from a RadGraph model; values from different graphs cannot be compared.
 *
 * Unlike theirs, two empty graphs agree (1, not 0): nothing to say, nothing said.
 */

export interface GraphEntity {
  readonly text: string;
  readonly kind: string;
  readonly certainty: string;
}

export interface GraphRelation {
  /** Indices of entities. */
  readonly from: number;
  readonly to: number;
  readonly kind: string;
}

export interface ReportGraph {
  readonly entities: readonly GraphEntity[];
  readonly relations: readonly GraphRelation[];
}

export interface GraphF1 {
  /** Entities alone: words, kind and certainty. */
  readonly simple: number;
  /** Entities, and whether anything leads from them. */
  readonly partial: number;
  /** Entities without relations, and relations with both their ends. */
  readonly complete: number;
  /** Mean of the F1 of entities and the F1 of relations; of entities alone where neither graph has a relation. */
  readonly entityRelation: number;
}

/** Of several references the one that agrees most, score by score. */
export function graphF1(draft: ReportGraph, references: readonly ReportGraph[]): GraphF1 {
  const ours = itemsOf(draft);
  const scores = references.map((reference) => scoresOf(ours, itemsOf(reference)));
  const best = (name: keyof GraphF1) => Math.max(...scores.map((score) => score[name]));
  return {
    simple: best('simple'),
    partial: best('partial'),
    complete: best('complete'),
    entityRelation: best('entityRelation'),
  };
}

interface GraphItems {
  readonly entities: ReadonlySet<string>;
  readonly partial: ReadonlySet<string>;
  readonly complete: ReadonlySet<string>;
  readonly relations: ReadonlySet<string>;
}

/** Graphs come again (one reference, many systems): each is read once. */
const read = new WeakMap<ReportGraph, GraphItems>();

function itemsOf(graph: ReportGraph): GraphItems {
  const known = read.get(graph);
  if (known !== undefined) return known;
  const names = graph.entities.map(
    ({ text, kind, certainty }) => `${text.toLowerCase().replace(/\s+/g, ' ')}|${kind}|${certainty}`,
  );
  const leads = new Set(graph.relations.map(({ from }) => from));
  const relations = graph.relations.map(({ from, to, kind }) => `${names[from]} ${kind} ${names[to]}`);
  const items = {
    entities: new Set(names),
    partial: new Set(names.map((name, i) => (leads.has(i) ? `${name}|leads` : name))),
    complete: new Set([...names.filter((_, i) => !leads.has(i)), ...relations]),
    relations: new Set(relations),
  };
  read.set(graph, items);
  return items;
}

function scoresOf(draft: GraphItems, reference: GraphItems): GraphF1 {
  const simple = setF1(draft.entities, reference.entities);
  const related = draft.relations.size + reference.relations.size > 0;
  return {
    simple,
    partial: setF1(draft.partial, reference.partial),
    complete: setF1(draft.complete, reference.complete),
    entityRelation: related ? (simple + setF1(draft.relations, reference.relations)) / 2 : simple,
  };
}

/** 2 common / (both sizes); 1 of two empty sets. */
export function setF1(ours: ReadonlySet<string>, truth: ReadonlySet<string>): number {
  if (ours.size + truth.size === 0) return 1;
  let common = 0;
  for (const item of ours) if (truth.has(item)) common++;
  return (2 * common) / (ours.size + truth.size);
}
