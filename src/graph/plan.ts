/**
 * The memory plan: where in which buffer each tensor lies.
 *
 * WebGPU forbids a launch to read and write the same buffer, even at different places. So there are several buffers,
 * called *slots*, and no launch writes one part of a slot and binds another. A tensor lies at a place in a slot that no
 * other tensor needs meanwhile.
 *
 * @module
 */

import type { Execution } from "./execution_order.ts";
import { offsetAlignment } from "./slices.ts";
import type { Tensor } from "./tensor.ts";

/** Something that needs memory from step `first` to step `last`, both included. */
export interface Life {
  /** What it is, for messages. */
  readonly label: string;
  /** Bytes needed. */
  readonly bytes: number;
  /** Index of the step that writes it. */
  readonly first: number;
  /** Index of the last step that uses it. */
  readonly last: number;
  /** Indices of the steps that write it. */
  readonly writes: readonly number[];
  /** Indices of the steps that read it. */
  readonly reads: readonly number[];
}

/** A place in a slot. */
export interface Place {
  /** Index of the slot. */
  readonly slot: number;
  /** First byte, a multiple of 256, at which every adapter can bind. */
  readonly offset: number;
}

/** The place of each life, and the size of each slot. */
export interface SlotPlan {
  /** The place of each life, in the order given. */
  readonly places: readonly Place[];
  /** Bytes of each slot. */
  readonly slotBytes: readonly number[];
  /** The largest sum of bytes that are needed at one step. No plan can be smaller. */
  readonly lowerBoundBytes: number;
}

/** A buffer while it is planned. */
interface Slot {
  readonly bytes: number;
  readonly taken: { readonly life: Life; readonly offset: number }[];
}

/**
 * Assigns places to lives. The largest life comes first, and each takes the first place that is free for its whole
 * duration. Of equal ones, the one that is needed longest comes first: it decides what its neighbours can be.
 */
export function planSlots(lives: readonly Life[]): SlotPlan {
  const slots: Slot[] = [];
  const places = new Array<Place>(lives.length).fill({ slot: 0, offset: 0 });
  const bySize = lives.map((life, index) => ({ life, index }))
    .sort((a, b) => b.life.bytes - a.life.bytes || b.life.last - a.life.last || a.index - b.index);
  for (const { life, index } of bySize) {
    let offset = 0;
    let slot = slots.findIndex((candidate) => (offset = freeOffset(candidate, life)) >= 0);
    if (slot < 0) {
      slot = slots.push({ bytes: life.bytes, taken: [] }) - 1;
      offset = 0;
    }
    slots[slot]?.taken.push({ life, offset });
    places[index] = { slot, offset };
  }
  return { places, slotBytes: slots.map(({ bytes }) => bytes), lowerBoundBytes: lowerBound(lives) };
}

/** The first offset in a slot that is free for a life; −1 where there is none. */
function freeOffset({ bytes, taken }: Slot, life: Life): number {
  const meanwhile = taken.filter((other) => overlap(life, other.life)).sort((a, b) => a.offset - b.offset);
  if (meanwhile.some((other) => mustBeApart(life, other.life))) return -1;
  let offset = 0;
  for (const other of meanwhile) {
    if (other.offset - offset >= life.bytes) break;
    offset = Math.max(offset, Math.ceil((other.offset + other.life.bytes) / offsetAlignment) * offsetAlignment);
  }
  return offset + life.bytes <= bytes ? offset : -1;
}

function overlap(a: Life, b: Life): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether a step writes one of the two and binds the other as well. */
function mustBeApart(a: Life, b: Life): boolean {
  return a.writes.some((step) => b.writes.includes(step) || b.reads.includes(step)) ||
    a.reads.some((step) => b.writes.includes(step));
}

function lowerBound(lives: readonly Life[]): number {
  const steps = Math.max(0, ...lives.map(({ last }) => last + 1));
  const change = new Float64Array(steps + 1);
  for (const { bytes, first, last } of lives) {
    change[first] = (change[first] ?? 0) + bytes;
    change[last + 1] = (change[last + 1] ?? 0) - bytes;
  }
  let live = 0;
  return change.reduce((most, difference) => Math.max(most, live += difference), 0);
}

/** Memory of a program, in bytes. */
export interface MemoryPlan {
  /** Bytes of all slots, which hold activations, gradients of activations, and scratch memory. */
  readonly activationBytes: number;
  /** Of these, the bytes that would not be needed without scratch memory. */
  readonly scratchBytes: number;
  /** Bytes of inputs, which are written before each run, and of outputs. */
  readonly inputBytes: number;
  /** Bytes of the largest single binding of a launch. */
  readonly largestBindingBytes: number;
  /** The tensor that the launch with this binding computes. */
  readonly largestBinding: string;
  /** What cannot be bound even in slices, and the size that would fit, as a text; `null` if everything can be bound. */
  readonly unbindable: string | null;
  /** The largest sum of bytes that are needed at one step. */
  readonly lowerBoundBytes: number;
  /** Floating-point operations of one run, as far as the ops state them. */
  readonly flops: number;
  /** Of these, the operations of what is computed a second time. */
  readonly recomputedFlops: number;
}

/**
 * For each step, the last step that uses what it computes, before the same tensor is computed again. Outputs are used
 * to the end.
 */
export function lastUses(order: readonly Execution[], outputs: ReadonlySet<Tensor>): number[] {
  const last = order.map((_, step) => step);
  const computedAt = new Map<Tensor, number>();
  const use = (tensor: Tensor, step: number) => {
    const computed = computedAt.get(tensor);
    if (computed !== undefined) last[computed] = step;
  };
  for (const [step, { tensor, inputs }] of order.entries()) {
    for (const input of inputs) use(input, step);
    computedAt.set(tensor, step);
  }
  for (const output of outputs) use(output, order.length);
  return last;
}
