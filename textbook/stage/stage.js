// The live figure in the browser: paints a film (see stage.py) on a canvas, and steers it.
//
// `mount(element, source)` needs only the film, so it also works in a plain web page; `render` at the end ties it to the
// widget in the kernel.  No network, no dependencies, no browser fonts.

const STYLE = `
.stage { width: min(100%, max(320px, max(min(82vh, 550px), 100vh - 300px) * var(--stage-aspect, 2))); color: var(--jp-ui-font-color1, inherit); font: var(--jp-ui-font-size1, 14px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif); }
.stage-picture { position: relative; width: 100%; background: #fff; border-radius: 6px; overflow: hidden; }
.stage-picture canvas { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: 6px; }
.stage-picture canvas:focus-visible { outline: 2px solid var(--jp-brand-color1, #0072b2); outline-offset: -2px; }
.stage-pointer { cursor: crosshair; touch-action: none; }
.stage-controls { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin: 6px 0 2px; }
.stage-controls[hidden] { display: none; }
.stage-controls button { display: inline-flex; align-items: center; justify-content: center; width: 30px; height: 28px; padding: 0; cursor: pointer;
  color: inherit; background: transparent; border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 4px; }
.stage-controls button:hover { background: color-mix(in srgb, currentColor 10%, transparent); }
.stage-controls button svg { width: 16px; height: 16px; fill: currentColor; pointer-events: none; }
.stage-controls :focus-visible { outline: 2px solid var(--jp-brand-color1, #0072b2); outline-offset: 1px; }
.stage-controls input { flex: 1 1 120px; min-width: 80px; margin: 0 6px; accent-color: var(--jp-brand-color1, #0072b2); }
.stage-controls output { min-width: 5em; font-variant-numeric: tabular-nums; }
.stage-controls select { font: inherit; color: inherit; height: 28px; background: transparent; border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 4px; }
.stage-controls option { color: #000; background: #fff; }
.stage-caption { display: grid; white-space: pre-line; font-variant-numeric: tabular-nums; color: var(--jp-content-font-color1, inherit); }
.stage-caption > *, .stage-caption::after { grid-area: 1 / 1; }
.stage-caption::after { content: attr(data-longest); visibility: hidden; }
.stage-night { color-scheme: dark; }
.stage-night .stage-picture { background: #111; }
`;

// A static picture is saved in light.  By night the page turns it over as a whole: light ink on dark paper, hues kept.
const PICTURES = `[data-jp-theme-light="false"] :is(.jp-RenderedImage, .jp-RenderedHTMLCommon details) > img {
  filter: invert(0.93) hue-rotate(180deg); border-radius: 6px; }`;

const ICONS = {
  first: "M3 2h2v12H3zM14 2v12L6 8z",
  previous: "M11 2L4 8l7 6 1.4-1.4L7.2 8l5.2-4.6z",
  play: "M4 2v12l9-6z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z",
  next: "M5 2l7 6-7 6-1.4-1.4L8.8 8 3.6 3.4z",
  last: "M11 2h2v12h-2zM2 2v12l8-6z",
};

// --- day and night ---------------------------------------------------------------------------------------------------

// In a dark theme paper is dark and ink is light.  A colour is white + hue + black.  Of a grey, or a pale fill, the white
// becomes paper and the black becomes light ink.  A full colour stays what it is, a little lighter; of its tints, the
// paler one is the darker one.
const NIGHT = 17, SHADE = 0.4, TINT = 125;

function tone(pixels, at, r, g, b) {
  const white = Math.min(r, g, b), most = Math.max(r, g, b), hue = most - white, black = 255 - most;
  const ink = black > 0 ? black * Math.max(0, 1 - hue / ((hue + black) * SHADE)) : 0;
  const full = Math.min(1, Math.max(0, (hue - 30) / 45));
  const kept = full * (white <= TINT ? white : TINT * ((255 - white) / (255 - TINT)) ** 2);
  const grey = kept + (white - kept) * NIGHT / 255 + (1 - full) * ink + full * black / 4 - white;
  pixels[at] = r + grey;
  pixels[at + 1] = g + grey;
  pixels[at + 2] = b + grey;
}

