/** Whether the drafts rest on their input and say what is there: all that is not a score, for one table. */
import { componentsOf, compositeOf } from './clinical/composite.ts';
import { setF1 } from './clinical/graph-f1.ts';
import type { ReportReader } from './clinical/reading.ts';
import type { StatedFindings } from './findings.ts';
import { type CertaintyCalibration, certaintyCalibration } from './grounding/certainty.ts';
import { type ClaimSummary, claimsOf, summariseClaims } from './grounding/claims.ts';
import { type DraftFacts, draftFacts } from './grounding/draft-facts.ts';
import { type MatchedMinusShuffled, matchedMinusShuffled, meanOfPairs } from './grounding/shuffling.ts';
import type { Prediction } from './predictions.ts';

export interface Evidence extends Required<DraftFacts> {
  /** Absent where no line says what the model was told. */
  readonly claims?: ClaimSummary;
  readonly certainty: CertaintyCalibration;
  /** Scores with each draft on its own study against others'; absent with fewer than two studies. */
  readonly shuffling?: Readonly<Record<'finding F1' | 'composite', MatchedMinusShuffled>>;
}

/** Enough that the smallest p is below 0.01, few enough that a score of single pairs stays quick. */
const ROUNDS = 120;

export function evidenceOf(
  predictions: readonly Prediction[],
  stated: StatedFindings,
  read: ReportReader,
  seed: number | string,
): Evidence {
  const cases = predictions.map(({ prediction, references }) => ({ draft: prediction, references }));
  const told = predictions.filter(({ input }) => input !== undefined);
  const claims = told.map(({ prediction, input }) => claimsOf(prediction, input as readonly string[]));
  return {
    ...draftFacts(cases, stated),
    ...(claims.length > 0 && { claims: summariseClaims(claims) }),
    certainty: certaintyCalibration(cases),
    ...(predictions.length > 1 && { shuffling: shufflingOf(predictions, read, seed) }),
  };
}

function shufflingOf(predictions: readonly Prediction[], read: ReportReader, seed: number | string) {
  const studies = predictions.length;
  const at = (i: number) => predictions[i] as Prediction;
  const best = (scores: readonly number[]) => Math.max(...scores);
  const options = { seed, rounds: ROUNDS };
  return {
    'finding F1': matchedMinusShuffled(
      studies,
      meanOfPairs(studies, (draft, study) =>
        best(at(study).references.map((text) => setF1(read(at(draft).prediction).stated, read(text).stated))),
      ),
      options,
    ),
    composite: matchedMinusShuffled(
      studies,
      meanOfPairs(
        studies,
        (draft, study) => compositeOf(componentsOf(at(draft).prediction, at(study).references, read)).score,
      ),
      options,
    ),
  };
}
