// @ts-check
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The pictures of a report: colours the label maps, switches classes on and off, and moves the border between two
 * pictures. A section of images that is put into the page later comes to life by itself, with what was chosen before.
 */
(() => {
  "use strict";

  /** @typedef {{ name: string, color: [number, number, number] }} ReportClass */
  /**
   * A layer of an image. `grey` are the class ids of a label map, `coloured` is the map in colours.
   * @typedef {object} Layer
   * @property {string} kind
   * @property {string} title
   * @property {HTMLImageElement} img
   * @property {HTMLCanvasElement | null} canvas
   * @property {ReportClass[]} classes
   * @property {ImageData | null} grey
   * @property {HTMLCanvasElement | null} coloured
   */
  /**
   * An image with its layers and the canvas that compares two of them.
   * @typedef {object} Picture
   * @property {HTMLElement} element
   * @property {HTMLImageElement} image
   * @property {Layer[]} layers
   */

  /** Names of the classes that are switched off. @type {Set<string>} */
  const off = new Set();
  /** What was chosen for an image, by its name. @type {Map<string, { border: string, left: string, right: string }>} */
  const chosen = new Map();
  let opacity = 0.7;
  /** @type {Picture[]} */
  let pictures = [];

  /** @param {HTMLImageElement} img */
  async function loaded(img) {
    await img.decode();
    return img;
  }

  /**
   * A canvas of a size, and what draws on it.
   * @param {number} width
   * @param {number} height
   * @returns {[HTMLCanvasElement, CanvasRenderingContext2D]}
   */
  function canvasOf(width, height) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    return [canvas, contextOf(canvas)];
  }

  /** @param {HTMLCanvasElement} canvas */
  function contextOf(canvas) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("This browser cannot draw on a canvas.");
    return context;
  }

  /** @param {HTMLImageElement} img */
  function pixelsOf(img) {
    const [, context] = canvasOf(img.naturalWidth, img.naturalHeight);
    context.drawImage(img, 0, 0);
    return context.getImageData(0, 0, img.naturalWidth, img.naturalHeight);
  }

  /** Draws the classes of a label map that are on. @param {Layer} layer */
  function color(layer) {
    const { grey, classes } = layer;
    if (grey === null) return;
    const [canvas, context] = canvasOf(grey.width, grey.height);
    const drawn = context.createImageData(grey.width, grey.height);
    const colors = classes.map(({ name, color }) => off.has(name) ? null : color);
    for (let at = 0; at < grey.data.length; at += 4) {
      const found = colors[grey.data[at] ?? 255];
      if (found === null || found === undefined) continue;
      drawn.data.set(found, at);
      drawn.data[at + 3] = 255;
    }
    context.putImageData(drawn, 0, 0);
    layer.coloured = canvas;
  }

  /**
   * Draws a layer over a whole canvas, a label map over its image.
   * @param {CanvasRenderingContext2D} context
   * @param {HTMLImageElement} image
   * @param {Layer} layer
   */
  function drawLayer(context, image, layer) {
    const { width, height } = context.canvas;
    context.drawImage(layer.kind === "labels" ? image : layer.img, 0, 0, width, height);
    if (layer.coloured === null) return;
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = false;
    context.drawImage(layer.coloured, 0, 0, width, height);
    context.globalAlpha = 1;
    context.imageSmoothingEnabled = true;
  }

  /** @param {Picture} picture */
  function draw(picture) {
    for (const layer of picture.layers) {
      if (layer.canvas !== null) drawLayer(contextOf(layer.canvas), picture.image, layer);
    }
    drawComparison(picture);
  }

  /**
   * The controls of a comparison, if the image has one.
   * @param {Picture} picture
   */
  function controlsOf({ element }) {
    const canvas = element.querySelector(".compare > canvas");
    const border = element.querySelector(".compare .border");
    const left = element.querySelector(".compare .left");
    const right = element.querySelector(".compare .right");
    if (
      !(canvas instanceof HTMLCanvasElement) || !(border instanceof HTMLInputElement) ||
      !(left instanceof HTMLSelectElement) || !(right instanceof HTMLSelectElement)
    ) return null;
    return { canvas, border, left, right };
  }

  /** @param {Picture} picture */
  function drawComparison(picture) {
    const controls = controlsOf(picture);
    if (controls === null) return;
    const { canvas, border, left, right } = controls;
    const [first, second] = [left, right].map(({ value }) => picture.layers.find(({ title }) => title === value));
    if (first === undefined || second === undefined) return;
    const context = contextOf(canvas);
    const at = Math.round(canvas.width * Number(border.value) / 100);
    drawLayer(context, picture.image, second);
    context.save();
    context.beginPath();
    context.rect(0, 0, at, canvas.height);
    context.clip();
    drawLayer(context, picture.image, first);
    context.restore();
    const line = Math.max(1, Math.round(canvas.width / 300));
    context.fillStyle = "#000";
    context.fillRect(at - line, 0, 3 * line, canvas.height);
    context.fillStyle = "#fff";
    context.fillRect(at, 0, line, canvas.height);
    border.setAttribute(
      "aria-valuetext",
      `${left.value} at the left of ${border.value} percent, ${right.value} at its right`,
    );
  }

  /** @param {Picture} picture */
  function enlivenComparison(picture) {
    const controls = controlsOf(picture);
    if (controls === null) return;
    const { canvas, border, left, right } = controls;
    const name = picture.element.getAttribute("aria-label") ?? "";
    const before = chosen.get(name);
    if (before !== undefined) {
      border.value = before.border;
      for (const [select, value] of /** @type {const} */ ([[left, before.left], [right, before.right]])) {
        if ([...select.options].some((option) => option.value === value)) select.value = value;
      }
    }
    const change = () => {
      chosen.set(name, { border: border.value, left: left.value, right: right.value });
      drawComparison(picture);
    };
    for (const control of [border, left, right]) control.addEventListener("input", change);
    /** @param {PointerEvent} event */
    const follow = (event) => {
      if (event.buttons !== 1) return;
      const { left: edge, width } = canvas.getBoundingClientRect();
      border.value = String(Math.round((event.clientX - edge) / width * 100));
      change();
    };
    canvas.addEventListener("pointerdown", follow);
    canvas.addEventListener("pointermove", follow);
  }

  /**
   * The image of an article with its layers, decoded, with a canvas in the place of each label map.
   * @param {HTMLElement} element
   * @returns {Promise<Picture | null>}
   */
  async function pictureOf(element) {
    const imagePane = element.querySelector('.pane[data-kind="image"] > img');
    if (!(imagePane instanceof HTMLImageElement)) return null;
    const image = await loaded(imagePane);
    const layers = await Promise.all([...element.querySelectorAll(".pane")].flatMap((pane) => {
      const img = pane.querySelector("img");
      if (!(pane instanceof HTMLElement) || img === null || pane.dataset.kind === "image") return [];
      return [layerOf(pane, img)];
    }));
    return { element, image, layers };
  }

  /**
   * @param {HTMLElement} pane
   * @param {HTMLImageElement} img
   * @returns {Promise<Layer>}
   */
  async function layerOf(pane, img) {
    const { kind = "picture", title = "" } = pane.dataset;
    await loaded(img);
    const strip = pane.closest("[data-classes]");
    /** @type {ReportClass[]} */
    const classes = JSON.parse(strip?.getAttribute("data-classes") ?? "[]");
    /** @type {Layer} */
    const layer = { kind, title, img, canvas: null, classes, grey: null, coloured: null };
    if (kind !== "labels") return layer;
    layer.grey = pixelsOf(img);
    const [canvas] = canvasOf(img.naturalWidth, img.naturalHeight);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", title);
    img.before(canvas);
    img.hidden = true;
    layer.canvas = canvas;
    color(layer);
    return layer;
  }

  function recolor() {
    for (const button of document.querySelectorAll("#images .legend button[data-class]")) {
      button.setAttribute("aria-pressed", String(!off.has(button.getAttribute("data-class") ?? "")));
    }
    for (const picture of pictures) {
      for (const layer of picture.layers) color(layer);
      draw(picture);
    }
  }

  /** @param {HTMLElement} section */
  function enlivenControls(section) {
    const buttons = [...section.querySelectorAll(".legend button[data-class]")];
    const names = buttons.map((button) => button.getAttribute("data-class") ?? "");
    for (const [index, button] of buttons.entries()) {
      button.addEventListener("click", () => {
        const name = names[index] ?? "";
        if (!off.delete(name)) off.add(name);
        recolor();
      });
    }
    section.querySelector(".all-classes")?.addEventListener("click", () => {
      off.clear();
      recolor();
    });
    section.querySelector(".no-classes")?.addEventListener("click", () => {
      for (const name of names) off.add(name);
      recolor();
    });
    const slider = section.querySelector(".opacity");
    if (slider instanceof HTMLInputElement) {
      slider.value = String(opacity * 100);
      slider.addEventListener("input", () => {
        opacity = Number(slider.value) / 100;
        pictures.forEach(draw);
      });
    }
  }

  /** @param {HTMLElement} section */
  async function enliven(section) {
    section.dataset.alive = "starting";
    const articles = [...section.querySelectorAll("article.image")];
    const found = await Promise.all(
      articles.flatMap((article) => article instanceof HTMLElement ? [pictureOf(article)] : []),
    );
    if (!section.isConnected) return;
    pictures = found.flatMap((picture) => picture === null ? [] : [picture]);
    enlivenControls(section);
    pictures.forEach(enlivenComparison);
    for (const part of section.querySelectorAll(".needs-script")) part.removeAttribute("hidden");
    recolor();
    section.dataset.alive = "yes";
  }

  function look() {
    const section = document.querySelector("#images");
    if (!(section instanceof HTMLElement) || section.hidden || section.dataset.alive !== undefined) return;
    enliven(section).catch((error) => {
      section.dataset.alive = "no";
      console.error(error);
    });
  }

  look();
  const main = document.querySelector("main");
  if (main !== null) {
    new MutationObserver(look).observe(main, {
      childList: true,
      attributes: true,
      subtree: true,
      attributeFilter: ["hidden"],
    });
  }
})();
