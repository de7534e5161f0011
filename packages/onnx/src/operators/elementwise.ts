/** Operators that work element by element, under ONNX's broadcasting. Each with its node and its derivative. */
import { broadcastShape, type Shape, sameShape } from '../dimension.ts';
import { differentiable, type ElementType, expectSameType, node, scalar, type Value } from '../value.ts';
import { sumTo } from './reduction.ts';

/** a + b */
export function add(a: Value, b: Value): Value {
  const value = binary('Add', 'add', a, b);
  return differentiable('add', value, [a, b], (dy) => [sumTo(dy, a.shape), sumTo(dy, b.shape)]);
}

/** a - b */
export function subtract(a: Value, b: Value): Value {
  const value = binary('Sub', 'subtract', a, b);
  return differentiable('subtract', value, [a, b], (dy) => [sumTo(dy, a.shape), negate(sumTo(dy, b.shape))]);
}

/** a b, element by element */
export function multiply(a: Value, b: Value): Value {
  const value = binary('Mul', 'multiply', a, b);
  return differentiable('multiply', value, [a, b], (dy) => [
    sumTo(multiply(dy, b), a.shape),
    sumTo(multiply(dy, a), b.shape),
  ]);
}

/** a / b, element by element */
export function divide(a: Value, b: Value): Value {
  const value = binary('Div', 'divide', a, b);
  const y = differentiable('divide', value, [a, b], (dy) => {
    const da = divide(dy, b);
    return [sumTo(da, a.shape), negate(sumTo(multiply(da, y), b.shape))];
  });
  return y;
}

/** x times a number */
export function scale(x: Value, factor: number): Value {
  return multiply(x, scalar(factor, x.type));
}

export function negate(x: Value): Value {
  return differentiable('negate', node('Neg', [x], x.shape), [x], (dy) => [negate(dy)]);
}

export function exponential(x: Value): Value {
  const y = differentiable('exponential', node('Exp', [x], x.shape), [x], (dy) => [multiply(dy, y)]);
  return y;
}

/** Natural logarithm. */
export function logarithm(x: Value): Value {
  return differentiable('logarithm', node('Log', [x], x.shape), [x], (dy) => [divide(dy, x)]);
}

export function squareRoot(x: Value): Value {
  const y = differentiable('squareRoot', node('Sqrt', [x], x.shape), [x], (dy) => [
    divide(scale(dy, 0.5), y),
  ]);
  return y;
}

/** 1 / (1 + exp(-x)) */
export function sigmoid(x: Value): Value {
  const y = differentiable('sigmoid', node('Sigmoid', [x], x.shape), [x], (dy) => [
    multiply(dy, multiply(y, subtract(scalar(1, x.type), y))),
  ]);
  return y;
}

/** max(x, 0), with derivative 0 at 0 as PyTorch has it. */
export function relu(x: Value): Value {
  const value = node('Relu', [x], x.shape);
  return differentiable('relu', value, [x], (dy) => [
    multiply(dy, cast(node('Greater', [x, scalar(0, x.type)], x.shape, { type: 'bool' }), x.type)),
  ]);
}

/** x in another element type. */
export function cast(x: Value, type: ElementType): Value {
  if (x.type === type) return x;
  const value = node('Cast', [x], x.shape, { attributes: { to: ONNX_TYPES[type] }, type });
  return differentiable('cast', value, [x], (dy) => [cast(dy, x.type)]);
}

/** TensorProto.DataType of the ONNX standard. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const satisfies Record<ElementType, number>;

function binary(type: string, operator: string, a: Value, b: Value): Value {
  expectSameType(operator, a, b);
  const shape: Shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShape(operator, a.shape, b.shape);
  return node(type, [a, b], shape);
}
