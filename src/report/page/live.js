// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * What happens now, on the page of a run that goes on: it listens to the run's events, draws them, and exchanges the
 * sections of the report for newer ones. All text goes into text nodes. The page holds this script as it stands here.
 */
(() => {
  const live = document.getElementById("live");
  if (live === null) return;

  /** @typedef {[step: number, loss: number]} Point */
  /** @typedef {{ name: string, total: number, done: number, units: { unit: string, perStep: number }, seconds: number, secondsLeft: number | null, isDone: boolean }} Stage */

  /** @type {Stage[]} */
  let stages = [];
  /** Seconds that the whole run still takes. @type {number | null} */
  let runLeft = null;
  /** @type {Record<string, Point[]>} */
  let losses = {};
  /** @type {EventSource | undefined} */
  let source;
  /** @type {Promise<void> | null} */
  let fetching = null;
  let isOver = false;
  const mostPoints = 800;
  const mostLabels = 12;
  const mostLines = 100;

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (live.querySelector(`[data-live="${name}"]`));

  /** Writes a text, and only where it differs, so that screen readers do not repeat it. */
  const write = (/** @type {string} */ name, /** @type {string} */ text) => {
    if (part(name).textContent !== text) part(name).textContent = text;
  };

  /** @param {string} text @param {"good" | "warning" | "bad" | null} kind */
  const notice = (text, kind) => {
    part("notice").hidden = kind === null;
    part("notice").className = `notice ${kind ?? ""}`;
    write("notice", text);
  };

  /** @param {number} seconds */
  const timeText = (seconds) => {
    const all = Math.round(seconds);
    if (all < 60) return `${all} s`;
    if (all < 3600) return `${Math.floor(all / 60)} min ${all % 60} s`;
    return `${Math.floor(all / 3600)} h ${Math.round(all % 3600 / 60)} min`;
  };

  // The stage

  const showStage = () => {
    const stage = stages.at(-1);
    if (stage === undefined) return;
    const { name, total, done, units, seconds, secondsLeft, isDone } = stage;
    write("stage", isDone ? `${name}: done` : name);
    const bar = /** @type {HTMLProgressElement} */ (part("bar"));
    bar.max = Math.max(1, total);
    bar.value = total === 0 ? 1 : done;
    const points = losses[name] ?? [];
    const loss = points.at(-1)?.[1];
    const texts = [
      `${done} of ${total}`,
      isDone || seconds === 0 || done === 0 || secondsLeft === null
        ? ""
        : `${timeText(secondsLeft)} left in this stage`,
      isDone ? `took ${timeText(seconds)}` : `${timeText(seconds)} so far`,
      secondsLeft === null || secondsLeft === 0 || done >= total
        ? ""
        : `${Number(((total - done) * units.perStep / secondsLeft).toPrecision(2))} ${units.unit}/s`,
      runLeft === null ? "" : `at least ${timeText(runLeft)} left in all`,
      loss === undefined ? "" : `loss ${loss.toFixed(3)}`,
    ];
    write("time", texts.filter((text) => text !== "").join(" · "));
  };

  const showStages = () => {
    const list = part("stages");
    stages.forEach((stage, index) => {
      const entry = list.children[index] ?? list.appendChild(document.createElement("li"));
      const text = stage.isDone ? `${stage.name}: ${timeText(stage.seconds)}` : `${stage.name}: goes on`;
      if (entry.textContent !== text) entry.textContent = text;
    });
    while (list.children.length > stages.length) list.lastChild?.remove();
  };

  // The loss

  const svgName = "http://www.w3.org/2000/svg";
  /** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
  const drawn = (name, attributes, text) => {
    const node = document.createElementNS(svgName, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    if (text !== undefined) node.textContent = text;
    return node;
  };

  const showLoss = () => {
    const stage = stages.findLast(({ name }) => (losses[name] ?? []).length > 0);
    part("loss").hidden = stage === undefined;
    if (stage === undefined) return;
    const points = losses[stage.name] ?? [];
    const chart = part("chart");
    // As wide as it is shown, so that its text has the size of the page's.
    const [width, height, left, top, bottom] = [
      Math.round(chart.getBoundingClientRect().width) || 640,
      240,
      56,
      12,
      28,
    ];
    const values = points.map(([, loss]) => loss).filter(Number.isFinite);
    const most = Math.max(...values);
    const least = Math.min(0, ...values);
    const x = (/** @type {number} */ step) => left + (width - left - 12) * step / Math.max(1, stage.total - 1);
    const y = (/** @type {number} */ loss) =>
      top + (height - top - bottom) * (1 - (loss - least) / Math.max(1e-12, most - least));
    const line = (/** @type {Point[]} */ along, /** @type {string} */ color, /** @type {number} */ thickness) =>
      drawn("polyline", {
        fill: "none",
        stroke: color,
        "stroke-width": thickness,
        "stroke-linejoin": "round",
        points: along.filter(([, loss]) => Number.isFinite(loss)).map(([step, loss]) =>
          `${x(step).toFixed(1)},${y(loss).toFixed(1)}`
        ).join(" "),
      });
    // The mean of the last points, each of which counts a tenth less than the next.
    let mean = values[0] ?? 0;
    /** @type {Point[]} */
    const means = points.map(([step, loss]) => [step, mean += Number.isFinite(loss) ? (loss - mean) / 10 : 0]);
    const label = { fill: "var(--soft)", "font-size": 13 };
    const ticks = [least, (least + most) / 2, most].flatMap((value) => [
      drawn("line", { x1: left, x2: width - 12, y1: y(value), y2: y(value), stroke: "var(--faint)" }),
      drawn("text", { ...label, x: left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)),
    ]);
    const [last] = points.at(-1) ?? [0];
    chart.setAttribute("aria-label", `Loss of ${stage.name} up to step ${last + 1} of ${stage.total}`);
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.replaceChildren(
      ...ticks,
      drawn("text", { ...label, x: left, y: height - 8 }, "step 1"),
      drawn("text", { ...label, x: width - 12, y: height - 8, "text-anchor": "end" }, String(stage.total)),
      line(points, "var(--edge)", 1),
      line(means, "var(--series1)", 2.5),
    );
    write(
      "loss title",
      `Loss of ${stage.name}: ${points.at(-1)?.[1].toFixed(3)}, mean of the last steps ${mean.toFixed(3)}`,
    );
  };

  // Pseudo-labels and lines

  /** @param {readonly string[]} urls the newest first. */
  const showLabels = (urls) => {
    const list = part("labels");
    for (const url of [...urls].reverse()) {
      const entry = document.createElement("li");
      const picture = document.createElement("img");
      const [, round = "", name = url] = /^rounds\/(\d+)\/pseudo-labels\/(.*)\.png$/.exec(url) ?? [];
      const caption = document.createElement("small");
      caption.dir = "auto";
      caption.textContent = name.split("/").map(decodeURIComponent).join("/");
      picture.src = url;
      picture.alt = `Pseudo-labels of round ${round}`;
      entry.append(picture, caption);
      list.prepend(entry);
    }
    while (list.children.length > mostLabels) list.lastChild?.remove();
    part("pseudo-labels").hidden = list.children.length === 0;
  };

  /** @param {readonly { text: string, isWarning: boolean }[]} lines */
  const showLines = (lines) => {
    const list = part("lines");
    for (const { text, isWarning } of lines) {
      const entry = document.createElement("li");
      if (isWarning) {
        entry.className = "warning";
        entry.append(Object.assign(document.createElement("strong"), { textContent: "Warning: " }));
      }
      const words = document.createElement("bdi");
      words.textContent = text;
      entry.append(words);
      list.append(entry);
    }
    while (list.children.length > mostLines) list.firstChild?.remove();
  };

  // The report

  const controls = "button, input, select, summary, a[href], [tabindex]";

  /** What a visitor has set in a section: what is open, what is on, where sliders are, and what has the focus. */
  const settingsOf = (/** @type {Element} */ section) => ({
    open: [...section.querySelectorAll("details")].map(({ open }) => open),
    on: [...section.querySelectorAll("button[aria-pressed]")].map((button) => button.getAttribute("aria-pressed")),
    values: [...section.querySelectorAll("input, select")].map((field) =>
      /** @type {HTMLInputElement} */ (field).value
    ),
    focus: [...section.querySelectorAll(controls)].findIndex((control) => control === document.activeElement),
  });

  /** @param {Element} section @param {ReturnType<typeof settingsOf>} settings */
  const restore = (section, { open, on, values, focus }) => {
    const details = [...section.querySelectorAll("details")];
    if (details.length === open.length) details.forEach((one, index) => one.open = open[index] ?? false);
    // The pictures' script remembers what was chosen by itself.
    if (section.id === "images") [on, values] = [[], []];
    const buttons = [...section.querySelectorAll("button[aria-pressed]")];
    if (buttons.length === on.length) {
      buttons.forEach((button, index) => {
        if (button.getAttribute("aria-pressed") !== on[index]) /** @type {HTMLElement} */ (button).click();
      });
    }
    const fields = [...section.querySelectorAll("input, select")];
    if (fields.length === values.length) {
      fields.forEach((field, index) => {
        const input = /** @type {HTMLInputElement} */ (field);
        if (input.value === values[index]) return;
        input.value = values[index] ?? "";
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
    const focused = [...section.querySelectorAll(controls)][focus];
    if (focus >= 0) /** @type {HTMLElement | undefined} */ (focused)?.focus({ preventScroll: true });
  };

  /** The parts of a page that are exchanged: its head line, its list of sections, and the sections. */
  const exchanged = (/** @type {Document} */ page) => [
    ...page.querySelectorAll("body > header, body > nav, main > section[id]"),
  ];

  const keyOf = (/** @type {Element} */ element) => element.id || element.tagName;

  /** @param {Document} page */
  const exchange = (page) => {
    const old = new Map(exchanged(document).map((element) => [keyOf(element), element]));
    for (const next of exchanged(page)) {
      const key = keyOf(next);
      const now = old.get(key);
      if (now === undefined || sources.get(key) === next.outerHTML) continue;
      sources.set(key, next.outerHTML);
      const settings = settingsOf(now);
      const added = document.importNode(next, true);
      now.replaceWith(added);
      // The report's own script draws what is new.
      document.dispatchEvent(new CustomEvent("sectionchange", { detail: added }));
      restore(added, settings);
    }
    document.title = page.title;
    live.dataset.report = page.getElementById("live")?.dataset.report ?? "";
  };

  /** The text of each section as it came, before scripts changed it. @type {Map<string, string>} */
  const sources = new Map();

  /** Fetches the report again until it is the one wanted. @param {string} wanted @returns {Promise<void>} */
  const refresh = async (wanted) => {
    if (fetching !== null) await fetching;
    if (live.dataset.report === wanted) return;
    fetching = fetch("./", { cache: "no-store" }).then(async (answer) => {
      if (!answer.ok) return;
      exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }).catch(() => {}).finally(() => fetching = null);
    await fetching;
  };

  // The connection

  const connect = () => {
    source = new EventSource("events");
    const on = (/** @type {string} */ name, /** @type {(data: any) => void} */ listener) =>
      source?.addEventListener(name, (event) => listener(JSON.parse(/** @type {MessageEvent} */ (event).data)));
    on("snapshot", (/** @type {any} */ snapshot) => {
      notice("", null);
      ({ stages, losses, secondsLeft: runLeft } = snapshot);
      part("lines").replaceChildren();
      part("labels").replaceChildren();
      showLines(snapshot.lines);
      showLabels(snapshot.labels);
      showStages();
      showStage();
      showLoss();
      refresh(snapshot.report);
    });
    on("update", (/** @type {any} */ update) => {
      for (const [index, stage] of update.stages ?? []) stages[index] = stage;
      if (update.secondsLeft !== undefined) runLeft = update.secondsLeft;
      if (update.stages !== undefined) showStages();
      for (const [name, more] of Object.entries(update.losses ?? {})) {
        const points = [...losses[name] ?? [], ...more];
        losses[name] = points.length > mostPoints ? points.filter((_, index) => index % 2 === 0) : points;
      }
      showStage();
      if (update.losses !== undefined) showLoss();
      if (update.labels !== undefined) showLabels(update.labels);
      if (update.lines !== undefined) showLines(update.lines);
    });
    on("report", refresh);
    on("end", (/** @type {any} */ end) => {
      isOver = end.ending === "finished";
      source?.close();
      if (end.page !== undefined) exchange(new DOMParser().parseFromString(end.page, "text/html"));
      notice(end.text, isOver ? "good" : end.ending === "failed" ? "bad" : "warning");
      part("now").hidden = isOver;
      const title = document.getElementById("live-title");
      if (title !== null && isOver) title.textContent = "The run has ended";
      if (!isOver) setTimeout(connect, 3000);
    });
    source.onerror = () => {
      if (isOver) return;
      notice("The run does not answer. This page stays as it is, and goes on when the run does.", "warning");
      // The browser tries again by itself unless the answer was none of a run.
      if (source?.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
    };
  };
  for (const element of exchanged(document)) sources.set(keyOf(element), element.outerHTML);
  connect();
})();
