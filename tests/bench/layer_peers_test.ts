import { assertEquals } from "@std/assert";
import { layerNamed } from "../../bench/layer_data.ts";
import { LayerPeers } from "../../bench/layer_peers.ts";
import type { PeerAnswer, PeerName } from "../../bench/peer_answer.ts";

const layer = layerNamed("conv 3×3 64→64 at 64×128, batch 2");
const right = layer.values.find(({ direction }) => direction === "forward")?.samples ?? [];
const wrong = right.map((value) => value + 1);

/** Peers with answers by name, and the questions that they were asked. */
function fake(answers: Partial<Record<PeerName, (launches: number) => PeerAnswer | null>>) {
  const asked: string[] = [];
  const peers = {
    running: Object.keys(answers) as PeerName[],
    errors: new Map<PeerName, string>([["jax", "no adapter"]]),
    ask: (name: PeerName, question: string) => {
      asked.push(`${name} ${question}`);
      const launches = Number(question.split(" ")[2]);
      return Promise.resolve(answers[name]?.(launches) ?? null);
    },
  };
  return { asked, compared: (direction: "forward" | "dx") => new LayerPeers(peers, layer, direction) };
}

Deno.test("the ratio is that of the fastest right engine, PyTorch on the CPU left out, and waits are not counted", async () => {
  const { compared } = fake({
    tfjs: (launches) => ({ milliseconds: 10 + launches * 40, results: { y: right } }),
    ort: (launches) => ({ milliseconds: 10 + launches * 30, results: { y: right } }),
    pytorch: (launches) => ({ milliseconds: launches, results: { y: right } }),
  });
  const comparison = compared("forward");
  for (let turn = 0; turn < 3; turn++) await comparison.takeTurns(5, 0.01);
  assertEquals(comparison.comparison(0.01), {
    peers: {
      jax: { ms: null, correct: false, error: "no adapter" },
      tfjs: { ms: 40, correct: true },
      ort: { ms: 30, correct: true },
    },
    pytorch: { ms: 1, correct: true },
    ratio: 3,
  });
});

Deno.test("a wrong engine runs once, one that does not train is not asked for gradients, and no ratio comes of either", async () => {
  const { asked, compared } = fake({
    tfjs: () => ({ milliseconds: 1, results: { y: wrong } }),
    ort: () => ({ milliseconds: 1, results: { y: right } }),
  });
  const gradient = compared("dx");
  for (let turn = 0; turn < 2; turn++) await gradient.takeTurns(4, 0);
  assertEquals(asked, [`tfjs layer dx 1 ${layer.name}`]);
  assertEquals(gradient.comparison(1).peers.tfjs, { ms: 1, correct: false });
  assertEquals(gradient.comparison(1).ratio, null);
});

Deno.test("a slow engine has one turn after its warm-up, and none where the time of all is used up", async () => {
  const { asked, compared } = fake({ tfjs: () => ({ milliseconds: 9000, results: { y: right } }), ort: () => null });
  const comparison = compared("forward");
  for (let turn = 0; turn < 3; turn++) await comparison.takeTurns(3, 0);
  assertEquals(asked.filter((question) => question.startsWith("tfjs")).length, 2);
  assertEquals(comparison.comparison(1).peers.tfjs?.ms, 3000);
  assertEquals(comparison.comparison(1).peers.ort, undefined);
});
