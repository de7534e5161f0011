/**
 * How fast reports are labelled in one process: the IU X-ray reports, over and over; every round is printed, since the
 * first one also compiles. There is no peer beside it: the CheXpert labeler needs NegBio and a parser that are not to be
 * had from a package registry, so no ratio is claimed.
 *
 *     LLAMA_XR_DATA=data npx node bench/labels.ts [--rounds 8] [--json]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labels, reportGraph, reportText } from '../packages/reports/src/index.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '8' }, json: { type: 'boolean', default: false } },
});

const WORK: Readonly<Record<string, (text: string) => unknown>> = {
  'labels nih14': (text) => labels(text, 'nih14'),
  'labels chexpert14': (text) => labels(text, 'chexpert14'),
  reportGraph,
};

function reports(data: string): string[] {
  const lines = readFileSync(join(data, 'iu-xray/studies.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => reportText(JSON.parse(line) as { findings: string; impression: string }));
}

/** Reports a second, on the clock and of the processor, round by round. */
function measure(
  work: (text: string) => unknown,
  texts: readonly string[],
): { clock: number; processor: number }[] {
  return Array.from({ length: Number(values.rounds) }, () => {
    const [began, used] = [performance.now(), process.cpuUsage()];
    for (const text of texts) work(text);
    const { user, system } = process.cpuUsage(used);
    const rate = (ms: number) => Math.round((1000 * texts.length) / ms);
    return { clock: rate(performance.now() - began), processor: rate((user + system) / 1000) };
  });
}

const data = process.env.LLAMA_XR_DATA;
if (data === undefined) {
  console.log('labels: skipped, needs LLAMA_XR_DATA');
} else {
  const texts = reports(data);
  const results = Object.entries(WORK).map(([name, work]) => ({ name, rounds: measure(work, texts) }));
  if (values.json) console.log(JSON.stringify({ reports: texts.length, results }));
  else {
    console.log(
      `${texts.length} reports, reports a second (nothing to compare with: see the head of this file)`,
    );
    for (const { name, rounds } of results) {
      console.log(`${name.padEnd(18)} ${rounds.map(({ clock }) => String(clock).padStart(6)).join('')}`);
      console.log(
        `${'  of the processor'.padEnd(18)} ${rounds.map((round) => String(round.processor).padStart(6)).join('')}`,
      );
    }
  }
}
