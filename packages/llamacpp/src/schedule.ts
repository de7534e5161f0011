/**
 * Continuous batching (Yu et al., Orca, OSDI 2022): every step decodes one batch made of the next tokens of all running
 * tasks; a task that ends makes room for the next at once, and prompts enter in chunks between the others' tokens.
 *
 * What prompts share is computed once: a task starts from the sequence, running or finished, that begins as it does.
 * Pure bookkeeping over a Decoder; nothing native here.
 */
import type { Lane } from './lane.ts';

/** Several token sequences, each with what was computed of it. */
export interface Decoder {
  /** Most tokens, or vectors, in one batch. */
  readonly capacity: number;
  /** Most rows of logits in one batch. */
  readonly rows: number;
  /** Number of sequences, named 0, 1, 2 ... */
  readonly sequences: number;
  /** @param token or the vector that stands for one: a batch holds tokens or vectors, never both */
  add(sequence: number, token: number | Float32Array, position: number, wantLogits: boolean): void;
  /** Decodes what was added; logits in the order in which they were wanted, valid until the next call. */
  decode(): Float32Array[];
  copy(from: number, to: number): void;
  keep(sequence: number, length: number): void;
}

export interface Task {
  readonly number: number;
  /** Sequences that go side by side: of each the same number of tokens wants logits, and the rows come together. */
  readonly lanes: readonly Lane[];
  /** Takes one row of logits a lane. @returns true when the task is done */
  accept(rows: readonly [Float32Array, ...Float32Array[]]): boolean;
}

type Kind = 'tokens' | 'vectors';

/** What a batch can still take. */
interface Room {
  tokens: number;
  rows: number;
}

/** Copying costs one pass over a sequence's memory; it pays from about this many tokens on. */
const LEAST_SHARED = 16;

interface Slot {
  readonly sequence: number;
  /** The tokens whose state the decoder holds; they outlive their task. */
  resident: number[];
  running: { readonly task: Task; readonly lane: Lane } | undefined;
  /** The slot that is computing what this one will begin with. */
  awaits: { readonly slot: Slot; readonly task: Task; readonly length: number } | undefined;
}

export class Schedule {
  readonly #decoder: Decoder;
  readonly #started: (task: Task) => void;
  readonly #slots: readonly Slot[];
  /** A function waits until nothing runs, and is called before what follows it. */
  readonly #queue: (Task | (() => void))[] = [];
  readonly #running = new Map<Task, readonly Slot[]>();

