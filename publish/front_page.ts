/**
 * The start page of the site.
 *
 * @module
 */

import { pageHtml } from "./shell.ts";

/** The page as a file. It leads to the report of a run where the site has one. */
export function frontPage({ hasReport }: { readonly hasReport: boolean }): string {
  const report = hasReport
    ? `<p><a href="run/report.html">The report of that run</a> shows what happened: scores, thresholds, pseudo-labels.</p>`
    : "";
  const main = `<h1>Crosswalk</h1>
<p class="lead">Teach a segmentation network streets that it has no labels for: class-balanced self-training on your
own GPU, in this browser or on the command line. Nothing is installed, and nothing is uploaded.</p>
<p class="bar">
<a class="button primary" href="studio/index.html">Adapt a network here</a>
<a class="button" href="label/index.html">Label a picture</a>
<a class="button" href="bench.html">Measure this GPU</a>
</p>
<figure>
<img class="wide" src="docs/images/town.png" width="984" height="132" alt="A street of the target town, five times: the
picture, its ground truth, the labels before adaptation, the pseudo-labels, and the labels after adaptation">
<figcaption>A street of the built-in target town: the picture, its ground truth, the network before adaptation, its
pseudo-labels, and after. The network learned from another town and saw no label of this one.</figcaption>
</figure>
${report}
<div class="grid">
<section class="card" aria-labelledby="adapt">
<h2 id="adapt">Adapt</h2>
<p>Give the <a href="studio/index.html">studio</a> 20 to 200 photos of your streets, or take the built-in town. It
trains, chooses a threshold for each class, labels, trains again, and shows all of it while it happens. Close the tab
whenever you like: the run goes on where it stopped.</p>
</section>
<section class="card" aria-labelledby="label">
<h2 id="label">Label</h2>
<p>Drop pictures on the <a href="label/index.html">predictor</a>, paste one, or use the camera. Compare the network
before and after its adaptation with one switch.</p>
</section>
<section class="card" aria-labelledby="measure">
<h2 id="measure">Measure</h2>
<p>The <a href="bench.html">benchmark</a> checks every hand-written kernel on your GPU against what PyTorch computes,
and times it.</p>
</section>
<section class="card" aria-labelledby="read">
<h2 id="read">Read</h2>
<p><a href="docs/tour.html">The tour</a> follows one pixel from its file to its gradient, and one threshold from the
logits to its label. <a href="docs/browser.html">In a browser</a> tells how to host these pages and how to use the
library in a page of your own.</p>
</section>
</div>
<div class="grid">
<figure><img class="wide" src="docs/images/studio.png" alt="The page that adapts, in mid-run: the rounds, and
pseudo-labels appearing picture by picture"><figcaption>Pseudo-labels appear while a network adapts.</figcaption></figure>
<figure><img class="wide" src="docs/images/label_page.png" alt="The page that labels: a street under the colours of its
classes, with the share of each class"><figcaption>A network labels a picture.</figcaption></figure>
<figure><img class="wide" src="docs/images/report.png" alt="The report of a run: a warning on the pseudo-labels of one
class, and the IoU of each class before and after"><figcaption>Every run leaves a report.</figcaption></figure>
</div>
<h2>How it works</h2>
<p>A network that was trained on labelled streets of one place does worse at another. Class-balanced self-training (Zou
et al., ECCV 2018) needs no labels of the other place:</p>
<ol>
<li>The network labels the pictures of the new place.</li>
<li>Of every class, the same portion of the most confident pixels becomes pseudo-labels. So the rare classes are not
drowned by road and sky.</li>
<li>The network trains on them, mixed with labelled pictures of the first place.</li>
<li>The portion grows, and it begins again.</li>
</ol>
<p>The engine is WebGPU, written from scratch with hand-written WGSL kernels. The loop that runs in the browser is the
command line's own.</p>
<h2>On the command line</h2>
<pre tabindex="0"><code>./crosswalk adapt --source streets --target photos --source-model source.safetensors --out run</code></pre>
<p>The same in LiDAR scans, of which two are labelled:</p>
<pre tabindex="0"><code>./crosswalk adapt --built-in lidar</code></pre>
<figure class="document">
<img class="wide" src="docs/images/lidar.png" width="1036" height="953" alt="Range images of the built-in LiDAR towns: points, ground truth, and
labels before and after adaptation">
<figcaption>LiDAR scans of the built-in towns as range images. See <a href="docs/lidar.html">LiDAR</a>.</figcaption>
</figure>
<p>Everything else is in the <a href="docs/index.html">documentation</a>.</p>`;
  return pageHtml({ title: "Crosswalk", root: "", main }, "index.html");
}
