/**
 * Times the Lovász-softmax, forward and backward, against the same with errors sorted by numpy. Run it as `deno run -A
 * --config deno.json bench/lovasz.ts [PYTHON]`. Both take turns, so that what else runs slows both.
 *
 * @module
 */

import { Gpu } from "../src/gpu/gpu.ts";
import { median, timed } from "../src/gpu/timing.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input } from "../src/graph/tensor.ts";
import { gradients } from "../src/ops/gradients.ts";
import { lovaszSoftmax } from "../src/ops/loss/lovasz_softmax.ts";
import { Random } from "../src/random.ts";

const [classes, height, width] = [20, 128, 2048] as const;
/** Pairs of timings. */
const rounds = 7;

const [python = "python3"] = Deno.args;
const shape = [1, classes, height, width];
/** A network that is right at most pixels: 4 is added to the logit of the label. */
const drawn = new Random(1, "logits");
const logits = Float32Array.from({ length: classes * height * width }, (_, at) => 4 * drawn.uniform(at));
const random = new Random(1, "labels");
const labels = Uint8Array.from({ length: height * width }, (_, pixel) => {
  const label = Math.floor(random.uniform(pixel) * classes);
  if (random.uniform(pixel, 1) < 0.8) {
    logits[label * height * width + pixel] = 4 + (logits[label * height * width + pixel] ?? 0);
  }
  return label;
});

using gpu = await Gpu.open();
const given = input("logits", shape);
const truth = input("labels", [1, height, width], { dtype: "u8", layout: "plain" });
const loss = lovaszSoftmax(given, truth);
const [gradient = loss] = gradients(loss, [given]);
using program = await Program.compile(gpu, { outputs: { loss, gradient } });
program.write("logits", pack(logits, shape, "activation"));
program.write("labels", labels);
program.run();
const found = (await program.read("loss"))[0] ?? NaN;

const folder = await Deno.makeTempDir();
await Deno.writeFile(`${folder}/logits`, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
await Deno.writeFile(`${folder}/labels`, labels);
const script = `
import sys, time, numpy as np
z = np.fromfile(sys.argv[1] + "/logits", "f4").reshape(${classes}, -1)
y = np.fromfile(sys.argv[1] + "/labels", "u1")
def step():
    p = np.exp(z - z.max(0)); p /= p.sum(0)
    dp = np.zeros_like(p); loss = 0.0; present = 0
    for c in range(${classes}):
        t = (y == c)
        g = int(t.sum())
        if g == 0: continue
        present += 1
        e = np.abs(t - p[c])
        order = np.argsort(-e)
        f = np.cumsum(t[order]); n = np.arange(1, len(f) + 1)
        j = 1 - (g - f) / (g + n - f)
        w = np.diff(j, prepend=0)
        loss += float(e[order] @ w)
        dp[c, order] = np.where(t[order], -w, w)
    dp /= present
    dz = p * (dp - (p * dp).sum(0))
    return loss / present, dz
step()
for line in sys.stdin:
    start = time.perf_counter(); loss, _ = step(); print(time.perf_counter() - start, loss, flush=True)
`;
const peer = new Deno.Command(python, { args: ["-c", script, folder], stdin: "piped", stdout: "piped" }).spawn();
const ask = peer.stdin.getWriter();
const answers = peer.stdout.pipeThrough(new TextDecoderStream()).getReader();
/** The numbers of the next line that it writes, which may come in pieces. */
const answer = async (): Promise<number[]> => {
  let line = "";
  while (!line.endsWith("\n")) {
    const { value, done } = await answers.read();
    if (done) throw new Error(`${python} ended early`);
    line += value;
  }
  return line.trim().split(" ").map(Number);
};
const times: { readonly ours: number; readonly sorted: number }[] = [];
let sortedLoss = NaN;
for (let round = 0; round < rounds; round++) {
  const repeated = Array.from({ length: 3 }, () => program.dispatches).flat();
  const ours = await timed(gpu, repeated) / 3;
  await ask.write(new TextEncoder().encode("\n"));
  const [sorted = NaN, value = NaN] = await answer();
  times.push({ ours, sorted });
  sortedLoss = value;
}
await ask.close();
// Its answers have been read; this reads the end.
await answers.read();
await peer.status;
await Deno.remove(folder, { recursive: true });
const [ours, sorted] = [median(times.map(({ ours }) => ours)), median(times.map(({ sorted }) => sorted))];
const ratio = median(times.map(({ ours, sorted }) => sorted / ours));
console.log(`loss ${found}, sorted ${sortedLoss}`);
console.log(`Lovász-softmax of ${classes} classes, ${height * width} pixels, forward and backward`);
console.log(
  `here ${(1000 * ours).toFixed(0)} ms, sorted by numpy ${(1000 * sorted).toFixed(0)} ms: ${
    ratio.toFixed(1)
  } times as fast`,
);
