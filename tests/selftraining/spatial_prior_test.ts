import { assert } from "@std/assert";
import { readFileSync } from "node:fs";
import { unpack } from "../../src/graph/layout.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { accumulatePrior, type LabelBatch } from "../../src/selftraining/spatial_prior.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

testWithShared("accumulatePrior() equals the vectors for even and odd kernels and every normalisation", [
  "vectors/prior",
], async (folder) => {
  const gpu = await testGpu();
  const read = (name: string) =>
    readNpy(new Uint8Array(readFileSync(`${folder}/${name}`)), name).data as ArrayLike<number>;
  const labels = Uint8Array.from(read("labels.npy"));
  const [height, width, classes] = [20, 32, 5];
  const pixels = height * width;
  const batches = async function* (): AsyncGenerator<LabelBatch> {
    yield { images: 3, labels: labels.slice(0, 3 * pixels) };
    yield { images: 1, labels: labels.slice(3 * pixels) };
  };
  for (const [kernel, sigma] of [[7, 1.75], [6, 1.5]] as const) {
    for (const normalization of ["none", "pixel", "class"] as const) {
      const buffer = await accumulatePrior(gpu, batches(), {
        classes,
        size: { height, width },
        kernel,
        sigma,
        normalization,
      });
      const [bytes] = await gpu.read(buffer);
      assert(bytes !== undefined);
      const values = unpack(new Float32Array(bytes.buffer), [1, classes, height, width], "activation");
      const expected = read(`prior_k${kernel}_${normalization}.npy`);
      for (const [index, value] of values.entries()) {
        const wanted = expected[index] ?? NaN;
        assert(
          Math.abs(value - wanted) <= 1e-6 * Math.abs(wanted) + 1e-9,
          `${kernel} ${normalization} [${index}]: ${value}, expected ${wanted}`,
        );
      }
      gpu.destroyBuffer(buffer);
    }
  }
});
