/**
 * The page that `crosswalk export` writes: it labels pictures with a network on the visitor's GPU. The engine runs in a
 * Worker (`label_worker.ts`); here is what is seen of it.
 *
 * @module
 */

import { type JSX, render } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { errorText } from "../errors.ts";
import { Camera } from "./label_camera.tsx";
import { LabelClient, type LabelNews } from "./label_client.ts";
import { Controls, Kept, Loading, type Look } from "./label_controls.tsx";
import { examplePicture, Intake } from "./label_intake.tsx";
import { changedItems, type Item, missing } from "./label_items.ts";
import type { LabelEvent } from "./label_messages.ts";
import { PictureCard, type PictureView } from "./label_picture.tsx";
import { NoGpu } from "./no_gpu.tsx";
import { saveFile } from "./save_file.ts";
import { readSite, shownClasses, type Site, siteFile } from "./site.ts";

/** What is known of the Worker. */
interface WorkerState {
  readonly adapter: string | null;
  readonly unsupported: string | null;
  readonly lost: string | null;
  readonly loading: Extract<LabelEvent, { readonly type: "loading" }> | null;
  readonly isCompiling: boolean;
  readonly kept: number;
}

const opening: WorkerState = {
  ...{ adapter: null, unsupported: null, lost: null, loading: null, isCompiling: false, kept: 0 },
};

function afterNews(state: WorkerState, news: LabelNews | { readonly type: "opening" | "labelled" }): WorkerState {
  if (news.type === "ready") return { ...state, adapter: news.adapter };
  if (news.type === "unsupported") return { ...state, unsupported: news.text };
  if (news.type === "lost") return { ...state, lost: news.text, adapter: null };
  if (news.type === "loading") return { ...state, loading: news };
  if (news.type === "compiling") return { ...state, isCompiling: true };
  if (news.type === "labelled") return { ...state, isCompiling: false };
  return news.type === "kept" ? { ...state, kept: news.bytes } : opening;
}

