/**
 * What a page says where it has no GPU to run on.
 *
 * @module
 */

import type { JSX } from "preact";

/** The whole page: why it cannot work here, and what to try. */
export function NoGpu({ title, text }: { readonly title: string; readonly text: string }): JSX.Element {
  return (
    <main>
      <h1 dir="auto">{title}</h1>
      <div class="notice bad" role="alert">
        <p>
          <strong>This page needs WebGPU, and there is none here.</strong> {text}.
        </p>
      </div>
      <WhatToTry />
    </main>
  );
}

/** What a visitor without a GPU can try. */
export function WhatToTry(): JSX.Element {
  return (
    <>
      <h2>What to try</h2>
      <ul>
        {!isSecureContext && (
          <li>
            Open the page by https, or on this computer by http://localhost: browsers give no GPU to pages of plain
            http.
          </li>
        )}
        <li>Use a new version of Chrome or Edge (113 or later), Safari (26 or later) or Firefox (141 or later).</li>
        <li>Switch on “graphics acceleration” in the browser's settings, and start the browser again.</li>
        <li>
          On Linux, Chrome may need <code>chrome://flags/#enable-unsafe-webgpu</code> and a Vulkan driver; the page{" "}
          <code>chrome://gpu</code> says what it found.
        </li>
        <li>Update the driver of the graphics card.</li>
      </ul>
    </>
  );
}
