/**
 * Studies with one finding of their input put in or taken out, and nothing else: what a counterfactual draft is written from. The
 * flip is made where the input comes from: among the tags, the expert labels, or the encoder's scores.
 */
import type { Random } from '@llama-xr/core';
import type { FindingsSource, Study } from '@llama-xr/dataset';
import { type Flip, relativesOf } from '@llama-xr/metrics';
import {
  FINDING_OF_LABEL,
  type Finding,
  findingsOfTag,
  findingTags,
  NIH_LABELS,
  tagFindings,
  XRV_LABELS,
} from '@llama-xr/reports';

export interface FlippedStudy {
  readonly finding: Finding;
  readonly flip: Flip;
  readonly input: Study;
}

/** Findings of fewer training studies are not put in: the model had no chance to learn them. */
const FEWEST_STUDIES = 5;

/** A score of a finding put in, or taken out: so many of 100 training studies score lower. */
const HIGH_SHARE = 0.98;
const LOW_SHARE = 0.02;

export class FindingFlipper {
  readonly #source: FindingsSource;
  readonly #train: readonly Study[];
  /** By finding: the training tags that name it and no other finding. */
  readonly #tags: ReadonlyMap<Finding, readonly string[]>;

  constructor(source: FindingsSource, train: readonly Study[]) {
    this.#source = source;
    this.#train = train;
    this.#tags = source === 'mesh' ? soleTags(train) : new Map();
  }

  /**
   * One finding taken out, where the study has one that can be, and one put in, drawn by chance.
   * @param told the findings that the prompt states of the study, as tags
   */
  flips(study: Study, told: readonly string[], random: Random): FlippedStudy[] {
    const has = tagFindings(told);
    const removable = [...has].filter((finding) => this.#without(study, finding) !== undefined);
    const near = new Set([...has].flatMap((finding) => [finding, ...relativesOf(finding)]));
    const addable = this.#known().filter((finding) => !near.has(finding));
    const flips: FlippedStudy[] = [];
    if (removable.length > 0) {
      const finding = random.pick(removable);
      flips.push({ finding, flip: 'removed', input: this.#without(study, finding) as Study });
    }
    if (addable.length > 0) {
      const finding = random.pick(addable);
      const input = this.#with(study, finding, random);
      if (input !== undefined) flips.push({ finding, flip: 'added', input });
    }
    return flips;
  }

  /** The findings that this source can state. */
  #known(): Finding[] {
    if (this.#source === 'mesh') return [...this.#tags.keys()];
    const labels = this.#source === 'labels' ? NIH_LABELS : XRV_LABELS;
    return labels.map((label) => FINDING_OF_LABEL[label]);
  }

  /** undefined where the finding cannot be taken out alone. */
  #without(study: Study, finding: Finding): Study | undefined {
    if (this.#source === 'labels') return withLabel(study, finding, 0);
    if (this.#source !== 'mesh') return this.#withScore(study, finding, LOW_SHARE);
    const naming = study.tags.filter((tag) => findingsOfTag(tag).includes(finding));
    if (naming.length === 0 || naming.some((tag) => findingsOfTag(tag).length > 1)) return undefined;
    const tags = study.tags.filter((tag) => !naming.includes(tag));
    return { ...study, tags: findingTags(tags).length === 0 ? ['normal'] : tags };
  }

  #with(study: Study, finding: Finding, random: Random): Study | undefined {
    if (this.#source === 'labels') return withLabel(study, finding, 1);
    if (this.#source !== 'mesh') return this.#withScore(study, finding, HIGH_SHARE);
    const tag = random.pick(this.#tags.get(finding) ?? [finding]);
    const tags = findingTags(study.tags);
    // Anywhere: a model may read the first or the last tag better than the others.
    return { ...study, tags: tags.toSpliced(random.int(tags.length + 1), 0, tag) };
  }

  /** The finding's score in every view becomes what so many training studies lie below. */
  #withScore(study: Study, finding: Finding, share: number): Study | undefined {
    const { scores } = study;
    const at = XRV_LABELS.findIndex((label) => FINDING_OF_LABEL[label] === finding);
    const known = this.#train
      .flatMap(({ scores: other }) => other?.frontal?.[at] ?? [])
      .sort((a, b) => a - b);
    if (scores === undefined || at < 0 || known.length === 0) return undefined;
    const score = known[Math.floor(share * (known.length - 1))] as number;
    const { frontal, lateral } = scores;
    return {
      ...study,
      scores: {
        ...scores,
        frontal: frontal?.with(at, score) ?? null,
        lateral: lateral?.with(at, score) ?? null,
      },
    };
  }
}

function withLabel(study: Study, finding: Finding, value: 0 | 1): Study | undefined {
  const label = NIH_LABELS.find((name) => FINDING_OF_LABEL[name] === finding);
  return label && study.labels && { ...study, labels: { ...study.labels, [label]: value } };
}

function soleTags(train: readonly Study[]): Map<Finding, string[]> {
  const tags = new Map<Finding, string[]>();
  for (const tag of train.flatMap((study) => findingTags(study.tags))) {
    const [finding, ...others] = findingsOfTag(tag);
    if (finding === undefined || others.length > 0) continue;
    tags.set(finding, [...(tags.get(finding) ?? []), tag]);
  }
  return new Map([...tags].filter(([, list]) => list.length >= FEWEST_STUDIES));
}
