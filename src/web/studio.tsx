/**
 * The studio: class-balanced self-training in the visitor's browser, on photos of their own or on the built-in town.
 * The run itself is in a Worker (`adapt_worker.ts`); here is what is seen of it.
 *
 * @module
 */

import { type JSX, render } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { errorText } from "../errors.ts";
import type { AdaptCommand, AdaptEvent } from "./adapt_messages.ts";
import { NoGpu } from "./no_gpu.tsx";
import { saveFile } from "./save_file.ts";
import { readSite, shownClasses, type Site, siteFile } from "./site.ts";
import { LossChart, RoundTable, ScoreTable } from "./studio_charts.tsx";
import { optionsOf, recipeText, type StartChoice, StartForm } from "./studio_form.tsx";
import { Comparison, type PageClass, PictureGrid } from "./studio_pictures.tsx";
import { Notice, Progress, Storage } from "./studio_progress.tsx";
import { afterEvent, emptyRun, type PageEvent, type RunView } from "./studio_run.ts";

const siteUrl = new URL(siteFile, document.baseURI).href;

const title = "Adapt a network to your own streets";

/** Why the page has no GPU to run on; `null` if it has one. */
async function withoutGpu(): Promise<string | null> {
  if (navigator.gpu === undefined) return "The browser has no WebGPU";
  return await navigator.gpu.requestAdapter() === null ? "The browser finds no adapter" : null;
}

/** The page. */
function Studio({ site }: { readonly site: Site }): JSX.Element {
  const [view, tell] = useReducer(
    (before: RunView, event: AdaptEvent | PageEvent) => afterEvent(before, event, performance.now()),
    emptyRun,
  );
  const worker = useRef<Worker | null>(null);
  const openAnew = () => {
    worker.current?.terminate();
    worker.current = openWorker(tell);
  };
  const send = (command: AdaptCommand) => worker.current?.postMessage(command);
  useEffect(() => {
    openAnew();
    send({ type: "look" });
    return () => worker.current?.terminate();
  }, []);
  const { phase } = view;
  // A picture to begin with.
  useEffect(() => {
    if (phase === "finished" && !isKept(view)) send({ type: "compare", index: 0 });
  }, [phase]);

  const start = ({ photos, weights, recipe }: StartChoice) => {
    tell({ type: "phase", phase: "starting" });
    // Asks the browser not to throw the run away when its disk is full.
    void navigator.storage.persist();
    send({
      ...{ type: "start", site: siteUrl, options: optionsOf(recipe) },
      images: photos === null ? { kind: "town" } : { kind: "photos", files: photos },
      ...(weights === null ? {} : { weights }),
    });
  };
  const resume = () => {
    // A Worker that lost its GPU gets no other.
    if (view.error !== null) openAnew();
    tell({ type: "phase", phase: phase === "paused" ? "running" : "starting" });
    send({ type: "resume", site: siteUrl });
  };
  const pause = () => {
    tell({ type: "phase", phase: "pausing" });
    send({ type: "pause" });
  };
  const remove = () => {
    if (view.error !== null) openAnew();
    send({ type: "delete" });
  };
  if (view.error?.reason === "no adapter") return <NoGpu title={title} text={view.error.text.replace(/\.$/, "")} />;
  return (
    <>
      <Header site={site} />
      <main>
        <Failure view={view} onResume={resume} />
        <Kept view={view} onResume={resume} />
        {(phase === "none" || isKept(view) || (phase === "failed" && view.adapter === null)) && (
          <StartForm recipe={recipeText(site.studio?.recipe ?? {})} start={startText(site)} onStart={start} />
        )}
        {["starting", "running", "pausing", "paused"].includes(phase) && (
          <Progress view={view} onPause={pause} onResume={resume} />
        )}
        {phase === "finished" && !isKept(view) && (
          <Finished
            {...{ view, site }}
            onChoose={(index) => send({ type: "compare", index })}
            onDownload={(name) => send({ type: "file", name })}
          />
        )}
        <Numbers {...{ view, site }} />
        <Storage view={view} onDelete={remove} />
      </main>
    </>
  );
}

/** Starts the Worker of the run. A file that it sends is saved, everything else is told. */
function openWorker(tell: (event: AdaptEvent) => void): Worker {
  const worker = new Worker(new URL("adapt_worker.js", document.baseURI), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<AdaptEvent>) => {
    if (data.type === "file") saveFile(data.name, data.bytes, "application/octet-stream");
    else tell(data);
  };
  worker.onerror = ({ message }) =>
    tell({ type: "error", reason: "failed", text: `The Worker of the run ended: ${message}. Load the page again` });
  return worker;
}

function Header({ site }: { readonly site: Site }): JSX.Element {
  return (
    <header>
      <h1>{title}</h1>
      <p>
        The network learns from labelled pictures and adapts itself to pictures without labels, on this computer's GPU.
        {" "}
        <strong>Nothing leaves this computer.</strong>{" "}
        The browser holds the page to that: it may load its own files and nothing else.
      </p>
      {site.weights.adapted !== undefined && (
        <nav aria-label="Pages">
          <a href="index.html">Label pictures with the network as it is</a>
        </nav>
      )}
    </header>
  );
}

