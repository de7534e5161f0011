/**
 * A machine for Python pickles (pickletools.py; protocols 2 to 5, binary opcodes) that runs nothing: the only values are
 * plain data. What a global is, what calling it gives and what a persistent id stands for, the host decides, and it
 * decides from lists of what is allowed.
 *
 * dict and OrderedDict become Map, list and tuple Array, set Set, bytes Uint8Array, None null.
 */
import { fail } from '@llama-xr/core';
import type { ForwardReader } from './forward-reader.ts';

export interface PickleHost {
  /** The global of this name, where it may be named at all. @throws LlamaXrError FILE_HOSTILE. */
  global(module: string, name: string): unknown;
  /** What a call of a global gives. @throws LlamaXrError. */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** A new instance of a class. @throws LlamaXrError. */
  instance(type: unknown, args: readonly unknown[]): unknown;
  /** Gives an instance its state. @throws LlamaXrError. */
  build(instance: unknown, state: unknown): void;
  persistent(id: unknown): unknown;
}

/** The pickle of a whole module has some 50,000; each makes at most one small object. */
const MAX_OPCODES = 2 ** 20;

/** Runs one pickle from where the reader stands, to its STOP. */
export function unpickle(reader: ForwardReader, host: PickleHost): unknown {
  return new Machine(reader, host).run();
}

const MARK = Symbol('mark');

class Machine {
  readonly #reader: ForwardReader;
  readonly #host: PickleHost;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(reader: ForwardReader, host: PickleHost) {
    this.#reader = reader;
    this.#host = host;
  }

  run(): unknown {
    for (let steps = 0; steps < MAX_OPCODES; steps++) {
      const opcode = this.#uint8();
      if (opcode === 0x2e) return this.#pop(); // STOP
      const known = this.#scalar(opcode) || this.#container(opcode) || this.#object(opcode);
      if (!known) {
        const hex = opcode.toString(16).padStart(2, '0');
        this.#refuse(`opcode 0x${hex} is not one of a file of PyTorch`);
      }
    }
    fail('FILE_HOSTILE', `${this.#reader.path}: pickle: expected at most ${MAX_OPCODES} opcodes`);
  }

  /** Opcodes that push a plain value, and those of the memo. */
  #scalar(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        return this.#uint8() <= 5 || this.#refuse('expected protocol 5 or less');
      case 0x95: // FRAME
        this.#take(8);
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4a: // BININT
        return this.#push(this.#take(4).readInt32LE());
      case 0x4b: // BININT1
        return this.#push(this.#uint8());
      case 0x4d: // BININT2
        return this.#push(this.#take(2).readUInt16LE());
      case 0x8a: // LONG1
        return this.#push(readLong(this.#take(this.#uint8())));
      case 0x47: // BINFLOAT
        return this.#push(this.#take(8).readDoubleBE());
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#uint32()));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#uint8()));
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#take(this.#uint8()).toString('latin1'));
      case 0x42: // BINBYTES
        return this.#push(Uint8Array.from(this.#take(this.#uint32())));
      case 0x43: // SHORT_BINBYTES
        return this.#push(Uint8Array.from(this.#take(this.#uint8())));
      default:
        return this.#memoize(opcode);
    }
  }

  #memoize(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        return this.#remember(this.#uint8());
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#uint32());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x68: // BINGET
        return this.#recall(this.#uint8());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#uint32());
      default:
        return false;
    }
  }

  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        return this.#push(MARK);
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x8f: // EMPTY_SET
        return this.#push(new Set());
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x85: // TUPLE1, TUPLE2, TUPLE3
      case 0x86:
      case 0x87:
        return this.#push(this.#popMany(opcode - 0x84));
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x90: // ADDITEMS
        return this.#addItems(this.#popToMark());
      case 0x30: // POP
        this.#pop();
        return true;
      default:
        return false;
    }
  }

  #object(opcode: number): boolean {
    switch (opcode) {
      case 0x63: // GLOBAL
        return this.#push(this.#host.global(this.#line(), this.#line()));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#push(this.#host.global(this.#asText(module), this.#asText(name)));
      }
      case 0x52: {
        // REDUCE
        const [callable, args] = this.#popMany(2);
        return this.#push(this.#host.call(callable, this.#asTuple(args)));
      }
      case 0x81: {
        // NEWOBJ
        const [type, args] = this.#popMany(2);
        return this.#push(this.#host.instance(type, this.#asTuple(args)));
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        this.#host.build(this.#top(), state);
        return true;
      }
      case 0x51: // BINPERSID
        return this.#push(this.#host.persistent(this.#pop()));
      default:
        return false;
    }
  }

  #append(items: readonly unknown[]): boolean {
    const list = this.#top();
    if (!Array.isArray(list)) this.#refuse('expected a list to append to');
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(items: readonly unknown[]): boolean {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) this.#refuse('expected a dict and pairs for it');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    return true;
  }

  #addItems(items: readonly unknown[]): boolean {
    const set = this.#top();
    if (!(set instanceof Set)) this.#refuse('expected a set to add to');
    for (const item of items) set.add(item);
    return true;
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): unknown {
    return this.#popMany(1)[0];
  }

  #top(): unknown {
    const top = this.#stack.at(-1);
    return top !== undefined && top !== MARK ? top : this.#refuse('the stack is empty');
  }

  #popMany(count: number): unknown[] {
    const items = this.#stack.splice(-count);
    if (items.length < count || items.includes(MARK)) this.#refuse('the stack is empty');
    return items;
  }

  #popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) this.#refuse('there is no mark on the stack');
    return this.#stack.splice(mark).slice(1);
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): true {
    if (!this.#memo.has(index)) this.#refuse(`nothing was stored under ${index}`);
    return this.#push(this.#memo.get(index));
  }

  #asTuple(value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : this.#refuse('expected arguments');
  }

  #asText(value: unknown): string {
    return typeof value === 'string' ? value : this.#refuse('expected a text');
  }

  #take(length: number): Buffer {
    return this.#reader.take(length, 'pickle');
  }

  #uint8(): number {
    return this.#take(1).readUInt8();
  }

  #uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  #text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  /** A name up to its newline; names of modules and classes are short. */
  #line(): string {
    let line = '';
    for (let byte = this.#uint8(); byte !== 0x0a; byte = this.#uint8()) {
      line += String.fromCharCode(byte);
      if (line.length > 256) this.#refuse('expected a name of at most 256 characters');
    }
    return line;
  }

  #refuse(rule: string): never {
    fail('FILE_FORMAT', `${this.#reader.path}: pickle at ${this.#reader.position}: ${rule}`);
  }
}

/** Two's complement, little-endian; beyond 2^53 a bigint. */
function readLong(bytes: Buffer): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}
