/**
 * The reference workload's inference in onnxruntime-web 1.22 on WebGPU. It does not train.
 *
 * @module
 */

import * as ort from "onnxruntime-web/webgpu";
import reference from "../reference.json" with { type: "json" };
import { batch, classes, height, images, width } from "../reference_data.ts";
import { referenceModel } from "./onnx.ts";
import { foldedLayers, type PeerEngine, serve } from "./serve.ts";

async function open(): Promise<PeerEngine> {
  const session = await ort.InferenceSession.create(referenceModel(foldedLayers(), classes), {
    executionProviders: ["webgpu"],
  });
  const input = new ort.Tensor("float32", images(), [batch, 3, height, width]);
  return {
    async forward() {
      const { logits } = await session.run({ images: input });
      if (logits === undefined) throw new Error("onnxruntime-web gave no logits");
      const values = await logits.getData();
      logits.dispose();
      return values as Float32Array;
    },
    place: (image, channel, row, column) => ((image * classes + channel) * height + row) * width + column,
  };
}

await serve(open, reference.forward.index);
