/**
 * Finds the weights of the composite score again, on the training split of a data set made by `llama-xr prepare`, and tries them on
 * half of the training patients that they were not fitted on and on the validation split.
 *
 * Usage: npx node scripts/derive-composite.ts DATA_FOLDER
 */
import { fail } from '@llama-xr/core';
import { readStudies, type Study } from '@llama-xr/dataset';
import { fitComposite, knownErrorPairs, measurePairs, reportReader, tryComposite } from '@llama-xr/metrics';

const folder = process.argv[2] ?? fail('USAGE', 'derive-composite: expected a data set folder');
const { studies } = await readStudies(folder);
const read = reportReader();
const reportsOf = (chosen: readonly Study[]) => chosen.map(({ report, tags }) => ({ text: report, tags }));
const train = studies.filter(({ split }) => split === 'train');
const patients = [...new Set(train.map(({ patient }) => patient))];
const fitted = new Set(patients.filter((_, i) => i % 2 === 0));

const fitReports = reportsOf(train.filter(({ patient }) => fitted.has(patient)));
const SEEDS = [1, 2, 3];
const pairsOf = (reports: typeof fitReports, errors: 'exchanged' | 'spoilt') =>
  measurePairs(
    SEEDS.flatMap((seed) => knownErrorPairs(reports, { seed, errors })),
    read,
  );
const fitPairs = pairsOf(fitReports, 'exchanged');
const weights = fitComposite(fitPairs);
const heldOut = reportsOf(train.filter(({ patient }) => !fitted.has(patient)));
const validation = reportsOf(studies.filter(({ split }) => split === 'val'));
const trial = (name: string, reports: typeof heldOut, errors: 'exchanged' | 'spoilt') => {
  return { name, errors, ...tryComposite(pairsOf(reports, errors), weights) };
};
const result = {
  pairs: fitPairs.length,
  weights,
  trials: [
    trial('held-out training patients', heldOut, 'exchanged'),
    trial('held-out training patients', heldOut, 'spoilt'),
    trial('validation', validation, 'exchanged'),
    trial('validation', validation, 'spoilt'),
  ],
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
