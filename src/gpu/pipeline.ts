/**
 * Compiled kernels, and what they are bound to.
 *
 * @module
 */

import type { BufferRange, Pipeline } from "./launch.ts";
import { bindingKinds } from "./shader.ts";

/**
 * Compiles the text of a shader variant.
 *
 * @throws {Error} with the compiler's messages and the numbered text.
 */
export async function compilePipeline(device: GPUDevice, name: string, text: string): Promise<Pipeline> {
  const bindings = bindingKinds(text, name);
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: name, code: text });
  const layout = device.createBindGroupLayout({
    label: name,
    entries: bindings.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...(type === "texture" ? { texture: { sampleType: "unfilterable-float" } } : { buffer: { type } }),
    })),
  });
  const pipeline = device.createComputePipeline({
    label: name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main" },
  });
  const error = await device.popErrorScope();
  if (error !== null) {
    const { messages } = await module.getCompilationInfo();
    const detail = messages.map((m) => `line ${m.lineNum}: ${m.message}`).join("; ") || error.message;
    throw new Error(`Cannot compile shaders/${name}.wgsl: ${detail}\n${numbered(text, messages)}`);
  }
  return { name, pipeline, layout, bindings };
}

/** A bind group of buffers, parts of buffers and textures, in the order of the shader's bindings. */
export function bindResources(
  device: GPUDevice,
  pipeline: Pipeline,
  ranges: readonly (BufferRange | GPUTexture)[],
): GPUBindGroup {
  if (ranges.length !== pipeline.bindings.length) {
    throw new Error(
      `Cannot bind ${pipeline.name}: it declares ${pipeline.bindings.length} bindings, ${ranges.length} were given`,
    );
  }
  return device.createBindGroup({
    label: pipeline.name,
    layout: pipeline.layout,
    entries: ranges.map((range, binding) => ({
      binding,
      resource: range instanceof GPUTexture ? range.createView() : range,
    })),
  });
}

function numbered(text: string, messages: readonly GPUCompilationMessage[]): string {
  const lines = text.split("\n");
  return messages.map(({ lineNum }) => `${lineNum}: ${lines[lineNum - 1] ?? ""}`).join("\n");
}
