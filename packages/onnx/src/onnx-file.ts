/**
 * A graph as an ONNX file: IR version 10, operators of opset 23 and of ONNX Runtime's `com.microsoft` domain. Field numbers
 * are those of onnx/onnx.proto3 (github.com/onnx/onnx).
 */
import type { Shape } from './dimension.ts';
import { ONNX_TYPES } from './operators/elementwise.ts';
import { Message } from './protobuf.ts';
import type { Attribute, ElementArray, ElementType } from './value.ts';

const IR_VERSION = 10;
const OPSET = 23;

/** A named tensor at the border of a graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** A node with the names of its inputs (empty: left out) and outputs. */
export interface NamedNode {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant of the graph. */
export interface NamedConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

/** All that an ONNX file holds. */
export interface NamedGraph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly NamedNode[];
  readonly constants: readonly NamedConstant[];
  /** Tensors that lie beside the file, each in a file of its name. */
  readonly external: readonly Port[];
}

/** The bytes of a ModelProto. */
export function writeOnnx(graph: NamedGraph): Uint8Array {
  const body = new Message();
  graph.nodes.forEach((node, i) => {
    body.field(1, nodeProto(node, i));
  });
  body.field(2, graph.name);
  for (const constant of graph.constants) body.field(5, tensorProto(constant));
  for (const port of graph.external) body.field(5, externalProto(port));
  for (const port of graph.inputs) body.field(11, valueInfoProto(port));
  for (const port of graph.outputs) body.field(12, valueInfoProto(port));
  const opset = (domain: string, version: number) => new Message().field(1, domain).integer(2, version);
  return new Message()
    .integer(1, IR_VERSION)
    .field(2, 'llama-xr')
    .field(7, body)
    .field(8, opset('', OPSET))
    .field(8, opset('com.microsoft', 1))
    .bytes();
}

function nodeProto(node: NamedNode, index: number): Message {
  const message = new Message();
  for (const name of node.inputs) message.field(1, name);
  for (const name of node.outputs) message.field(2, name);
  message.field(3, `${node.type}.${index}`).field(4, node.type);
  for (const [name, attribute] of Object.entries(node.attributes))
    message.field(5, attributeProto(name, attribute));
  if (node.domain !== '') message.field(7, node.domain);
  return message;
}

/** AttributeProto; its types are FLOAT 1, INT 2, STRING 3, INTS 7. */
function attributeProto(name: string, attribute: Attribute): Message {
  const message = new Message().field(1, name);
  if (typeof attribute === 'number') return message.integer(3, attribute).integer(20, 2);
  if (typeof attribute === 'string') return message.field(4, attribute).integer(20, 3);
  if ('real' in attribute) return message.float(2, attribute.real).integer(20, 1);
  for (const item of attribute) message.integer(8, item);
  return message.integer(20, 7);
}

function tensorProto({ name, type, shape, data }: NamedConstant): Message {
  const message = new Message();
  for (const dimension of shape) message.integer(1, dimension);
  return message
    .integer(2, ONNX_TYPES[type])
    .field(8, name)
    .field(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** A TensorProto whose data_location is EXTERNAL. */
function externalProto({ name, type, shape }: Port): Message {
  const message = new Message();
  for (const dimension of shape) message.integer(1, dimension as number);
  const location = new Message().field(1, 'location').field(2, name);
  return message.integer(2, ONNX_TYPES[type]).field(8, name).field(13, location).integer(14, 1);
}

function valueInfoProto({ name, type, shape }: Port): Message {
  const dimensions = new Message();
  for (const dimension of shape) {
    const item = new Message();
    dimensions.field(
      1,
      typeof dimension === 'number' ? item.integer(1, dimension) : item.field(2, dimension),
    );
  }
  const tensor = new Message().integer(1, ONNX_TYPES[type]).field(2, dimensions);
  return new Message().field(1, name).field(2, new Message().field(1, tensor));
}
