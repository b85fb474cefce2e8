/**
 * Encodes launches and copies as commands for the queue. They share a pass where possible; copies to textures and
 * timestamps end one.
 *
 * @module
 */

import { type BufferCopy, type Dispatch, encodeTextureCopy } from "./launch.ts";
import type { SubmissionTimes } from "./submission_times.ts";

/** Commands to be submitted together. */
export interface Commands {
  readonly buffer: GPUCommandBuffer;
  /** What its launches cost (`launchCost`). */
  readonly cost: number;
}

/**
 * Encodes the launches in order, then the copies.
 *
 * @param longest the cost at which commands end and others begin. A launch that costs more is alone.
 * @param times times all of it as one.
 */
export function* encodeSubmission(
  device: GPUDevice,
  launches: readonly Dispatch[],
  copies: Iterable<BufferCopy>,
  longest: number,
  times: SubmissionTimes | null,
): Generator<Commands> {
  let encoder = device.createCommandEncoder();
  const stamps = times?.begin(encoder, launches.map(({ pipeline }) => pipeline.name));
  let pass: GPUComputePassEncoder | null = null;
  const endPass = () => {
    pass?.end();
    pass = null;
  };
  let cost = 0;
  for (const [index, launch] of launches.entries()) {
    if (cost > 0 && cost + launch.cost > longest) {
      endPass();
      yield { buffer: encoder.finish(), cost };
      encoder = device.createCommandEncoder();
      cost = 0;
    }
    cost += launch.cost;
    const { pipeline, bindGroup, workgroups, textureCopies = [], copiesBefore = [], copiesAfter = [] } = launch;
    if (textureCopies.length + copiesBefore.length > 0) endPass();
    for (const copy of textureCopies) encodeTextureCopy(encoder, copy);
    for (const copy of copiesBefore) encodeBufferCopy(encoder, copy);
    pass ??= encoder.beginComputePass(stamps?.pass?.(index));
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    if (stamps?.pass || copiesAfter.length > 0) endPass();
    for (const copy of copiesAfter) encodeBufferCopy(encoder, copy);
  }
  endPass();
  for (const copy of copies) encodeBufferCopy(encoder, copy);
  stamps?.end(encoder);
  yield { buffer: encoder.finish(), cost };
}

function encodeBufferCopy(encoder: GPUCommandEncoder, { from, to, toOffset }: BufferCopy): void {
  encoder.copyBufferToBuffer(from.buffer, from.offset, to, toOffset, from.size);
}
