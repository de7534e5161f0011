/**
 * Reads, for one test, what the model zoo's light_densenet121.onnx says of its topology: the kinds of its nodes and the
 * shapes of its convolutions, in their order. No general ONNX reader.
 */

/** The fields of one protobuf message: numbers as bigint, everything else as bytes. */
function fields(bytes: Uint8Array): { field: number; value: bigint | Uint8Array }[] {
  const found: { field: number; value: bigint | Uint8Array }[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const kind = key & 7;
    if (kind === 0) {
      found.push({ field: key >> 3, value: varint() });
      continue;
    }
    const length = kind === 2 ? Number(varint()) : kind === 5 ? 4 : 8;
    found.push({ field: key >> 3, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

const messages = (bytes: Uint8Array, field: number) =>
  fields(bytes)
    .filter((f) => f.field === field)
    .map((f) => f.value as Uint8Array);
const texts = (bytes: Uint8Array, field: number) =>
  messages(bytes, field).map((text) => Buffer.from(text).toString());

/** The int64 vector that a TensorProto holds as raw bytes. */
function integers(tensor: Uint8Array): number[] {
  const [raw] = messages(tensor, 9) as [Uint8Array];
  return Array.from(new BigInt64Array(Uint8Array.from(raw).buffer), Number);
}

/** Shapes of the weights of all convolutions and the kinds of all nodes, in order. */
export function topologyOf(model: Uint8Array): { kinds: string[]; convolutions: number[][] } {
  const [graph] = messages(model, 7) as [Uint8Array];
  const shapes = new Map(
    messages(graph, 5)
      .map((tensor) => [texts(tensor, 8)[0] as string, tensor] as const)
      .filter(([name]) => name.endsWith('__SHAPE'))
      .map(([name, tensor]) => [name, integers(tensor)]),
  );
  const nodes = messages(graph, 1).map((node) => ({
    kind: texts(node, 4)[0] as string,
    inputs: texts(node, 1),
  }));
  return {
    kinds: nodes.map(({ kind }) => kind),
    convolutions: nodes
      .filter(({ kind }) => kind === 'Conv')
      .map(({ inputs }) => shapes.get(`${inputs[1]}__SHAPE`) as number[]),
  };
}