function toneAll(pixels) {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length >> 2);
  let last = -1, made = 0;   // most pixels are like their neighbour
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== last) {
      last = words[i];
      tone(pixels, 4 * i, pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]);
      made = words[i];
    } else words[i] = made;
  }
}

/** "#rrggbbaa" by night. */
function toneInk(color) {
  const bytes = new Uint8ClampedArray(3), at = (i) => parseInt(color.slice(i, i + 2), 16);
  tone(bytes, 0, at(1), at(3), at(5));
  return "#" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") + color.slice(7);
}

/** Give a film its colours by day or night. */
function ink(film, night) {
  if (film.night === night) return;
  film.night = night;
  film.pictures = [];
  for (const style of film.styles) [style.fill, style.stroke] = [style[0], style[1]].map((color) => (color && night ? toneInk(color) : color));
}

// --- the film --------------------------------------------------------------------------------------------------------

const ARRAYS = { u1: Uint8Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array };

/** Bytes (a DataView or typed array) to a film. */
function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 4) return null;
  const size = view.getUint32(0, true);
  const film = JSON.parse(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + 4, size)));
  const body = view.buffer.slice(view.byteOffset + 4 + size, view.byteOffset + view.byteLength);
  for (const [name, [type, start, length]] of Object.entries(film.tables)) film[name] = new ARRAYS[type](body, start, length);
  for (const style of film.styles) style.clip = JSON.stringify(style[7]);
  film.shapes = [];   // paths and images as the canvas wants them, made when first painted; they go with the film
  film.pictures = [];
  return film;
}

function shape(film, number) {
  if (film.shapes[number]) return film.shapes[number];
  const path = new Path2D();
  const v = film.vertices;
  for (let i = film.paths[number], end = film.paths[number + 1]; i < end; i++) {
    const at = 2 * i;
    switch (film.codes[i]) {
      case 1: path.moveTo(v[at], v[at + 1]); break;
      case 2: path.lineTo(v[at], v[at + 1]); break;
      case 3: path.quadraticCurveTo(v[at], v[at + 1], v[at + 2], v[at + 3]); i += 1; break;
      case 4: path.bezierCurveTo(v[at], v[at + 1], v[at + 2], v[at + 3], v[at + 4], v[at + 5]); i += 2; break;
      case 79: path.closePath();
    }
  }
  return (film.shapes[number] = path);
}

function picture(film, number) {
  if (film.pictures[number]) return film.pictures[number];
  let start = 0;
  for (let i = 0; i < number; i++) start += 4 * film.images[2 * i] * film.images[2 * i + 1];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = film.images.subarray(2 * number);
  const pixels = new Uint8ClampedArray(film.pixels.buffer, film.pixels.byteOffset + start, 4 * canvas.width * canvas.height).slice();
  if (film.night) toneAll(pixels);
  canvas.getContext("2d").putImageData(new ImageData(pixels, canvas.width, canvas.height), 0, 0);
  return (film.pictures[number] = canvas);
}

