/** Computation graphs in TypeScript: values, operators with their derivatives, reverse mode, ONNX files, sessions. */
export { DEVICES, type Device, installedDevices } from './device.ts';
export { type Dimension, product, type Shape, sameShape, sizeOf, written } from './dimension.ts';
export type { Feed, Feeds } from './feeds.ts';
export { gradient, type LossAndGradients, pullback } from './gradient.ts';
export { compile, type Graph, type Results } from './graph.ts';
export type { Port } from './onnx-file.ts';
export * from './operators/attention.ts';
export * from './operators/convolution.ts';
export * from './operators/elementwise.ts';
export * from './operators/indexing.ts';
export * from './operators/layout.ts';
export * from './operators/loss.ts';
export * from './operators/matrix.ts';
export * from './operators/normalization.ts';
export * from './operators/quantized.ts';
export * from './operators/reduction.ts';
export { type Answer, open, Session, type SessionOptions } from './session.ts';
export { constant, type ElementType, f32, f64, i64, input, scalar, u8, type Value } from './value.ts';
