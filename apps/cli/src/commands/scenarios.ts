/** `llama-xr scenarios`: safety scenarios as a test of an adapter, or of drafts made elsewhere. */
import { fail, startRun } from '@llama-xr/core';
import {
  judgeDraftsOf,
  readSuite,
  renderSuite,
  SEVERITY_LEVELS,
  type SeverityLevel,
  suiteVerdict,
} from '@llama-xr/safety';
import { type Command, Option } from 'commander';
import { count, names } from '../flags.ts';
import { draftScenarios } from '../scenarios/scenario-drafts.ts';
import { exportScenarios, ownScenarios, writeSuite } from '../scenarios/scenario-files.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';

export interface ScenarioFlags extends OutputFlags {
  run?: string;
  base?: string;
  data?: string;
  recipe?: string;
  drafts?: string;
  suite: string[];
  only?: string;
  failOn: SeverityLevel;
  out?: string;
  export?: string;
  list?: boolean;
  threads?: number;
  parallel: number;
}

export function scenarios(root: Command): void {
  root
    .command('scenarios')
    .description(
      'put an adapter to safety scenarios: what must and must not be said of dangerous and tricky studies',
    )
    .option('--run <dir>', 'run folder made by llama-xr train: its adapter drafts each scenario')
    .option('--base <file>', 'base model, where it is not where the run says')
    .option('--data <dir>', "data set the run was trained on, where it isn't where the run says")
    .option('--recipe <file>', "take the decoding from this recipe instead of the run's")
    .option('--drafts <file>', 'judge these drafts instead: one JSON object a line with id and prediction')
    .option('--suite <dir>', 'scenarios of your own, added to ours (may be given again)', append, [])
    .option('--only <ids>', 'some of the scenarios, by id, with commas between')
    .addOption(
      new Option('--fail-on <severity>', 'a failed scenario as grave as this fails the run')
        .choices(SEVERITY_LEVELS)
        .default('critical'),
    )
    .option('--out <dir>', 'writes scenarios.json, scenarios.html, drafts.jsonl and manifest.json there')
    .option(
      '--export <dir>',
      'write the inputs (inputs.jsonl, images of phantoms) for another system, and judge nothing',
    )
    .option('--list', 'tell the scenarios, and judge nothing')
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .option('--parallel <n>', 'drafts written at once', (text) => count('--parallel', text), 16)
    .addHelpText(
      'after',
      `\nThe exit code is 1 where a scenario fails that must not.
Examples:\n  llama-xr scenarios --run run --out safety\n  llama-xr scenarios --drafts drafts.jsonl --suite our-scenarios`,
    )
    .action(run);
}

async function run(flags: ScenarioFlags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const all = await readSuite([ownScenarios(), ...flags.suite]);
  const ids = all.map(({ id }) => id);
  const only = new Set(flags.only === undefined ? ids : names('--only', flags.only, ids));
  const suite = all.filter(({ id }) => only.has(id));
  if (flags.list) {
    const rows = suite.map(({ id, title, severity, why }) => ({ id, title, severity, why }));
    terminal.result(rows, () =>
      rows.map(({ id, title, severity }) => `${severity.padEnd(8)}  ${id}: ${title}`).join('\n'),
    );
    return;
  }
  if (flags.export !== undefined) {
    const exported = await exportScenarios(suite, flags.export, terminal.progress);
    terminal.result(exported, () => `wrote ${exported.inputs} and ${exported.images} images`);
    return;
  }
  if ((flags.run === undefined) === (flags.drafts === undefined))
    fail('USAGE', 'scenarios: expected one of --run, --drafts, --export, --list');
  const { verdicts, notices } =
    flags.drafts === undefined
      ? await draftScenarios(suite, { ...flags, run: flags.run as string }, terminal)
      : await judgeDraftsOf(flags.drafts, suite);
  const result = { ...suiteVerdict(verdicts, flags.failOn), notices };
  if (flags.out !== undefined) await writeSuite(flags.out, result, flags, finish);
  terminal.result(result, () =>
    [...notices.map((notice) => `NOTE: ${notice}`), renderSuite(result)].join('\n'),
  );
  if (!result.passed) process.exitCode = 1;
}

const append = (value: string, earlier: string[]): string[] => [...earlier, value];
