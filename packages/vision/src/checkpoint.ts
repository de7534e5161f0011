/**
 * Weights for the encoder from a file: TorchXRayVision's checkpoint (`torch.save` of the whole module), a state dict,
 * or safetensors, told apart by their first bytes. Nothing in a file is executed: see readPytorch. Everything that is
 * wrong with a file is listed at once, the order of its labels included.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { fail, fileError, Mistakes, sha256File } from '@llama-xr/core';
import {
  openSafetensors,
  PickledObject,
  readPytorch,
  stateDict,
  type Tensor,
  toFloat32,
} from '@llama-xr/tensor';
import { DENSENET_121, type DenseNetWeights, parameterShapes } from './densenet.ts';
import {
  type OperatingPoints,
  PATHOLOGIES,
  PUBLISHED_OPERATING_POINTS,
  publishedName,
} from './pathologies.ts';

export interface Checkpoint {
  readonly weights: DenseNetWeights;
  readonly name: string;
  readonly hash: string;
  readonly notices: readonly string[];
  readonly operatingPoints: OperatingPoints | undefined;
}

/** What a file holds, before any of it is believed. */
interface Contents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Names of the outputs, where the file gives them; '' for one that was never trained. */
  readonly labels?: readonly string[];
}

/**
 * @param operatingPoints in place of those that the file brings or its name stands for
 * @throws LlamaXrError FILE_* for a file that cannot be read; ENCODER, listing everything that is missing or wrong.
 */
export async function readCheckpoint(path: string, operatingPoints?: OperatingPoints): Promise<Checkpoint> {
  const { tensors, labels } = readContents(path);
  const mistakes = new Mistakes();
  const weights = checkedWeights(withTorchvisionNames(tensors), mistakes);
  if (labels !== undefined) checkLabels(labels, mistakes);
  const points = operatingPoints ?? pointsOf(tensors) ?? publishedPoints(path);
  if (points !== undefined) checkPoints(points, mistakes);
  mistakes.throwIfAny('ENCODER', path);
  return {
    weights,
    name: `DenseNet-121 (${basename(path)})`,
    hash: await sha256File(path),
    notices: [
      ...(labels === undefined
        ? ["the encoder's file names no labels: TorchXRayVision's order is taken"]
        : []),
      ...(points === undefined ? ['no operating points: normalised scores are the raw ones'] : []),
    ],
    operatingPoints: points,
  };
}

function publishedPoints(path: string): OperatingPoints | undefined {
  const name = publishedName(basename(path));
  return name === undefined ? undefined : PUBLISHED_OPERATING_POINTS[name];
}

function pointsOf(tensors: ReadonlyMap<string, Tensor>): OperatingPoints | undefined {
  const tensor = tensors.get('op_threshs');
  return tensor === undefined ? undefined : [...toFloat32(tensor)];
}

const FIRST_CONVOLUTION = 'features.conv0.weight';

/**
 * Strips what wrappers put before each name (`module.`), and gives dense layers the names that torchvision has used
 * since 0.2: `norm.1` is `norm1`.
 */
function withTorchvisionNames(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const first = [...tensors.keys()].find((name) => name.endsWith(FIRST_CONVOLUTION));
  const prefix = first?.slice(0, -FIRST_CONVOLUTION.length) ?? '';
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [
        name.slice(prefix.length).replace(/(denselayer\d+\.(?:norm|conv))\.([12])\./, '$1$2.'),
        tensor,
      ]),
  );
}

