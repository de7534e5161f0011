/** Text models that a user supplies for scoring: encoders for BERTScore, CheXbert, and what RadGraph-XL has written. */
export { Chexbert, type ChexbertLabels, CONDITIONS, openChexbert } from './chexbert.ts';
export { type RadgraphGraph, readRadgraph } from './radgraph.ts';
export { type EncodedText, openTextEncoder, TextEncoder, type TextEncoderOptions } from './text-encoder.ts';
export { TokenVectorStore, type TokenVectors } from './token-vectors.ts';