/** Why nothing goes on, and what to do. */
function Failure({ view: { error, run }, onResume }: {
  readonly view: RunView;
  readonly onResume: () => void;
}): JSX.Element | null {
  if (error === null) return null;
  return (
    <Notice kind="bad">
      <p>
        <strong>{error.reason === "lost" ? "The GPU is gone." : "That did not work."}</strong> {error.text}
      </p>
      {run !== null && <button type="button" onClick={onResume}>Go on from the last checkpoint</button>}
    </Notice>
  );
}

/** Whether there is a run of an earlier visit that nobody has gone on with. */
function isKept({ phase, adapter }: RunView): boolean {
  return phase === "kept" || (phase === "finished" && adapter === null);
}

/** Offers a run of an earlier visit. */
function Kept({ view, onResume }: {
  readonly view: RunView;
  readonly onResume: () => void;
}): JSX.Element | null {
  const { run } = view;
  if (run === null || !isKept(view)) return null;
  const began = new Date(run.began).toLocaleString();
  return (
    <Notice kind="good">
      <p>
        <strong>There is a run of {began}.</strong> {run.isFinished ? "It is finished." : "It is not finished."}{" "}
        A new run takes its place.
      </p>
      <button type="button" class="primary" onClick={onResume}>
        {run.isFinished ? "Show it" : "Go on with it"}
      </button>
    </Notice>
  );
}

/** What came out. */
function Finished({ view: { run, compared }, site, onChoose, onDownload }: {
  readonly view: RunView;
  readonly site: Site;
  readonly onChoose: (index: number) => void;
  readonly onDownload: (name: string) => void;
}): JSX.Element {
  return (
    <section aria-labelledby="finished">
      <h2 id="finished">Before and after</h2>
      <Comparison
        names={run?.images ?? []}
        chosen={compared?.index ?? 0}
        picture={compared === null ? null : { ...compared.picture, before: compared.before }}
        classes={classesOf(site)}
        onChoose={onChoose}
      />
      <h3>Take it with you</h3>
      <p class="bar">
        <button type="button" class="primary" onClick={() => onDownload("weights.safetensors")}>
          Download the adapted weights
        </button>
        <button type="button" onClick={() => onDownload("source.safetensors")}>Download the weights before</button>
      </p>
      <p>
        The command line takes the files: <code>crosswalk predict --weights weights.safetensors …</code>
      </p>
    </section>
  );
}

/** The run in numbers and pictures, as they are made. */
function Numbers({ view, site }: { readonly view: RunView; readonly site: Site }): JSX.Element {
  const { warnings, scores, rounds, pictures, losses } = view;
  const classes = classesOf(site);
  const shown = shownClasses(site);
  const scored = shown.classes.map((name, index) => ({ name, color: shown.palette[index] ?? [0, 0, 0] }));
  return (
    <>
      {warnings.map((text) => (
        <Notice kind="warning" key={text}>
          <p>
            <strong>Mind:</strong> {text}
          </p>
        </Notice>
      ))}
      <Part title="Newest pseudo-labels" isThere={pictures.length > 0}>
        <PictureGrid {...{ pictures, classes }} />
      </Part>
      <Part title="Loss" isThere={losses.size > 0}>
        <LossChart losses={losses} />
      </Part>
      <div class="tables">
        <Part title="Scores" isThere={[...scores.values()].some((one) => one !== null)}>
          <ScoreTable {...{ scores }} classes={scored} />
        </Part>
        <Part title="Thresholds" isThere={rounds.length > 0}>
          <RoundTable {...{ rounds, classes }} />
        </Part>
      </div>
    </>
  );
}

function Part({ title, isThere, children }: {
  readonly title: string;
  readonly isThere: boolean;
  readonly children: JSX.Element;
}): JSX.Element | null {
  return isThere
    ? (
      <section aria-label={title}>
        <h2>{title}</h2>
        {children}
      </section>
    )
    : null;
}

function classesOf({ classes, palette }: Site): PageClass[] {
  return classes.map((name, index) => ({ name, color: palette[index] ?? [0, 0, 0] }));
}

/** What a run starts from without a weight file. */
function startText({ model, weights: { source, adapted } }: Site): string {
  const file = source ?? adapted;
  return file === undefined
    ? `${model} without weights, which it first trains on the source`
    : `${file.file} of this site`;
}

/** Reads what the site is about and shows the page. */
async function open(): Promise<void> {
  const root = document.getElementById("page");
  if (root === null) return;
  try {
    const response = await fetch(siteUrl);
    if (!response.ok) throw new Error(`${siteFile} is not there (${response.status}). Write the site anew`);
    const site = readSite(await response.text(), siteFile);
    // Without a GPU no Worker is started. A page of plain http has neither a GPU nor files of its own.
    const missing = await withoutGpu();
    render(missing === null ? <Studio site={site} /> : <NoGpu {...{ title }} text={missing} />, root);
  } catch (error) {
    root.textContent = errorText(error);
  }
}

void open();
