/** Whether drafts rest on their input: shuffling, claims, collapse, counterfactuals, certainty. */
export * from './certainty.ts';
export * from './claims.ts';
export * from './collapse.ts';
export * from './counterfactual.ts';
export * from './diversity.ts';
export * from './draft-facts.ts';
export * from './shuffling.ts';
