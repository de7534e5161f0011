/**
 * From a study to tokens: the same words in training and in drafting. Which findings stand in the prompt, which training
 * reports are shown beside them, and what the model has to write.
 */
import { fail, Random } from '@llama-xr/core';
import {
  Calibration,
  type ExemplarImages,
  ExemplarIndex,
  type FindingsSource,
  inputTags,
  type Study,
} from '@llama-xr/dataset';
import {
  encodeExample,
  encodePrompt,
  hasFindings,
  hasSoftTokens,
  POSSIBLE,
  type Prompt,
  promptFor,
  type SoftInput,
  type SoftPrompt,
  softSlots,
  type Tokenizer,
} from '@llama-xr/llama';
import type { Neighbour } from '@llama-xr/metrics';
import { findingTags, labelReport, parseTag, statedFindings, tagFindings } from '@llama-xr/reports';
import {
  drawNear,
  type Example,
  passRandom,
  type Recipe,
  repeated,
  repeatFactors,
  studiesOfPass,
  type TrainingData,
} from '@llama-xr/train';
import type { StudyImages } from './study-images.ts';

export interface DraftingSetup {
  readonly recipe: Recipe;
  readonly tokenizer: Tokenizer;
  /** Where the findings in the prompt come from. */
  readonly findings: FindingsSource;
  /** All studies of the training split: exemplars are taken from these. */
  readonly train: readonly Study[];
  /** What was seen of each study, for fusions by sight. */
  readonly images?: Pick<StudyImages, 'of'> | undefined;
  /** Images that count beside the findings when exemplars are looked for. */
  readonly exemplarImages?: ExemplarImages | undefined;
  /** Drafts that are known to be wrong, by study: for preference tuning. */
  readonly rejected?: ReadonlyMap<string, string>;
}

/** A prompt as the generator takes it. */
export interface DraftPrompt {
  readonly tokens: readonly number[];
  /** What stands for the placeholders among the tokens, where the fusion is by sight. */
  readonly soft?: SoftPrompt;
  /** The same prompt that tells nothing of the study, where drafts are guided. */
  readonly contrast?: Omit<DraftPrompt, 'contrast'>;
}

export class Drafting {
  readonly #setup: DraftingSetup;
  /** Made when it is first asked for: not every recipe shows exemplars. */
  #index: ExemplarIndex | undefined;
  #calibration: Calibration | undefined;

  constructor(setup: DraftingSetup) {
    this.#setup = setup;
  }

  /**
   * The prompts that a study is drafted from, as tokens: one beside each of the best exemplars, in turn.
   * @param seen what the images show, for fusions by sight; of studies of the data set it is known
   */
  prompts(
    study: Study,
    findings: FindingsSource = this.#setup.findings,
    seen: SoftInput | undefined = this.#setup.images?.of(study),
  ): DraftPrompt[] {
    const { recipe, tokenizer } = this.#setup;
    const { exemplars: shown } = recipe;
    const count = shown * recipe.decoding.prompts;
    const best = shown === 0 ? [] : this.#near.nearest(this.#read(study, findings), { count });
    const groups = best.length === 0 ? [[]] : chunks(best, shown);
    const guided = recipe.decoding.guidance !== 1;
    const prompt = (exemplars: readonly Study[], withheld: boolean) => {
      const parts = this.#parts(study, exemplars, { findings, withheld });
      const { tokens, softFrom } = encodePrompt(tokenizer, parts);
      return { tokens, ...softPrompt(study, softFrom, seen, withheld) };
    };
    return groups.map((exemplars) => ({
      ...prompt(exemplars, false),
      ...(guided && { contrast: prompt(exemplars, true) }),
    }));
  }

  /** Reports that stand for choice beside the drafts: those of the nearest training studies. */
  retrieved(study: Study, findings: FindingsSource = this.#setup.findings): string[] {
    const count = this.#setup.recipe.decoding.retrieved;
    if (count === 0) return [];
    return this.#near.nearest(this.#read(study, findings), { count }).map(({ report }) => report);
  }

