/** `llama-xr doctor`: what this machine offers, and whether a base model can be used. */
import { cpus, freemem, totalmem } from 'node:os';
import { fail, sha256File } from '@llama-xr/core';
import {
  type DeviceCheck,
  type LlamaConfig,
  llamaConfigOfGguf,
  PROJECTIONS,
  projectionShape,
} from '@llama-xr/llama';
import { nativeLibraries } from '@llama-xr/llamacpp';
import { type Device, installedDevices } from '@llama-xr/onnx';
import { openGguf } from '@llama-xr/tensor';
import type { Command } from 'commander';
import { inOwnProcess } from '../own-process.ts';
import { bytes, type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  base?: string;
}

export function doctor(root: Command): void {
  root
    .command('doctor')
    .description('show what this machine offers, and what a base model is')
    .option('--base <file>', 'a base model to look into (GGUF)')
    .addHelpText('after', '\nExample:\n  llama-xr doctor --base smollm2-135m-instruct-q4_1.gguf')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const machine = { ...describeMachine(), devices: await checkDevices() };
  const base = flags.base === undefined ? undefined : await describeBase(flags.base);
  terminal.result({ machine, ...(base ? { base } : {}) }, () =>
    [machineText(machine), ...(base ? ['', baseText(base)] : [])].join('\n'),
  );
}

function describeMachine() {
  return {
    version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    trainingDevices: installedDevices(),
    generation: nativeLibraries(),
  };
}

/** What a device other than the CPU makes of our graphs, or why it cannot be used. */
type DeviceReport = DeviceCheck | { readonly device: Device; readonly refused: string };

async function checkDevices(): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of installedDevices().filter((name) => name !== 'cpu')) {
    try {
      reports.push(await inOwnProcess<DeviceCheck>('devices/device-process', device));
    } catch (error) {
      reports.push({ device, refused: (error as Error).message });
    }
  }
  return reports;
}

function deviceText(report: DeviceReport): string {
  if ('refused' in report) return `cannot be used here: ${report.refused.slice(0, 300)}`;
  const worst = Math.max(...report.modes.map(({ gradientError }) => gradientError));
  const fallen = Object.entries(report.onCpu).map(([operator, nodes]) => `${operator} ${nodes}`);
  return (
    `trains; gradients ${worst.toExponential(1)} from the CPU's; ` +
    (fallen.length === 0
      ? 'no operator falls back to the CPU'
      : `of ${report.nodes} nodes on the CPU all the same: ${fallen.join(', ')}`)
  );
}

async function describeBase(path: string) {
  using gguf = openGguf(path);
  const config = llamaConfigOfGguf(gguf);
  const types: Record<string, number> = {};
  let byteLength = 0;
  for (const tensor of gguf.tensors.values()) {
    types[tensor.type] = (types[tensor.type] ?? 0) + 1;
    byteLength += tensor.byteLength;
  }
  const text = (key: string): string | null => {
    const value = gguf.metadata.get(key)?.value;
    return typeof value === 'string' ? value : null;
  };
  if (gguf.tensors.size === 0) fail('MODEL', `${path}: holds a vocabulary alone, no weights`);
  return {
    path,
    sha256: await sha256File(path),
    name: text('general.name'),
    byteLength,
    config,
    parameters: countParameters(config),
    trainableAtRank16: adapterSize(config, 16),
    types,
    tokenizer: { model: text('tokenizer.ggml.model'), pre: text('tokenizer.ggml.pre') },
    chatTemplate: gguf.metadata.has('tokenizer.chat_template'),
  };
}

function countParameters(config: LlamaConfig): number {
  const { layers, width, vocabulary, tiedEmbedding } = config;
  const matrices = PROJECTIONS.reduce((sum, p) => sum + product(projectionShape(config, p)), 0);
  return layers * (matrices + 2 * width) + vocabulary * width * (tiedEmbedding ? 1 : 2) + width;
}

/** Numbers that LoRA of a rank adds: r (in + out) a matrix. */
function adapterSize(config: LlamaConfig, rank: number): number {
  return (
    config.layers *
    PROJECTIONS.reduce((sum, p) => sum + rank * projectionShape(config, p).reduce((a, b) => a + b), 0)
  );
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function machineText(machine: ReturnType<typeof describeMachine> & { devices: DeviceReport[] }): string {
  const { generation } = machine;
  return rows('This machine', [
    ['llama-xr', `${machine.version} on Node ${machine.node}, ${machine.platform}`],
    ['processor', `${machine.cpu}, ${machine.cores} cores`],
    ['memory', `${bytes(machine.memoryBytes)}, ${bytes(machine.freeMemoryBytes)} free`],
    ['training on', machine.trainingDevices.join(', ')],
    ...machine.devices.map((report): [string, string] => [report.device, deviceText(report)]),
    [
      'generation by',
      generation.found
        ? `llama.cpp ${generation.version} (${generation.package})`
        : `nothing: ${generation.reason}`,
    ],
  ]);
}

function baseText(base: Awaited<ReturnType<typeof describeBase>>): string {
  const { config } = base;
  return rows(`Base model ${base.path}`, [
    ['name', base.name ?? 'none given'],
    ['size', `${(base.parameters / 1e6).toFixed(1)} million parameters in ${bytes(base.byteLength)}`],
    [
      'shape',
      `${config.layers} layers, ${config.width} wide, ${config.heads} heads over ${config.kvHeads}, feed-forward ${config.feedForward}`,
    ],
    [
      'vocabulary',
      `${config.vocabulary} tokens, ${base.tokenizer.model}/${base.tokenizer.pre}, ${config.tiedEmbedding ? 'tied' : 'separate'} head`,
    ],
    ['context', `${config.contextLength} tokens, rope base ${config.ropeBase}`],
    [
      'tensors',
      Object.entries(base.types)
        .map(([type, n]) => `${n} ${type}`)
        .join(', '),
    ],
    ['chat template', base.chatTemplate ? 'yes' : 'no'],
    ['LoRA, r = 16', `${base.trainableAtRank16.toLocaleString('en-US')} trainable numbers`],
    ['sha256', base.sha256],
  ]);
}

function rows(title: string, items: [string, string][]): string {
  const width = Math.max(...items.map(([name]) => name.length));
  return [title, ...items.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}
