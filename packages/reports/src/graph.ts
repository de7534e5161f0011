/**
 * A report as a graph of entities and relations, in the sense of RadGraph (Jain et al., NeurIPS Datasets 2021):
 * observations that are definitely present, absent or uncertain, anatomy, and the relations `located_at`, `modify` and
 * `suggestive_of`. Made by our own rules from the phrases the labeler knows, not by RadGraph's model, so it knows a
 * closed vocabulary: words outside it are no entities. Entities are phrases, where RadGraph's are mostly single words.
 */
import { type GraphEntity, type Node, nodesOf } from './graph-entities.ts';
import { looksOf } from './looks.ts';
import { PhraseBook } from './phrase-book.ts';
import type { Phrase } from './phrases.ts';
import { neighbours } from './qualifiers.ts';
import { readSentences } from './reading.ts';
import type { Sentence } from './scope.ts';

export type { GraphEntity } from './graph-entities.ts';

/** From and to are places in the list of entities. */
export interface GraphRelation {
  readonly from: number;
  readonly to: number;
  readonly kind: 'located_at' | 'modify' | 'suggestive_of';
}

export interface ReportGraph {
  readonly entities: readonly GraphEntity[];
  readonly relations: readonly GraphRelation[];
}

/** Entities in the order of the text; relations by their first entity, each once. */
export function reportGraph(text: string): ReportGraph {
  const entities: GraphEntity[] = [];
  const relations: GraphRelation[] = [];
  let before: readonly Numbered[] = [];
  for (const sentence of readSentences(text)) {
    if (sentence.phrases.length === 0) continue;
    const first = entities.length;
    const nodes = nodesOf(text, sentence).map((node, i) => ({ ...node, number: first + i }));
    entities.push(...nodes.map(({ entity }) => entity));
    const links = new SentenceLinks(sentence, nodes);
    relations.push(...links.all(), ...suggestions(sentence, nodes, before));
    if (nodes.some(({ role }) => role === 'head')) before = nodes;
  }
  return { entities, relations: inOrder(relations) };
}

type Numbered = Node & { readonly number: number };

/** Relations within a sentence that the phrases around each observation give. */
class SentenceLinks {
  readonly #sentence: Sentence;
  readonly #nodes: readonly Numbered[];
  readonly #byPhrase = new Map<Phrase, Numbered[]>();
  readonly #relations: GraphRelation[] = [];
  /** Sides that belong to a part, modifiers that belong to a head. */
  readonly #attached = new Set<number>();

  constructor(sentence: Sentence, nodes: readonly Numbered[]) {
    this.#sentence = sentence;
    this.#nodes = nodes;
    for (const node of nodes)
      this.#byPhrase.set(node.phrase, [...(this.#byPhrase.get(node.phrase) ?? []), node]);
  }

  all(): GraphRelation[] {
    this.#sidesOfParts();
    this.#looks();
    const heads = this.#nodes.filter(({ role }) => role === 'head');
    for (const head of heads) this.#own(head);
    // What stands before an observation is its own rather than what follows the one before it.
    for (const step of [-1, 1] as const) for (const head of heads) this.#around(head, step);
    return this.#relations;
  }