/** The page. */
function App({ site }: { readonly site: Site }): JSX.Element {
  const { classes, palette } = shownClasses(site);
  const [worker, tell] = useReducer(afterNews, opening);
  const [items, change] = useReducer(changedItems, []);
  const [look, setLook] = useState<Look>({
    ...{ network: "adapted", kind: "labels", opacity: 0.6, hidden: new Set<number>() },
  });
  const [refused, setRefused] = useState<readonly string[]>([]);
  const [isLive, setLive] = useState(false);
  const client = useRef<LabelClient | null>(null);
  /** What is asked of the Worker and not answered yet. */
  const asked = useRef(new Set<string>());
  const last = useRef(0);
  const examples = useRef(0);

  const open = () => {
    client.current?.close();
    asked.current.clear();
    tell({ type: "opening" });
    client.current = new LabelClient(site, tell);
    change({ type: "retry" });
  };
  useEffect(() => {
    open();
    return () => client.current?.close();
  }, []);

  const { network, kind } = look;
  useEffect(() => {
    if (worker.adapter === null) return;
    for (const item of items) {
      const wanted = missing(item, network, kind);
      const name = `${item.key} ${network} ${kind}`;
      if (wanted === null || asked.current.has(name)) continue;
      asked.current.add(name);
      client.current?.label(item.blob, network, wanted.withConfidence).then(
        (labelled) => change({ type: "labelled", key: item.key, labelled }),
        (error) => change({ type: "failed", key: item.key, network, text: errorText(error) }),
      ).finally(() => {
        asked.current.delete(name);
        tell({ type: "labelled" });
      });
    }
  }, [items, network, kind, worker.adapter]);

  const add = async (files: readonly File[]) => {
    setRefused([]);
    for (const file of files) {
      try {
        const bitmap = await createImageBitmap(file);
        change({
          type: "add",
          item: { key: ++last.current, name: file.name, blob: file, bitmap, results: {}, failures: {} },
        });
      } catch {
        setRefused((before) => [...before, file.name]);
      }
    }
  };
  const remove = ({ key, bitmap }: Item) => {
    change({ type: "remove", key });
    // Large, and nothing that the collector of garbage sees as such.
    bitmap.close();
  };
  const save = async ({ name, results }: Item) => {
    const labelled = results[network];
    const bytes = labelled === undefined ? undefined : await client.current?.encode(labelled);
    if (bytes !== undefined) saveFile(`${name.replace(/\.[^.]*$/, "")}_labels.png`, bytes, "image/png");
  };

  if (worker.unsupported !== null) return <NoGpu title={site.title} text={worker.unsupported} />;
  const drawing = { ...look, palette };
  const viewOf = (item: Item): PictureView => {
    const failure = item.failures[network];
    const isMissing = missing(item, network, kind) !== null;
    const waiting = worker.isCompiling
      ? "Compiling the network for pictures of this size. This takes a while, once."
      : "Being labelled.";
    const state = failure ?? (isMissing ? (worker.adapter === null ? "Waiting for the GPU." : waiting) : "");
    return { ...item, labelled: item.results[network], state, hasFailed: failure !== undefined };
  };
  return (
    <>
      <header>
        <h1 dir="auto">{site.title}</h1>
        <p>
          The network {site.model} labels each pixel of a picture as one of {classes.length} classes, in this browser.
        </p>
        {site.studio !== undefined && (
          <nav aria-label="Pages">
            <a href="studio.html">Adapt the network to your own streets</a>
          </nav>
        )}
      </header>
      <main>
        {worker.lost !== null && (
          <div class="notice bad" role="alert">
            <p>
              <strong>The GPU is gone.</strong> {worker.lost}
            </p>
            <button type="button" onClick={open}>Open it again</button>
          </div>
        )}
        <Intake
          onFiles={(files) => void add(files)}
          onExample={() => void examplePicture(examples.current++).then((file) => add([file]))}
        >
          <button type="button" aria-pressed={isLive} onClick={() => setLive(!isLive)}>Camera</button>
        </Intake>
        {refused.map((name) => (
          <div class="notice bad" role="alert" key={name}>
            <p>
              <strong>Not added:</strong> <bdi>{name}</bdi>. This browser does not decode it as an image.
            </p>
          </div>
        ))}
        <Loading news={worker.loading} />
        <Controls {...{ site, look, classes, palette }} onLook={(part) => setLook({ ...look, ...part })} />
        {isLive && (
          <Camera
            drawing={drawing}
            label={(frame) =>
              client.current?.label(frame, network, kind === "confidence") ?? Promise.reject(new Error("no Worker"))}
            onEnd={() => setLive(false)}
          />
        )}
        {items.length > 0 && (
          <section aria-labelledby="labelled">
            <h2 id="labelled">Labelled pictures</h2>
            <div class="grid pictures">
              {items.map((item) => (
                <PictureCard
                  key={item.key}
                  view={viewOf(item)}
                  classes={classes}
                  drawing={drawing}
                  onSave={() => void save(item)}
                  onRemove={() => remove(item)}
                />
              ))}
            </div>
          </section>
        )}
      </main>
      <footer>
        <p role="status">{worker.adapter === null ? "Looking for the GPU." : `Runs on ${worker.adapter}.`}</p>
        <Kept bytes={worker.kept} onForget={() => client.current?.forget()} />
        <p class="soft">Crosswalk {site.version}</p>
      </footer>
    </>
  );
}

async function openSite(): Promise<Site> {
  const response = await fetch(new URL(siteFile, import.meta.url), { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`Cannot load ${siteFile}: the server answers ${response.status}. It must lie beside the page`);
  }
  return readSite(await response.text(), siteFile);
}

function Broken({ text }: { readonly text: string }): JSX.Element {
  return (
    <main>
      <h1>This page does not work</h1>
      <p>{text}.</p>
    </main>
  );
}

const root = document.getElementById("page");
if (root !== null) {
  const page = await openSite().then((site) => <App site={site} />, (error) => <Broken text={errorText(error)} />);
  root.replaceChildren();
  render(page, root);
}
