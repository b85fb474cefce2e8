/**
 * The reference workload's inference and that of single layers in onnxruntime-web 1.22 on WebGPU. It does not train.
 *
 * @module
 */

import * as ort from "onnxruntime-web/webgpu";
import { type Direction, layerInput, type SingleLayer } from "../layer_data.ts";
import { batch, classes, height, images, width } from "../reference_data.ts";
import type { Bytes } from "./onnx.ts";
import { layerModel, referenceModel } from "./onnx_models.ts";
import { type PeerEngine, type PeerLayer, type PeerWorkload, serve } from "./serve.ts";

function session(model: Bytes, options: ort.InferenceSession.SessionOptions = {}): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, { ...options, executionProviders: ["webgpu"] });
}

async function workload(): Promise<PeerWorkload> {
  const reference = await session(referenceModel());
  const input = new ort.Tensor("float32", images(), [batch, 3, height, width]);
  return {
    async forward() {
      const { logits } = await reference.run({ images: input });
      if (logits === undefined) throw new Error("onnxruntime-web gave no logits");
      const values = await logits.getData();
      logits.dispose();
      return values as Float32Array;
    },
    place: (image, channel, row, column) => ((image * classes + channel) * height + row) * width + column,
  };
}

async function layer(layer: SingleLayer, direction: Direction): Promise<PeerLayer> {
  if (direction !== "forward") throw new Error("this engine does not train");
  // Images and results stay on the GPU, as with the other engines.
  const run = await session(layerModel(layer), { preferredOutputLocation: "gpu-buffer" });
  // The device exists from the first session on.
  const device = await ort.env.webgpu.device as GPUDevice;
  const { shape, values } = layerInput(layer, "x");
  const buffer = device.createBuffer({
    size: values.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  device.queue.writeBuffer(buffer, 0, values);
  const x = ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: shape });
  let y: ort.Tensor | undefined;
  return {
    async run(launches) {
      for (let launch = 0; launch < launches; launch++) {
        y?.dispose();
        y = (await run.run({ x })).y;
      }
      await device.queue.onSubmittedWorkDone();
    },
    async results() {
      return { y: await y?.getData() as Float32Array };
    },
    dispose() {
      y?.dispose();
      buffer.destroy();
      void run.release();
    },
  };
}

await serve((): Promise<PeerEngine> => Promise.resolve({ workload, layer }));