  /** Whether prompts tell findings: a draft of one that does not can neither be chosen nor judged by them. */
  get tellsFindings(): boolean {
    const { fusion } = this.#setup.recipe;
    return hasFindings(fusion) || fusion === 'scores';
  }

  /** The findings that are known of a study, as tags: what its prompt states, where it states findings. */
  tags(study: Study, findings: FindingsSource = this.#setup.findings): string[] {
    return this.#read(study, findings).tags;
  }

  /** What was written of studies with like findings: these reports judge the drafts. */
  neighbours(study: Study, findings: FindingsSource = this.#setup.findings): Neighbour[] {
    const near = this.#near.neighbourhood(this.#read(study, findings));
    return near.map(({ study: { report }, similarity }) => ({ text: report, weight: similarity ** 2 }));
  }

  /** All passes of a run, and the validation examples. Decided by the recipe's seed alone. */
  trainingData(val: readonly Study[]): TrainingData {
    const { recipe } = this.#setup;
    const passes = Array.from({ length: recipe.passes }, (_, i) => this.#pass(i + 1));
    return { passes, val: val.map((study) => this.#example(study, this.#best(study))) };
  }

  get #near(): ExemplarIndex {
    const { train, findings, exemplarImages } = this.#setup;
    this.#index ??= new ExemplarIndex(
      train.map((study) => this.#read(study, findings)),
      exemplarImages,
    );
    return this.#index;
  }

  /** The study as the prompt sees it: scores calibrated to this site, tags as its findings source has them. */
  #read(study: Study, findings: FindingsSource): Study {
    const { recipe, train } = this.#setup;
    if (!hasFindings(recipe.fusion) || !isScored(findings))
      return { ...study, tags: inputTags(study, findings) };
    this.#calibration ??= new Calibration(train);
    const calibrated = this.#calibration.apply(study);
    return { ...calibrated, tags: inputTags(calibrated, findings, POSSIBLE) };
  }

  #pass(pass: number): Example[] {
    const { recipe, train } = this.#setup;
    const hasFindings = (study: Study) => findingTags(this.tags(study)).length > 0;
    const order = new Random(`${recipe.seed}:studies without findings`);
    const random = passRandom(recipe.seed, pass).fork('exemplars');
    const once = studiesOfPass(train, hasFindings, { pass, share: recipe.normalShare, random: order });
    const visits = passRandom(recipe.seed, pass).fork('visits');
    const dropped = passRandom(recipe.seed, pass).fork('withheld prompts');
    const { findingWeight, promptDropout } = recipe;
    return repeated(once, this.#repeatFactors(once), visits).map((study) =>
      this.#example(study, this.#drawn(study, random), {
        findingWeight,
        withheld: dropped.chance(promptDropout),
      }),
    );
  }

  /** How often a pass visits its studies, by the findings of their prompts among all training studies. */
  #repeatFactors(studies: readonly Study[]): number[] {
    const { recipe, train } = this.#setup;
    if (recipe.rareFindings === 0) return studies.map(() => 1);
    const findings = train.map((study) => findingTags(this.tags(study)).map((tag) => parseTag(tag).head));
    const factors = repeatFactors(findings, recipe.rareFindings);
    const byStudy = new Map(train.map((study, i) => [study, factors[i] as number]));
    return studies.map((study) => byStudy.get(study) ?? 1);
  }

  #best(study: Study): Study[] {
    const { recipe, findings } = this.#setup;
    return recipe.exemplars === 0
      ? []
      : this.#near.nearest(this.#read(study, findings), { count: recipe.exemplars });
  }

  /** Exemplars for training: not always the best ones, and sometimes none. */
  #drawn(study: Study, random: Random): Study[] {
    const { recipe, findings } = this.#setup;
    if (recipe.exemplars === 0 || random.chance(recipe.exemplarDropout)) return [];
    const count = Math.max(recipe.exemplarPool, recipe.exemplars);
    const pool = this.#near.nearest(this.#read(study, findings), { count });
    const drawn: Study[] = [];
    while (drawn.length < recipe.exemplars && pool.length > 0) {
      drawn.push(...pool.splice(drawNear(pool.length, random), 1));
    }
    return drawn;
  }

  /**
   * @param options.findingWeight of the words that state a finding; 1 in val, so that its loss can be compared across recipes.
   * @param options.withheld the prompt tells nothing of the study
   */
  #example(study: Study, exemplars: readonly Study[], { findingWeight = 1, withheld = false } = {}): Example {
    const { tokenizer, recipe } = this.#setup;
    const { maxTokens, loss } = recipe;
    const prompt = this.#parts(study, exemplars, { withheld });
    const emphasis = findingWeight !== 1 && {
      weight: findingWeight,
      spans: findingSpans(study.report, prompt.response.length - study.report.length),
    };
    const { softFrom, ...example } = encodeExample(tokenizer, prompt, {
      maxTokens,
      loss,
      ...(emphasis && { emphasis }),
    });
    return {
      id: study.id,
      ...example,
      ...softPrompt(study, softFrom, this.#setup.images?.of(study), withheld),
      ...(!withheld && this.#rivalry(study, prompt)),
    };
  }

  /** What an example's rivals are found by: findings told and stated, and a draft of the model that states others. */
  #rivalry(study: Study, { response }: Prompt): Pick<Example, 'told' | 'stated' | 'rejected'> {
    const { tokenizer, rejected } = this.#setup;
    const known = { told: inOneWord(tagFindings(this.tags(study))), stated: statedInOneWord(study.report) };
    const draft = rejected?.get(study.id);
    if (draft === undefined || statedInOneWord(draft) === known.stated) return known;
    const lead = response.slice(0, response.length - study.report.length);
    return { ...known, rejected: Int32Array.from([...tokenizer.encode(`${lead}${draft}`), tokenizer.eos]) };
  }

  #parts(
    study: Study,
    exemplars: readonly Study[],
    { findings = this.#setup.findings, withheld = false } = {},
  ): Prompt {
    const { recipe, tokenizer } = this.#setup;
    const { fusion, template, negatives, inputs, visual } = recipe;
    return promptFor(this.#read(study, findings), {
      fusion,
      template,
      negatives,
      ...inputs,
      ...(hasSoftTokens(fusion) && { soft: softSlots(visual).length }),
      withheld,
      tokenizer,
      findingsFrom: isScored(findings) ? 'scores' : 'tags',
      exemplars: exemplars.map((exemplar) => exemplar.report),
    });
  }
}

/** What stands for the placeholders of a prompt; of a study that is withheld nothing was seen. */
function softPrompt(
  { id }: Study,
  from: number | undefined,
  seen: SoftInput | undefined,
  withheld: boolean,
): { soft?: SoftPrompt } {
  if (from === undefined) return {};
  if (seen === undefined) fail('INPUT', `study ${id}: expected the features of its images, got none`);
  const { features, present } = seen;
  if (withheld)
    return {
      soft: { from, features: new Float32Array(features.length), present: new Uint8Array(present.length) },
    };
  return { soft: { from, features, present } };
}

/** Where a response states findings as present or possible; its report begins at character `offset`. */
function findingSpans(report: string, offset: number): { start: number; end: number }[] {
  return labelReport(report)
    .filter(({ polarity }) => polarity !== 'negative')
    .map(({ start, end }) => ({ start: offset + start, end: offset + end }));
}

const inOneWord = (findings: ReadonlySet<string>): string => [...findings].sort().join();

const statedInOneWord = (text: string): string => inOneWord(statedFindings(text, { doubted: true }));

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

const isScored = (findings: FindingsSource): boolean => findings === 'simulated' || findings === 'encoder';
