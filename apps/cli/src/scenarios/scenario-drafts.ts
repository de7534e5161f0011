/**
 * An adapter's drafts of scenarios, written by the code that drafts any study. The findings of a scenario go in as the tags of its study; a run that is told scores gets the scenario's scores.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, sha256 } from '@llama-xr/core';
import { type Dataset, readStudies } from '@llama-xr/dataset';
import { hasSoftTokens } from '@llama-xr/llama';
import { type JudgedDrafts, judgeDraftsOf, type Scenario, studyOf } from '@llama-xr/safety';
import { RunFolder } from '@llama-xr/train';
import type { ScenarioFlags } from '../commands/scenarios.ts';
import { draftStudies } from '../drafts/draft-studies.ts';
import { openRun } from '../drafts/open-run.ts';
import type { Terminal } from '../terminal.ts';

/** Drafts every scenario with a run's adapter. Those that the run has no input for are left out, and it is said. */
export async function draftScenarios(
  suite: readonly Scenario[],
  flags: ScenarioFlags & { run: string },
  terminal: Terminal,
): Promise<JudgedDrafts> {
  const description = await new RunFolder(flags.run).read();
  const { fusion } = description.recipe;
  if (hasSoftTokens(fusion))
    fail(
      'USAGE',
      `${flags.run}: reads images (fusion ${fusion}), and scenarios tell findings without images`,
      {
        hint: 'Draft the images of --export with llama-xr generate, and judge them with --drafts.',
      },
    );
  const trained = await readStudies(flags.data ?? description.data.path);
  const needsScores = description.recipe.fusion === 'scores' || isScored(trained);
  const asked = needsScores ? suite.filter(({ input }) => input.scores !== undefined) : suite;
  const notices =
    asked.length === suite.length
      ? []
      : [`${suite.length - asked.length} scenarios left out: the run reads scores, and they have none`];
  const dataset = withScenarios(trained, asked);
  await using opened = await openRun(flags, dataset);
  const kept = flags.out === undefined ? mkdtempSync(join(tmpdir(), 'llama-xr-scenarios-')) : flags.out;
  try {
    const out = join(kept, 'drafts.jsonl');
    const drafted = await draftStudies(opened, dataset, { out, split: 'test' }, terminal);
    const { verdicts } = await judgeDraftsOf(out, asked);
    return { verdicts, notices: [...drafted.notices, ...notices] };
  } finally {
    if (flags.out === undefined) rmSync(kept, { recursive: true });
  }
}

const isScored = ({ manifest }: Dataset): boolean =>
  manifest.dataset.findings === 'simulated' || manifest.dataset.findings === 'encoder';

/** The training studies, whose reports are the exemplars, and the scenarios as what is to be drafted. */
function withScenarios(dataset: Dataset, suite: readonly Scenario[]): Dataset {
  const studies = suite.map(studyOf);
  // Drafts that a killed run left are those of these scenarios or of none.
  const outputs = { ...dataset.manifest.outputs, scenarios: sha256(JSON.stringify(studies)) };
  return {
    ...dataset,
    studies: [...dataset.studies.filter(({ split }) => split === 'train'), ...studies],
    manifest: { ...dataset.manifest, outputs },
  };
}