/** Paint one frame.  Film coordinates are pixels of the figure, y upwards; `k` canvas pixels to one of them. */
function paint(context, film, frame, k, height) {
  const { ops, positions, groups, matrices, styles } = film;
  const live = film.frames.length / film.captions.length;
  let style = null;
  let clip = null;
  context.save();
  for (const group of film.frames.subarray(frame * live, (frame + 1) * live)) {
    let at = 2 * groups[2 * group + 1];
    for (let op = groups[2 * group], end = groups[2 * group + 2]; op < end; op++) {
      const what = ops[4 * op], matrix = ops[4 * op + 2], count = ops[4 * op + 3];
      if (styles[ops[4 * op + 1]] !== style) {
        style = styles[ops[4 * op + 1]];
        const { fill, stroke } = style, [, , width, dashes, offset, cap, join, area, alpha] = style;
        if (style.clip !== clip) {
          context.restore();
          context.save();
          clip = style.clip;
          const [box, outline] = area;
          context.setTransform(k, 0, 0, -k, 0, k * height);
          if (box.length) {
            context.beginPath();
            context.rect(...box);
            context.clip();
          }
          if (outline.length) {
            context.translate(outline[1], outline[2]);
            context.clip(shape(film, outline[0]));
          }
        }
        context.globalAlpha = alpha;
        if (fill) context.fillStyle = fill;
        if (stroke) {
          context.strokeStyle = stroke;
          context.lineWidth = width;
          context.lineCap = cap;
          context.lineJoin = join;
          context.setLineDash(dashes);
          context.lineDashOffset = offset;
        }
      }
      const a = k * matrices[4 * matrix], b = -k * matrices[4 * matrix + 1];
      const c = k * matrices[4 * matrix + 2], d = -k * matrices[4 * matrix + 3];
      const path = what < 0 ? null : shape(film, what);
      for (let n = 0; n < count; n++, at += 2) {
        context.setTransform(a, b, c, d, k * positions[at], k * (height - positions[at + 1]));
        if (path === null) {
          context.imageSmoothingEnabled = matrix === 0;   // resampled already, or its own few pixels
          context.drawImage(picture(film, ~what), 0, 0);
        } else {
          if (style[0]) context.fill(path);
          if (style[1]) context.stroke(path);
        }
      }
    }
  }
  context.restore();
}

// --- the stage -------------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function button(name, words) {
  const element = make("button", { type: "button", "aria-label": words, title: words });
  element.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  return element;
}

/**
 * Put a stage into `root`.
 * @param source {scene, background, film, frame}: what `stage.py` sends; and optionally the functions
 *   onFrame(index), called when the reader has moved to another frame, onPoint([axes, x, y, final]), and
 *   onDensity(k), called when the picture has another size: k pixels of the screen to one of the figure.
 * @returns {set(name, value), destroy()}: `set` takes a new value for one of the names in `source`.
 */
