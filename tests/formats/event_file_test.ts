/** TensorBoard's event files: read back by a reader of the record format, and by TensorBoard's own where it is installed. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { crc32c, type LoggedEvent, writeEventFile } from "../../src/formats/event_file.ts";
import { hasTensorboard, readEvents, scalarsOfTensorboard } from "./event_files.ts";

const picture = { height: 2, width: 3, bytes: encodeRgbPng(new Uint8Array(18).fill(7), 2, 3) };
const events: LoggedEvent[] = [
  { time: 1e9, step: 0, values: [{ tag: "loss", value: 2.5 }] },
  { time: 1e9 + 1, step: 300, values: [{ tag: "loss", value: -0.125 }, { tag: "Straße/<b>", value: 1e-9 }] },
  { time: 1e9 + 2, step: 5_000_000_000, values: [{ tag: "picture", image: picture }] },
];

Deno.test("the check of a record is CRC-32C", () => {
  // The check value of the CRC catalogue, and vectors of RFC 3720, appendix B.4.
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
});

Deno.test("an event file holds its version, then each event with its figures and pictures", () => {
  const [first, ...others] = readEvents(writeEventFile(1e9, events));
  assertEquals([first?.version, first?.time], ["brain.Event:2", 1e9]);
  assertEquals(others.map(({ step, time }) => [step, time]), events.map(({ step, time }) => [step, time]));
  for (const [index, { values }] of events.entries()) {
    for (const [place, value] of values.entries()) {
      const found = others[index]?.values[place];
      assertEquals(found?.tag, value.tag);
      if ("value" in value) assertAlmostEquals(found?.value ?? NaN, value.value, 1e-12);
      else assertEquals(found?.image, { height: 2, width: 3, channels: 3, bytes: picture.bytes });
    }
  }
});

Deno.test({
  name: "TensorBoard reads an event file with its own reader",
  ignore: !await hasTensorboard(),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      Deno.writeFileSync(`${folder}/events.out.tfevents.1.test`, writeEventFile(1e9, events));
      const found = await scalarsOfTensorboard(folder);
      assertEquals(found.loss, [[0, 2.5], [300, -0.125]]);
      assert("Straße/<b>" in found);
      assertEquals(found["images of picture"], [[5_000_000_000, picture.bytes.length]]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
