/**
 * Files that a page gives to its visitor.
 *
 * @module
 */

/**
 * Lets the browser save bytes as a file.
 *
 * @param type the content's type, such as `image/png`.
 */
export function saveFile(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
