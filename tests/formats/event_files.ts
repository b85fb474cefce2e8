/**
 * Reads TensorBoard's event files: with a reader of its own, and with TensorBoard's.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { crc32c } from "../../src/formats/event_file.ts";

/** An event as it was read. */
export interface FoundEvent {
  readonly time: number;
  readonly step: number;
  readonly version: string | undefined;
  readonly values: readonly FoundValue[];
}

/** A figure or a picture as it was read. */
export interface FoundValue {
  readonly tag: string;
  readonly value: number | undefined;
  readonly image: { height: number; width: number; channels: number; bytes: Uint8Array } | undefined;
}

/** The events of a file, whose checks are made sure of. */
export function readEvents(file: Uint8Array<ArrayBuffer>): FoundEvent[] {
  const events: FoundEvent[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let place = 0; place < file.length;) {
    const length = Number(view.getBigUint64(place, true));
    assertEquals(view.getUint32(place + 8, true), masked(file.subarray(place, place + 8)));
    const data = file.subarray(place + 12, place + 12 + length);
    assertEquals(view.getUint32(place + 12 + length, true), masked(data));
    events.push(eventOf(data));
    place += 16 + length;
  }
  return events;
}

function masked(bytes: Uint8Array): number {
  const crc = BigInt(crc32c(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) & 0xffffffffn) + 0xa282ead8n & 0xffffffffn);
}

function eventOf(data: Uint8Array<ArrayBuffer>): FoundEvent {
  const fields = fieldsOf(data);
  const values = fieldsOf(bytesOf(fields, 5)).filter(({ number }) => number === 1).map(({ bytes }) => valueOf(bytes));
  const version = fields.find(({ number }) => number === 3);
  return {
    time: new DataView(bytesOf(fields, 1).slice().buffer).getFloat64(0, true),
    step: numberOf(fields, 2),
    version: version === undefined ? undefined : new TextDecoder().decode(version.bytes),
    values,
  };
}

function valueOf(data: Uint8Array<ArrayBuffer>): FoundValue {
  const fields = fieldsOf(data);
  const has = (wanted: number) => fields.some(({ number }) => number === wanted);
  const image = fieldsOf(bytesOf(fields, 4));
  return {
    tag: new TextDecoder().decode(bytesOf(fields, 1)),
    value: has(2) ? new DataView(bytesOf(fields, 2).slice().buffer).getFloat32(0, true) : undefined,
    image: has(4)
      ? {
        ...{ height: numberOf(image, 1), width: numberOf(image, 2), channels: numberOf(image, 3) },
        bytes: bytesOf(image, 4).slice(),
      }
      : undefined,
  };
}

interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function fieldsOf(data: Uint8Array<ArrayBuffer>): Field[] {
  const fields: Field[] = [];
  let place = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = data[place++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (place < data.length) {
    const key = varint();
    const [number, kind] = [key >> 3, key & 7];
    const value = kind === 0 || kind === 2 ? varint() : 0;
    const length = kind === 2 ? value : kind === 1 ? 8 : kind === 5 ? 4 : 0;
    fields.push({ number, value, bytes: data.subarray(place, place + length) });
    place += length;
  }
  return fields;
}

function bytesOf(fields: readonly Field[], wanted: number): Uint8Array<ArrayBuffer> {
  return fields.find(({ number }) => number === wanted)?.bytes ?? new Uint8Array(0);
}

function numberOf(fields: readonly Field[], wanted: number): number {
  return fields.find(({ number }) => number === wanted)?.value ?? 0;
}

const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
found.Reload()
tags = found.Tags()
result = {tag: [[e.step, e.value] for e in found.Scalars(tag)] for tag in tags["scalars"]}
for tag in tags["images"]:
    result["images of " + tag] = [[e.step, len(e.encoded_image_string)] for e in found.Images(tag)]
print(json.dumps(result))
`;

/** Whether TensorBoard's reader is installed. */
export async function hasTensorboard(): Promise<boolean> {
  const { code } = await python("-c", "import tensorboard.backend.event_processing.event_accumulator").catch(() => ({
    code: 1,
  }));
  return code === 0;
}

/** Step and value of each figure in a folder, by tag, as TensorBoard reads them; of pictures step and bytes. */
export async function scalarsOfTensorboard(folder: string): Promise<Record<string, [number, number][]>> {
  const { stdout, stderr } = await python("-c", script, folder);
  const text = new TextDecoder();
  const last = text.decode(stdout).trim().split("\n").at(-1) ?? "";
  if (last === "") throw new Error(text.decode(stderr));
  return JSON.parse(last);
}

function python(...args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command("python3", { args }).output();
}