export function mount(root, source) {
  const still = matchMedia("(prefers-reduced-motion: reduce)"), dusk = matchMedia("(prefers-color-scheme: dark)");
  const back = make("canvas", { "aria-hidden": "true" });
  const front = make("canvas", { role: "img" });
  const frame = make("div", { class: "stage-picture" }, back, front);
  const buttons = {
    first: button("first", "First frame"), previous: button("previous", "Previous frame"), play: button("play", "Play"),
    next: button("next", "Next frame"), last: button("last", "Last frame"),
  };
  const slider = make("input", { type: "range", min: 0, step: 1 });
  const readout = make("output");
  const speed = make("select", { "aria-label": "Speed", title: "Speed" });
  for (const factor of [0.25, 0.5, 1, 2, 4]) speed.append(new Option(`${factor}×`, factor, factor === 1, factor === 1));
  const controls = make("div", { class: "stage-controls", role: "group" }, ...Object.values(buttons), slider, readout, speed);
  const words = make("div", { role: "status", "aria-live": "polite" });
  const caption = make("div", { class: "stage-caption" }, words);
  const stage = make("div", { class: "stage" }, make("style", {}, STYLE), frame, controls, caption);
  // JupyterLab would read keys as commands: an arrow moves to another cell, "d d" deletes this one.
  for (const element of [front, slider, speed, ...Object.values(buttons)]) element.dataset.lmSuppressShortcuts = "true";
  root.append(stage);

  let scene = null, film = null, background = null, index = source.frame ?? 0;
  let night = false, playing = false, asked = 0, point = null, dragging = null, painted = 0;
  const alive = new AbortController();
  const listen = (target, type, callback, options) => target.addEventListener(type, callback, { signal: alive.signal, ...options });
  const count = () => film?.values.length ?? 0;

  // Painting happens once per screen refresh, whatever came in since the last.
  function refresh() { asked ||= requestAnimationFrame(draw); }

  function draw() {
    asked = 0;
    if (!scene || alive.signal.aborted) return;
    const k = front.width / scene.width;
    const context = front.getContext("2d");
    context.clearRect(0, 0, front.width, front.height);
    // While only a part of the film is here, it shows that.
    if (film) paint(context, film, Math.max(0, Math.min(index - film.first, film.captions.length - 1)), k, scene.height);
    if (point && (dragging !== null || document.activeElement === front)) cross(context, k);
    front.dataset.painted = ++painted;
    if (film) front.dataset.film = film.number;
  }

  function paintBackground() {
    if (!background || !back.width) return;
    const context = back.getContext("2d", { willReadFrequently: night });
    context.clearRect(0, 0, back.width, back.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(background, 0, 0, back.width, back.height);
    if (night) {
      const image = context.getImageData(0, 0, back.width, back.height);
      toneAll(image.data);
      context.putImageData(image, 0, 0);
    }
    back.dataset.ready = "";
  }

  function dress() {
    const theme = document.body.dataset.jpThemeLight;
    const now = theme === undefined ? dusk.matches : theme === "false";
    if (now === night) return;
    night = now;
    stage.classList.toggle("stage-night", night);
    if (film) ink(film, night);
    paintBackground();
    if (scene) draw();
  }

  function resize() {
    const width = Math.round(frame.clientWidth * devicePixelRatio), height = Math.round(frame.clientHeight * devicePixelRatio);
    if (!width || (width === front.width && height === front.height)) return;
    for (const canvas of [back, front]) [canvas.width, canvas.height] = [width, height];
    paintBackground();
    if (scene) source.onDensity?.(width / scene.width);
    draw();   // now, not at the next refresh: a resized canvas is empty
  }
  const observer = new ResizeObserver(resize);
  observer.observe(frame);
  let density = null;   // a window moved to another screen changes its pixel ratio, not its size
  function watchDensity() {
    resize();
    density?.removeEventListener("change", watchDensity);
    density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    density.addEventListener("change", watchDensity);
  }
  watchDensity();
  const themes = new MutationObserver(dress);
  themes.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  listen(dusk, "change", dress);
  dress();

  // Frames.

  function describe() {
    const value = count() > 1 ? `${film.label} = ${film.values[index]}` : "";
    const text = film?.captions[Math.max(0, Math.min(index - film.first, film.captions.length - 1))] ?? "";
    slider.value = index;
    slider.setAttribute("aria-valuetext", value);
    readout.textContent = value;
    if (words.textContent !== text) words.textContent = text;
    front.setAttribute("aria-label", [scene?.title, text].filter(Boolean).join(". ") || "Figure");
  }

  function show(wanted, tell = true) {
    const next = Math.max(0, Math.min(Math.round(wanted), count() - 1));
    if (next === index) return;
    index = next;
    describe();
    refresh();
    if (tell) source.onFrame?.(index);
  }

  function quiet(on) { words.setAttribute("aria-live", on ? "off" : "polite"); }   // nobody can listen to 30 captions a second

  function play(on) {
    playing = on && count() > 1;
    const name = playing ? "pause" : "play", text = playing ? "Pause" : "Play";
    buttons.play.querySelector("path").setAttribute("d", ICONS[name]);
    buttons.play.setAttribute("aria-label", text);
    buttons.play.title = text;
    quiet(playing);
    if (!playing) return;
    if (index === count() - 1) show(0);
    let due = null;
    requestAnimationFrame(function tick(now) {
      if (!playing || alive.signal.aborted) return;
      const interval = Math.max(film.interval, still.matches ? 250 : 1) / speed.value;
      due ??= now + interval;
      if (now >= due) {
        const steps = 1 + Math.floor((now - due) / interval);
        due += steps * interval;
        show(index + steps);
      }
      if (index >= count() - 1) play(false);
      else requestAnimationFrame(tick);
    });
  }

  const step = (to) => () => { play(false); show(to()); };
  listen(buttons.first, "click", step(() => 0));
  listen(buttons.previous, "click", step(() => index - 1));
  listen(buttons.next, "click", step(() => index + 1));
  listen(buttons.last, "click", step(() => count() - 1));
  listen(buttons.play, "click", () => play(!playing));
  listen(slider, "input", () => { if (playing) play(false); show(slider.valueAsNumber); });
  listen(slider, "pointerdown", () => quiet(true));
  listen(slider, "change", () => quiet(playing));
  listen(slider, "keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); play(!playing); }
  });

  // The pointer.  Axes: {box: [x, y, width, height], x: limits, y: limits, log: [x, y], label}.

  const onAxis = (t, [low, high], log) => log ? low * (high / low) ** t : low + t * (high - low);
  const fraction = (value, [low, high], log) => log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);

  function send(number, u, v, final) {
    const axes = scene.axes[number], [s, t] = [u, v].map((w) => Math.min(1, Math.max(0, w)));
    point = [number, onAxis(s, axes.x, axes.log[0]), onAxis(t, axes.y, axes.log[1]), final];
    refresh();
    source.onPoint?.(point);
  }

  /** Where an event is: per axes, as fractions of its width and height. */
  function fractions(event) {
    const box = front.getBoundingClientRect();
    const x = (event.clientX - box.left) * scene.width / box.width, y = scene.height - (event.clientY - box.top) * scene.height / box.height;
    return scene.axes.map(({ box: [left, low, width, height] }) => [(x - left) / width, (y - low) / height]);
  }

  function cross(context, k) {
    const [number, x, y] = point, axes = scene.axes[number];
    if (!axes) return;
    const [left, low, width, height] = axes.box;
    context.setTransform(k, 0, 0, k, k * (left + width * fraction(x, axes.x, axes.log[0])),
      k * (scene.height - low - height * fraction(y, axes.y, axes.log[1])));
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(4 * dx, 4 * dy); context.lineTo(12 * dx, 12 * dy); }
    for (const [color, width] of [["#fff", 4], ["#000", 1.5]]) { context.strokeStyle = color; context.lineWidth = width; context.stroke(); }
    context.resetTransform();
  }

  listen(front, "pointerdown", (event) => {
    if (!scene?.axes.length || event.button !== 0) return;
    const places = fractions(event), number = places.findIndex((place) => place.every((w) => w >= 0 && w <= 1));
    if (number < 0) return;
    front.setPointerCapture(event.pointerId);
    dragging = number;
    send(number, ...places[number], false);
  });
  listen(front, "pointermove", (event) => { if (dragging !== null) send(dragging, ...fractions(event)[dragging], false); });
  for (const type of ["pointerup", "pointercancel"]) {
    listen(front, type, (event) => {
      if (dragging === null) return;
      const [number, place] = [dragging, fractions(event)[dragging]];
      dragging = null;
      send(number, ...place, true);
    });
  }
  for (const type of ["focus", "blur"]) listen(front, type, refresh);
  listen(front, "keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || !scene?.axes.length) return;
    event.preventDefault();
    const number = point?.[0] ?? 0, axes = scene.axes[number], size = event.shiftKey ? 0.1 : 0.01;
    const u = point ? fraction(point[1], axes.x, axes.log[0]) : 0.5, v = point ? fraction(point[2], axes.y, axes.log[1]) : 0.5;
    send(number, u + size * way[0], v + size * way[1], true);
  });

  // What the kernel, or the page, sends.  Each waits for the one before: a film for the background that it came with.

  const setters = {
    scene(value) {
      scene = value;
      if (scene.width === undefined) { scene = null; return; }
      stage.style.setProperty("--stage-aspect", scene.width / scene.height);
      frame.style.aspectRatio = `${scene.width} / ${scene.height}`;
      controls.setAttribute("aria-label", scene.title || "Film");
      front.classList.toggle("stage-pointer", scene.axes.length > 0);
      if (scene.axes.length) {
        front.tabIndex = 0;
        front.title = `Click or drag in: ${scene.axes.map((axes) => axes.label).join(", ")}. With the keyboard: arrows, Shift for larger steps.`;
      }
      resize();
      describe();
    },
    async background(value) {
      if (!value.byteLength || value !== latest) return;
      const bitmap = await createImageBitmap(new Blob([value], { type: "image/png" }));
      if (alive.signal.aborted || value !== latest) return bitmap.close();
      background?.close();
      background = bitmap;
      paintBackground();
    },
    film(value) {
      const next = decode(value);
      if (!next || (film && next.number < film.number)) return;
      film = next;
      ink(film, night);
      index = Math.max(0, Math.min(index, count() - 1));
      slider.max = count() - 1;
      slider.setAttribute("aria-label", film.label || "Frame");
      controls.hidden = count() < 2;
      if (playing && controls.hidden) play(false);
      caption.dataset.longest = film.captions.reduce((a, b) => (b.length > a.length ? b : a), "");
      caption.hidden = !caption.dataset.longest;
      describe();
      refresh();
    },
    frame(value) { show(value, false); },
    point(value) { if (value?.length && dragging === null) { point = value; refresh(); } },
  };
  let latest = null, turn = Promise.resolve();
  function set(name, value) {
    if (name === "background") latest = value;
    turn = turn.then(() => alive.signal.aborted || setters[name](value)).catch(console.error);
  }
  for (const name of ["scene", "background", "film", "point"]) if (source[name]) set(name, source[name]);

  function destroy() {
    alive.abort();
    playing = false;
    cancelAnimationFrame(asked);
    observer.disconnect();
    themes.disconnect();
    density.removeEventListener("change", watchDensity);
    background?.close();
    film = background = null;
    stage.remove();
  }
  return { set, destroy };
}

