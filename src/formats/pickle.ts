/**
 * A reader of Python's pickles that executes nothing. It knows the opcodes that files of tensors are made of. A GLOBAL
 * pushes a tag, and what a REDUCE, a BUILD or a persistent id means is up to the caller's rules, which take tags and
 * plain values and give such.
 *
 * Source: `Lib/pickle.py` and `Lib/pickletools.py` of CPython 3.11.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import { cost, PickleMachine, type PickleMemory, type PickleRules } from "./pickle_machine.ts";
import { opcodeInWords } from "./pickle_opcodes.ts";
import { kindOf, PickleGlobal, PickleList, PickleMap, PickleTuple, type PickleValue } from "./pickle_values.ts";

const maxOpcodes = 10_000_000;
const maxGlobalBytes = 256;
const [firstProtocol, lastProtocol] = [2, 5];

/**
 * The value of the pickle that begins at the reader's place; the reader then stands behind it.
 *
 * @throws {Error} naming the file, the byte and the opcode, global or value that is not read there.
 */
export function readPickle(reader: ByteReader, rules: PickleRules, memory: PickleMemory): PickleValue {
  const machine = new PickleMachine(reader, rules, memory);
  if (reader.left === 0 || reader.bytes[reader.place] !== protocolOpcode) {
    throw reader.error("no pickle of protocol 2 to 5 begins");
  }
  for (let count = 0; count < maxOpcodes; count++) {
    machine.begin();
    const opcode = reader.u8("an opcode");
    if (opcode === stopOpcode) return machine.result();
    const step = steps[opcode];
    if (step === undefined) throw machine.fail(`the pickle has ${opcodeInWords(opcode)}, which is not read`);
    step(machine);
  }
  throw machine.fail(`the pickle has more than ${maxOpcodes} opcodes`);
}

const protocolOpcode = 0x80;
const stopOpcode = 0x2e;

/** What each opcode does. */
const steps: Readonly<Record<number, (machine: PickleMachine) => void>> = {
  // PROTO
  0x80: ({ reader, fail }) => {
    const protocol = reader.u8("the protocol");
    if (protocol < firstProtocol || protocol > lastProtocol) {
      throw fail(`the pickle has protocol ${protocol}; ${firstProtocol} to ${lastProtocol} are read`);
    }
  },
  // FRAME: how many of the following bytes belong together, which changes nothing here
  0x95: ({ reader, fail }) => {
    const length = reader.u64("the length of a frame");
    if (length > reader.left) throw fail(`a frame has ${length} bytes, ${reader.left} are left. The file was cut off`);
  },
  // MARK
  0x28: (machine) => machine.mark(),
  // NONE, NEWTRUE, NEWFALSE
  0x4e: (machine) => machine.push(null),
  0x88: (machine) => machine.push(true),
  0x89: (machine) => machine.push(false),
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  0x4a: (machine) => machine.push(machine.reader.i32("a number")),
  0x4b: (machine) => machine.push(machine.reader.u8("a number")),
  0x4d: (machine) => machine.push(machine.reader.u16("a number")),
  0x8a: (machine) => machine.push(longInteger(machine.reader.take(machine.reader.u8("a length"), "a number"))),
  0x47: (machine) => machine.push(machine.reader.bigEndianF64("a number")),
  // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
  0x8c: (machine) => machine.text(machine.reader.u8("a length")),
  0x58: (machine) => machine.text(machine.reader.u32("a length")),
  0x8d: (machine) => machine.text(machine.reader.u64("a length")),
  // SHORT_BINSTRING, BINSTRING
  0x55: (machine) => machine.text(machine.reader.u8("a length"), true),
  0x54: (machine) => machine.text(machine.reader.u32("a length"), true),
  // EMPTY_DICT, EMPTY_LIST
  0x7d: (machine) => {
    machine.spend(cost.map);
    machine.push(new PickleMap(false));
  },
  0x5d: (machine) => {
    machine.spend(cost.node);
    machine.push(new PickleList());
  },
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  0x29: (machine) => machine.tuple([]),
  0x85: (machine) => machine.tuple([machine.pop()]),
  0x86: (machine) => machine.tuple([machine.pop(), machine.pop()].reverse()),
  0x87: (machine) => machine.tuple([machine.pop(), machine.pop(), machine.pop()].reverse()),
  0x74: (machine) => machine.tuple(machine.popMark()),
  // APPEND, APPENDS
  0x61: (machine) => {
    const item = machine.pop();
    machine.append(machine.top(), [item]);
  },
  0x65: (machine) => {
    const items = machine.popMark();
    machine.append(machine.top(), items);
  },
  // SETITEM, SETITEMS
  0x73: (machine) => {
    const pair = [machine.pop(), machine.pop()].reverse();
    machine.set(machine.top(), pair);
  },
  0x75: (machine) => {
    const pairs = machine.popMark();
    machine.set(machine.top(), pairs);
  },
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  0x71: (machine) => machine.remember(machine.reader.u8("a place")),
  0x72: (machine) => machine.remember(machine.reader.u32("a place")),
  0x94: (machine) => machine.remember(machine.memo.size),
  0x68: (machine) => machine.recall(machine.reader.u8("a place")),
  0x6a: (machine) => machine.recall(machine.reader.u32("a place")),
  // GLOBAL, STACK_GLOBAL
  0x63: (machine) => machine.global(line(machine), line(machine)),
  0x93: (machine) => {
    const name = machine.pop();
    const module = machine.pop();
    if (typeof name !== "string" || typeof module !== "string") throw machine.fail("a global has no name");
    machine.global(module, name);
  },
  // REDUCE, BUILD, BINPERSID
  0x52: reduce,
  0x62: (machine) => {
    const state = machine.pop();
    machine.rules.build(machine.top(), state, machine.fail);
  },
  0x51: (machine) => {
    machine.spend(cost.node);
    machine.push(machine.rules.persistent(machine.pop(), machine.fail));
  },
};

