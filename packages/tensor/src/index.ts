/** Tensors and the files that hold them. */
export { DEQUANTIZABLE, dequantize } from './dequantize.ts';
export { FileBytes } from './file-bytes.ts';
export * from './float16.ts';
export { GGML_TYPES, type GgmlType, ggmlByteLength } from './ggml-types.ts';
export * from './gguf.ts';
export type { GgufTensor } from './gguf-header.ts';
export { type GgufNumberType, type GgufValue, gguf } from './gguf-values.ts';
export { type GgufContent, type GgufTensorToWrite, writeGguf } from './gguf-write.ts';
export { decodeNf4, isNf4, NF4_CODE, type Nf4Blocks, nf4Layout, readNf4Blocks } from './nf4.ts';
export { readNpy, writeNpy } from './npy.ts';
export { readPytorch } from './pytorch.ts';
export { PickledObject } from './pytorch-globals.ts';
export { isTensor, stateDict } from './pytorch-state.ts';
export * from './quantize.ts';
export * from './safetensors.ts';
export * from './tensor.ts';
export * from './unpack-q4.ts';
export * from './unpack-q8.ts';