  #add(from: Numbered, to: Numbered, kind: GraphRelation['kind']): void {
    if (from.number !== to.number) this.#relations.push({ from: from.number, to: to.number, kind });
  }

  /** `right lower lobe`, `left and right apex`: a side just before a part modifies it. */
  #sidesOfParts(): void {
    for (const [i, node] of this.#nodes.entries()) {
      const part = this.#nodes[i + 1];
      if (node.role !== 'anatomy' || part?.role !== 'anatomy' || part.from - node.to > 1) continue;
      if (node.phrase.meaning.side === undefined || node.phrase.meaning.part !== undefined) continue;
      if (part.phrase.meaning.side !== undefined) continue;
      const between = this.#sentence.words[node.to];
      if (part.from > node.to && between !== 'and') continue;
      this.#add(node, part, 'modify');
      this.#attached.add(node.number);
    }
  }

  /** A look is located at its parts. */
  #looks(): void {
    for (const { look, parts } of looksOf(this.#sentence)) {
      const head = this.#byPhrase.get(look)?.find(({ role }) => role === 'head');
      for (const part of parts) {
        for (const node of this.#byPhrase.get(part) ?? []) {
          if (head === undefined || node.role !== 'anatomy') continue;
          this.#add(head, node, 'located_at');
          this.#attached.add(node.number);
        }
      }
    }
  }

  /** The anatomy in an observation's own name. */
  #own(head: Numbered): void {
    for (const own of this.#byPhrase.get(head.phrase) ?? []) {
      if (own.role === 'anatomy') this.#add(head, own, 'located_at');
    }
  }

  /** What qualifies an observation, and where it is. */
  #around(head: Numbered, step: -1 | 1): void {
    for (const phrase of neighbours(this.#sentence, head.phrase, step)) {
      for (const near of this.#byPhrase.get(phrase) ?? []) this.#tie(head, near);
    }
  }

  #tie(head: Numbered, near: Numbered): void {
    if (near.role === 'head' || this.#attached.has(near.number)) return;
    if (near.role === 'modifier') {
      this.#attached.add(near.number);
      this.#add(near, head, 'modify');
    } else if (!this.#belongsBefore(near, head)) {
      this.#add(head, near, 'located_at');
    }
  }

  /** `opacity in the lower lobe, possibly edema`: beyond a doubt, a place is that of the observation before it. */
  #belongsBefore(place: Numbered, head: Numbered): boolean {
    const doubted = this.#sentence.phrases.some(
      ({ start, end, meaning }) => DOUBTS.has(meaning.cue ?? '') && start >= place.to && end <= head.from,
    );
    return doubted && this.#nodes.some(({ role, to }) => role === 'head' && to <= place.from);
  }
}

const DOUBTS: ReadonlySet<string> = new Set(['doubt', 'likely', 'probable']);

/** Words by which one observation is explained by another: `opacity suggestive of pneumonia`. */
const LINKS = new PhraseBook<true>(() => true);
for (const pattern of [
  '(suggest|suggests|suggesting|suggestive of|indicate|indicates|indicating|indicative of)',
  '(consistent|compatible|in keeping) with',
  '(concerning|suspicious|worrisome) for',
  '(represent|represents|representing|reflect|reflects|reflecting)',
  '(due|secondary|related|attributable) to',
  '(may|could|might|can) [also] (be|represent|reflect|indicate|suggest) [due to|secondary to|related to]',
  'favored [to be|to represent]',
]) {
  LINKS.add(pattern, true);
}

/**
 * What stands nearest before the words is suggestive of each observation behind them. Where a sentence has none before
 * (`This may represent edema`), the last one of the sentence before it is meant.
 */
function suggestions(
  sentence: Sentence,
  nodes: readonly Numbered[],
  before: readonly Numbered[],
): GraphRelation[] {
  const relations: GraphRelation[] = [];
  const links = LINKS.find(sentence.words);
  for (const [i, { start, end }] of links.entries()) {
    const stop = links[i + 1]?.start ?? sentence.words.length;
    const source = nodes.findLast(isClue(0, start)) ?? before.findLast(isClue(0, Number.POSITIVE_INFINITY));
    if (source === undefined) continue;
    for (const target of nodes.filter(isClue(end, stop))) {
      relations.push({ from: source.number, to: target.number, kind: 'suggestive_of' });
    }
  }
  return relations;
}

/** Abnormal observations among words [from, to). */
function isClue(from: number, to: number): (node: Numbered) => boolean {
  return ({ role, phrase, from: start, to: end }) =>
    role === 'head' && start >= from && end <= to && !FINE.has(phrase.meaning.look ?? '');
}

const FINE: ReadonlySet<string> = new Set(['normal', 'clear', 'upper normal']);

function inOrder(relations: readonly GraphRelation[]): GraphRelation[] {
  const known = new Map<string, GraphRelation>();
  for (const relation of relations) known.set(`${relation.from} ${relation.to} ${relation.kind}`, relation);
  return [...known.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}