function reduce(machine: PickleMachine): void {
  const args = machine.pop();
  const callable = machine.pop();
  if (!(callable instanceof PickleGlobal)) throw machine.fail(`REDUCE calls ${kindOf(callable)}`);
  if (!(args instanceof PickleTuple)) throw machine.fail(`REDUCE gives ${callable.text} ${kindOf(args)}, no tuple`);
  const isMap = callable.text === "collections.OrderedDict";
  machine.spend(isMap ? cost.map : cost.node);
  machine.push(isMap ? orderedMap(machine, args.items) : machine.rules.reduce(callable, args.items, machine.fail));
}

/** An `OrderedDict`, empty or, as Python 2 writes it, of a list of lists of a key and its value. */
function orderedMap(machine: PickleMachine, args: readonly PickleValue[]): PickleMap {
  const map = new PickleMap(true);
  const [pairs, ...others] = args;
  if (pairs === undefined) return map;
  if (!(pairs instanceof PickleList) || others.length > 0) {
    throw machine.fail(`an OrderedDict is made of ${args.map(kindOf).join(", ")}, no list of pairs`);
  }
  for (const pair of pairs.items) {
    if (!(pair instanceof PickleList || pair instanceof PickleTuple) || pair.items.length !== 2) {
      throw machine.fail(`an OrderedDict is made of ${kindOf(pair)}, no pair`);
    }
    machine.setPair(map, ...pairOf(pair.items));
  }
  return map;
}

function pairOf([key, value]: readonly PickleValue[]): [PickleValue | undefined, PickleValue | undefined] {
  return [key, value];
}

/** A line of text, as GLOBAL has it. */
function line({ reader, fail }: PickleMachine): string {
  const window = reader.bytes.subarray(reader.place, Math.min(reader.part.end, reader.place + maxGlobalBytes));
  const length = window.indexOf(0x0a);
  if (length < 0) throw fail("the name of a global does not end. The file was cut off or is damaged");
  const text = reader.text(length, "the name of a global");
  reader.skip(1, "a line's end");
  return text;
}

/** An integer of any length, lowest byte first, the sign in the highest bit. Beyond ±2^53 it is not exact. */
function longInteger(bytes: Uint8Array): number {
  const magnitude = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  return (bytes.at(-1) ?? 0) >= 128 ? magnitude - 256 ** bytes.length : magnitude;
}