  constructor(decoder: Decoder, started: (task: Task) => void = () => {}) {
    this.#decoder = decoder;
    this.#started = started;
    this.#slots = Array.from({ length: decoder.sequences }, (_, sequence) => ({
      sequence,
      resident: [],
      running: undefined,
      awaits: undefined,
    }));
  }

  submit(task: Task): void {
    this.#queue.push(task);
  }

  /** Calls `action` when all that was submitted before is done; what was computed so far is forgotten. */
  whenIdle(action: () => void): void {
    this.#queue.push(() => {
      for (const slot of this.#slots) slot.resident = [];
      action();
    });
  }

  cancel(numbers: ReadonlySet<number>): void {
    const kept = this.#queue.filter((entry) => typeof entry === 'function' || !numbers.has(entry.number));
    this.#queue.splice(0, this.#queue.length, ...kept);
    for (const task of [...this.#running.keys()]) if (numbers.has(task.number)) this.#release(task);
  }

  /** Ends all running tasks, after an error that leaves the decoder in doubt. @returns those tasks */
  abandon(): Task[] {
    const tasks = [...this.#running.keys()];
    for (const task of tasks) this.#release(task);
    for (const slot of this.#slots) {
      slot.resident = [];
      this.#decoder.keep(slot.sequence, 0);
    }
    return tasks;
  }

  /** Decodes a batch of tokens, then one of soft tokens. @returns false when nothing was left to do */
  step(): boolean {
    for (const slot of this.#slots) this.#takeShared(slot);
    this.#admit();
    const tokens = this.#decode('tokens');
    const vectors = this.#decode('vectors');
    return tokens || vectors;
  }

  #decode(kind: Kind): boolean {
    const room = { tokens: this.#decoder.capacity, rows: this.#decoder.rows };
    const fed = this.#feed(room, kind);
    if (room.tokens === this.#decoder.capacity) return false;
    this.#deliver(fed, this.#decoder.decode());
    return true;
  }

  #admit(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (typeof next === 'function') {
        if (this.#running.size > 0) return;
        this.#queue.shift();
        next();
        continue;
      }
      const free = this.#slots.filter((slot) => slot.running === undefined);
      if (free.length < next.lanes.length) return;
      this.#queue.shift();
      this.#start(next);
    }
  }

  #start(task: Task): void {
    const slots = task.lanes.map((lane) => {
      const free = this.#slots.filter((slot) => slot.running === undefined);
      const slot = free.reduce((best, each) =>
        sharedLength(each.resident, lane) > sharedLength(best.resident, lane) ? each : best,
      );
      this.#prepare(slot, task, lane);
      return slot;
    });
    this.#running.set(task, slots);
    this.#started(task);
  }

  /** Lets a slot begin with what it holds already, or wait for a slot that holds, or will hold, more. */
  #prepare(slot: Slot, task: Task, lane: Lane): void {
    const own = sharedLength(slot.resident, lane);
    let best: Slot | undefined;
    let length = own + LEAST_SHARED - 1;
    for (const other of this.#slots) {
      if (other === slot || other.running === undefined) continue;
      const makes = other.running.lane;
      // Lanes of one task want their logits together: none of them goes past there before the others are ready.
      const most = other.running.task === task ? makes.logitsFrom : makes.tokens.length;
      const shared = Math.min(sharedLength(makes.tokens, lane), most);
      if (shared > length) [best, length] = [other, shared];
    }
    slot.running = { task, lane };
    if (best?.running !== undefined) {
      slot.awaits = { slot: best, task: best.running.task, length };
      this.#takeShared(slot);
    } else {
      this.#keep(slot, own);
    }
  }

  /** Copies what a slot waits for, once it is there or its maker is gone. */
  #takeShared(slot: Slot): void {
    const { awaits, running } = slot;
    if (awaits === undefined || running === undefined) return;
    const ready = Math.min(sharedLength(awaits.slot.resident, running.lane), awaits.length);
    if (ready < awaits.length && awaits.slot.running?.task === awaits.task) return;
    slot.awaits = undefined;
    if (ready > 0) {
      this.#decoder.copy(awaits.slot.sequence, slot.sequence);
      slot.resident = [...awaits.slot.resident];
    }
    this.#keep(slot, ready);
  }

  #keep(slot: Slot, length: number): void {
    this.#decoder.keep(slot.sequence, length);
    slot.resident.length = length;
  }

  /**
   * Adds the next tokens to the batch, of older tasks first: a text that is being written goes on, and a prompt that comes
   * later takes what room is left.
   */
  #feed(room: Room, kind: Kind): { readonly task: Task; readonly rows: number }[] {
    return Array.from(this.#running, ([task, slots]) => {
      for (const slot of slots) this.#feedPrompt(slot, room, kind);
      // Soft tokens want no logits.
      const rows = kind === 'tokens' && slots.every(atLogits) ? this.#feedRows(slots, room) : 0;
      return { task, rows };
    });
  }

  #feedPrompt(slot: Slot, room: Room, kind: Kind): void {
    if (slot.running === undefined || slot.awaits !== undefined) return;
    const { lane } = slot.running;
    const { resident } = slot;
    const end = Math.min(lane.logitsFrom, resident.length + room.tokens, lane.endOf(kind, resident.length));
    room.tokens -= Math.max(0, end - resident.length);
    while (resident.length < end) this.#feedToken(slot, lane, false);
  }

  /** Tokens that want logits, equally many of each lane. @returns how many of each */
  #feedRows(slots: readonly Slot[], room: Room): number {
    const left = slots.map((slot) => (slot.running?.lane.tokens.length ?? 0) - slot.resident.length);
    const rows = Math.min(
      ...left,
      ...[room.tokens, room.rows].map((most) => Math.floor(most / slots.length)),
    );
    room.tokens -= rows * slots.length;
    room.rows -= rows * slots.length;
    for (const slot of slots) {
      for (let i = 0; i < rows; i++) this.#feedToken(slot, (slot.running as { lane: Lane }).lane, true);
    }
    return rows;
  }

  #feedToken(slot: Slot, lane: Lane, wantLogits: boolean): void {
    const position = slot.resident.length;
    this.#decoder.add(slot.sequence, lane.inputAt(position), position, wantLogits);
    slot.resident.push(lane.tokens[position] as number);
  }

  #deliver(fed: readonly { readonly task: Task; readonly rows: number }[], logits: Float32Array[]): void {
    let first = 0;
    for (const { task, rows } of fed) {
      let done = false;
      for (let row = 0; row < rows && !done; row++) {
        // The rows of a lane stand together, lane after lane.
        const ofLanes = task.lanes.map((_, lane) => logits[first + lane * rows + row] as Float32Array);
        done = task.accept(ofLanes as [Float32Array, ...Float32Array[]]);
      }
      first += rows * task.lanes.length;
      if (done) this.#release(task);
    }
  }

  #release(task: Task): void {
    for (const slot of this.#running.get(task) ?? []) {
      slot.running = undefined;
      slot.awaits = undefined;
    }
    this.#running.delete(task);
  }
}

/** Whether a slot's next token wants logits. */
function atLogits({ resident, running, awaits }: Slot): boolean {
  return running !== undefined && awaits === undefined && resident.length >= running.lane.logitsFrom;
}

/** How many tokens a lane can take over from another sequence; those that want logits must be decoded anew. */
function sharedLength(tokens: readonly number[], { tokens: own, logitsFrom }: Lane): number {
  const most = Math.min(tokens.length, logitsFrom);
  let length = 0;
  while (length < most && tokens[length] === own[length]) length++;
  return length;
}