function checkedWeights(tensors: ReadonlyMap<string, Tensor>, mistakes: Mistakes): DenseNetWeights {
  const weights = new Map<string, Float32Array>();
  if (!tensors.has(FIRST_CONVOLUTION)) {
    mistakes.add(
      `expected a DenseNet-121, got ${tensors.size} tensors none of which is ${FIRST_CONVOLUTION}`,
    );
    return weights;
  }
  for (const [name, shape] of parameterShapes(DENSENET_121)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      mistakes.add(`${name}: missing, expected [${shape.join(', ')}]`);
    } else if (tensor.shape.join() !== shape.join()) {
      mistakes.add(`${name}: expected [${shape.join(', ')}], got [${tensor.shape.join(', ')}]`);
    } else {
      const values = toFloat32(tensor);
      const bad = values.find((v) => !Number.isFinite(v) || (v < 0 && name.endsWith('running_var')));
      if (bad !== undefined)
        mistakes.add(
          `${name}: expected ${name.endsWith('_var') ? 'variances' : 'finite numbers'}, got ${bad}`,
        );
      weights.set(name, values);
    }
  }
  return weights;
}

const words = (label: string) => label.replaceAll('_', ' ').toLowerCase();

/** An output may be unnamed (never trained), but never stand in another's place. */
function checkLabels(labels: readonly string[], mistakes: Mistakes): void {
  if (labels.length !== PATHOLOGIES.length)
    mistakes.add(`labels: expected ${PATHOLOGIES.length}, got ${labels.length}`);
  PATHOLOGIES.forEach((expected, i) => {
    const label = labels[i];
    if (label !== undefined && label !== '' && words(label) !== words(expected))
      mistakes.add(`label of output ${i}: expected ${expected}, got ${label}`);
  });
}

function checkPoints(points: OperatingPoints, mistakes: Mistakes): void {
  if (points.length !== PATHOLOGIES.length)
    mistakes.add(`operating points: expected ${PATHOLOGIES.length}, got ${points.length}`);
  points.forEach((t, i) => {
    if (!Number.isNaN(t) && !(t > 0 && t < 1))
      mistakes.add(`operating point of ${PATHOLOGIES[i] ?? i}: expected a number in (0, 1), got ${t}`);
  });
}

/** A DenseNet-121 takes 28 MB, three times that with an optimizer's state. Of anything larger nothing is read. */
const MAX_FILE_BYTES = 2 ** 30;

/** A zip or a pickle is PyTorch's; anything else has to be safetensors. */
function readContents(path: string): Contents {
  const { size, start } = lookAt(path);
  if (size > MAX_FILE_BYTES)
    fail('ENCODER', `${path}: expected a DenseNet-121 of at most ${MAX_FILE_BYTES} bytes, got ${size}`);
  const isTorch = start.subarray(0, 2).toString('latin1') === 'PK' || start[0] === 0x80;
  return isTorch ? readTorch(path) : readSafetensors(path);
}

function lookAt(path: string): { size: number; start: Buffer } {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const start = Buffer.alloc(8);
      readSync(descriptor, start);
      return { size: fstatSync(descriptor).size, start };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** A whole module says what its outputs are called, if whoever trained it set one of these attributes. */
const LABEL_ATTRIBUTES = ['pathologies', 'targets', 'labels'];

function readTorch(path: string): Contents {
  const tree = readPytorch(path);
  const labels = tree instanceof PickledObject ? labelsOf(tree) : undefined;
  return { tensors: stateDict(tree), ...(labels && { labels }) };
}

function labelsOf({ state }: PickledObject): string[] | undefined {
  const list = LABEL_ATTRIBUTES.map((name) => state.get(name)).find((value) => Array.isArray(value));
  if (list !== undefined) return (list as unknown[]).map(String);
  const modules = state.get('_modules');
  const wrapped = modules instanceof Map ? modules.get('module') : undefined;
  return wrapped instanceof PickledObject ? labelsOf(wrapped) : undefined;
}

/** Metadata `labels` is a JSON list of texts, where it is there. */
function readSafetensors(path: string): Contents {
  using file = openSafetensors(path);
  const tensors = new Map(file.names().map((name) => [name, file.read(name)]));
  const labels = labelList(file.metadata.labels);
  return { tensors, ...(labels && { labels }) };
}

function labelList(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const labels: unknown = JSON.parse(text);
    return Array.isArray(labels) ? labels.map(String) : [text];
  } catch {
    return [text];
  }
}