/** Turn the text of a static page into what `mount` takes. */
export function fromBase64({ background, film, ...rest }) {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return { ...rest, background: bytes(background), film: bytes(film) };
}

// --- the widget ------------------------------------------------------------------------------------------------------

/** Call `callback` at once, then at most every `wait` ms, with the newest argument; the last one always arrives. */
function throttle(callback, wait) {
  let timer = null, waiting = false, newest;
  const run = () => {
    timer = waiting ? setTimeout(run, wait) : null;
    if (waiting) { waiting = false; callback(newest); }
  };
  const call = (value) => { newest = value; waiting = true; if (timer === null) run(); };
  call.cancel = () => clearTimeout(timer);
  return call;
}

function render({ model, el }) {
  // In the head, because it stays there when the notebook takes this figure out of the page.
  if (!document.getElementById("stage-pictures")) document.head.append(make("style", { id: "stage-pictures" }, PICTURES));
  // `set` and `save_changes` keep one message in flight and merge the rest, so the newest value wins.
  let known = model.get("frame");   // what both sides know; anything else in the model is the kernel's wish
  function save(name, value) {
    if (name === "frame") known = value;
    model.set(name, value);
    try { model.save_changes(); } catch { /* the kernel is gone; the film goes on */ }
  }
  const tell = throttle((index) => save("frame", index), 100);
  const source = { frame: known, onFrame: tell, onPoint: (point) => save("_point", point), onDensity: (k) => save("_wanted", k) };
  const names = { _background: "background", _scene: "scene", _film: "film", _point: "point" }, seen = {};
  for (const [trait, name] of Object.entries(names)) source[name] = seen[trait] = model.get(trait);
  const stage = mount(el, source);
  function take() {   // in this order, whichever the message had
    for (const [trait, name] of Object.entries(names)) {
      if (model.get(trait) !== seen[trait]) stage.set(name, seen[trait] = model.get(trait));
    }
    if (model.get("frame") !== known) stage.set("frame", known = model.get("frame"));
  }
  model.on("change", take);
  return () => {
    model.off("change", take);
    tell.cancel();
    stage.destroy();
  };
}

export default { render };
