import { assert, assertEquals } from "@std/assert";
import { philox, Random } from "../src/random.ts";

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

Deno.test("philox() gives the published known answers of Philox4x32-10", () => {
  const ones = 0xffffffff;
  assertEquals(hex(philox([0, 0], [0, 0, 0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assertEquals(hex(philox([ones, ones], [ones, ones, ones, ones])), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  assertEquals(
    hex(philox([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344])),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("Random depends on seed, purpose and counters, and on nothing else", () => {
  const random = new Random(7, "crop");
  const first = random.uniform(1, 2, 3);
  random.uniform(9);
  assertEquals(random.uniform(1, 2, 3), first);
  assert(first !== random.uniform(1, 2, 4));
  assert(first !== new Random(8, "crop").uniform(1, 2, 3));
  assert(first !== new Random(7, "mirror").uniform(1, 2, 3));
});

Deno.test("Random.permutation() holds every number once", () => {
  const order = new Random(1, "shuffle").permutation(101, 5);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 101 }, (_, index) => index));
});

Deno.test("Random.normal() has mean 0 and variance 1", () => {
  const random = new Random(3, "noise");
  const draws = Array.from({ length: 20000 }, (_, index) => random.normal(index));
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
  assert(Math.abs(mean) < 0.03, `mean ${mean}`);
  assert(Math.abs(variance - 1) < 0.04, `variance ${variance}`);
});
