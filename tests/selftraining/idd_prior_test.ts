import { assert } from "@std/assert";
import { readFileSync } from "node:fs";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { unpack } from "../../src/graph/layout.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { accumulatePrior, type LabelBatch } from "../../src/selftraining/spatial_prior.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

testWithShared(
  "the spatial prior of IDD-Lite is the reference's",
  ["data/idd-lite", "data/parity/prior_240x320.npy"],
  async (
    folder,
    reference,
  ) => {
    const size = { height: 240, width: 320 };
    const { data: expected } = readNpy(new Uint8Array(readFileSync(reference)), reference);
    using loader = openLoader({ cacheBytes: 0 });
    const { items } = openDataset(folder).split("train");
    const batches = async function* (): AsyncGenerator<LabelBatch> {
      for await (const { labels } of loader.load(items, { size })) {
        assert(labels !== null);
        yield { images: 1, labels: Uint8Array.from(labels) };
      }
    };
    const gpu = await testGpu();
    const buffer = await accumulatePrior(gpu, batches(), { classes: 7, size });
    const [bytes] = await gpu.read(buffer);
    gpu.destroyBuffer(buffer);
    assert(bytes !== undefined);
    let worst = 0;
    unpack(new Float32Array(bytes.buffer), [1, 7, size.height, size.width], "activation").forEach((value, index) => {
      const wanted = Number(expected[index]);
      worst = Math.max(worst, Math.abs(value - wanted) / (1e-6 * wanted + 1e-9));
    });
    assert(worst <= 1, `the largest error is ${worst} times the allowed one`);
  },
);
