/** Encodes a data set in a process of its own, for the test that kills it: encode-child.ts STUDIES.json OUT */
import { readJson } from '@llama-xr/core';
import { encodeStudies, type StudyToEncode } from '../encode-studies.ts';
import { loadEncoder } from '../encoder.ts';

const [studies, out] = process.argv.slice(2) as [string, string];
await using encoder = await loadEncoder({ randomSeed: 7 }, { threads: 1 });
await encodeStudies((await readJson(studies)) as StudyToEncode[], encoder, out, {
  studiesPerPart: 2,
  progress: ({ done }) => process.stdout.write(`done ${done}\n`),
});
