/**
 * Compiled kernels, and what they are bound to.
 *
 * @module
 */

import type { BufferRange, Pipeline } from "./launch.ts";
import { bindingKinds } from "./shader.ts";

/** A pipeline that may be bound at once. Whether it is a valid one, the device says later. */
export interface Compilation {
  /** The pipeline. */
  readonly pipeline: Pipeline;
  /** What is wrong with it: the compiler's messages and the numbered text, or `null`. */
  readonly error: Promise<Error | null>;
}

/** Compiles the text of a shader variant. */
export function compilePipeline(device: GPUDevice, name: string, text: string): Compilation {
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
  const error = device.popErrorScope().then((error) => error && compilationError(module, name, text, error));
  return { pipeline: { name, pipeline, layout, bindings }, error };
}

async function compilationError(module: GPUShaderModule, name: string, text: string, { message }: GPUError) {
  const { messages } = await module.getCompilationInfo();
  const detail = messages.map((m) => `line ${m.lineNum}: ${m.message}`).join("; ") || message;
  return new Error(`Cannot compile shaders/${name}.wgsl: ${detail}\n${numbered(text, messages)}`);
}

/**
 * Launches a kernel over no workgroups, so that the driver compiles it. Some drivers compile only at the first launch,
 * in a thread of their own; Mesa's llvmpipe takes seconds for a large register tile. With this launch they compile
 * while the next shader is read.
 */
export function launchEmpty(device: GPUDevice, { pipeline }: Pipeline, bindGroup: GPUBindGroup): void {
  // Errors are ignored here: `Compilation.error` reports a wrong pipeline, and whoever made the bind group a wrong one.
  device.pushErrorScope("validation");
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(0);
  pass.end();
  device.queue.submit([encoder.finish()]);
  device.popErrorScope().catch(() => {});
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
