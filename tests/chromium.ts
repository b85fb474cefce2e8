/**
 * Pages in a headless Chromium, whose WebGPU is Dawn with the shader compiler Tint, on SwiftShader.
 *
 * @module
 */

const paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of this machine's Chromium, if there is one. */
export const chromium: string | undefined = paths.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

const flags = [
  ...["--headless", "--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/**
 * Runs a function in a page of its own and returns what it returns.
 *
 * @param body source text of an asynchronous function of `data`, both as JSON has them.
 * @throws {Error} if the function throws, or the browser has not answered after `seconds`.
 */
export async function inPage<Result>(path: string, body: string, data: unknown, seconds: number): Promise<Result> {
  const page = `<!doctype html><title>running</title><script>
    (async () => {
      const data = await (await fetch("/data")).json();
      const answer = await (${body})(data).then((result) => ({ result }), (error) => ({ error: String(error) }));
      await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
    })();
  </script>`;
  const { promise, resolve } = Promise.withResolvers<{ readonly result?: Result; readonly error?: string }>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.method === "POST") resolve(await request.json());
    if (request.url.endsWith("/data")) return Response.json(data);
    return new Response(page, { headers: { "content-type": "text/html" } });
  });
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(path, {
    args: [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}/`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timeout = setTimeout(
    () => resolve({ error: `the browser has not answered after ${seconds} s` }),
    seconds * 1000,
  );
  const { result, error } = await promise;
  clearTimeout(timeout);
  browser.kill("SIGKILL");
  await browser.status;
  await server.shutdown();
  await removeFolder(profile);
  if (result === undefined) throw new Error(error);
  return result;
}

/** Removes a folder into which the processes of a killed browser may still write for a moment. */
async function removeFolder(path: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await Deno.remove(path, { recursive: true });
}
