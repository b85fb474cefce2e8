/**
 * One reader for all files of tensors: the first bytes say which kind a file is.
 *
 * @module
 */

import { isMxnet, readMxnet } from "./mxnet.ts";
import { isSafetensors, readStoredSafetensors } from "./safetensors.ts";
import type { ForeignTensors } from "./stored_tensor.ts";
import { isTorch, readTorch } from "./torch.ts";

/**
 * Reads a file of tensors: safetensors, PyTorch's (`.pth`, `.pt`, `.th`) or MXNet's `.params`. The file may have any
 * name. Elements are decoded when they are asked for.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file, and where it can be said, the byte, and what was found.
 */
export function readTensors(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  if (isSafetensors(bytes)) return readStoredSafetensors(bytes, source);
  if (isMxnet(bytes)) return readMxnet(bytes, source);
  if (isTorch(bytes)) return readTorch(bytes, source);
  return readStoredSafetensors(bytes, source);
}
