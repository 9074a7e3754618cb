// The controls of a lab (see panel.py): native elements from plain descriptions.

const STYLE = `
.lab-panel { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; max-width: 100%; padding: 2px 0;
  color: var(--jp-ui-font-color1, inherit); font: var(--jp-ui-font-size1, 14px)/1.5 var(--jp-ui-font-family, system-ui, sans-serif); }
[data-jp-theme-light="false"] .lab-panel { color-scheme: dark; }
.lab-part { display: inline-flex; align-items: center; gap: 8px; max-width: 100%; }
.lab-part[hidden] { display: none; }
.lab-panel input, .lab-panel select, .lab-panel button { font: inherit; color: inherit; accent-color: var(--jp-brand-color1, #0072b2); }
.lab-panel select, .lab-panel button, .lab-panel input[type="text"] { height: 28px; box-sizing: border-box; max-width: 100%; background: transparent;
  border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 4px; padding: 0 6px; }
.lab-panel option { color: #000; background: #fff; }
.lab-panel button { cursor: pointer; padding: 0 12px; }
.lab-panel button:hover { background: color-mix(in srgb, currentColor 10%, transparent); }
.lab-panel :focus-visible { outline: 2px solid var(--jp-brand-color1, #0072b2); outline-offset: 1px; }
.lab-panel label { display: inline-flex; align-items: center; gap: 8px; }
.lab-slider > span { display: inline-flex; align-items: center; gap: 6px; }
.lab-panel input[type="range"] { width: 150px; margin: 0; }
.lab-title strong { font-weight: 600; }
.lab-panel .lab-number { width: 4.6em; font-variant-numeric: tabular-nums; }
.lab-text { flex: 1 1 24em; } .lab-text input { flex: 1; min-width: 8em; }
.lab-several > span { display: inline-flex; flex-wrap: wrap; gap: 2px 12px; }
.lab-several label, .lab-toggle label { display: inline-flex; align-items: center; gap: 4px; }
.lab-title, .lab-more, .lab-fold, .lab-alert, .lab-code, .lab-status { flex: 1 0 100%; }
.lab-more > div { display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 6px 0; }
.lab-panel summary { cursor: pointer; width: fit-content; }
.lab-status > .lab-part { width: 100%; } .lab-status progress { flex: 0 1 240px; }
.lab-alert { color: var(--jp-error-color1, #b3261e); }
.lab-code code { font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); user-select: all; overflow-wrap: anywhere; }
.lab-fold > div { max-height: 24em; overflow: auto; }
.lab-fold td, .lab-fold th { padding: 1px 10px; text-align: right; font-variant-numeric: tabular-nums; }
`;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const brief = (value) => String(Number(Number(value).toPrecision(4)));
let serial = 0;

/** For each kind: (description, say) to {element, set(value, description)}; `say(value)` tells the kernel. */
const KINDS = {
  slider(part, say) {
    const there = part.log ? Math.log10 : Number, back = part.log ? (x) => 10 ** x : Number;
    const range = make("input", { type: "range", min: there(part.low), max: there(part.high), step: part.step });
    const field = make("input", { type: "text", class: "lab-number", inputmode: "decimal", "aria-label": part.label });
    const element = make("label", {}, part.label, range);
    const take = (value) => { field.value = brief(value); range.setAttribute("aria-valuetext", field.value); };
    range.addEventListener("input", () => {
      // The ends exactly: a power of ten may miss them in the last digit.
      const x = range.valueAsNumber, value = x <= there(part.low) ? part.low : x >= there(part.high) ? part.high : back(x);
      take(value);
      say(value);
    });
    field.addEventListener("change", () => {
      const value = Number(field.value.replace("−", "-").replace(",", "."));
      if (field.value.trim() === "" || Number.isNaN(value)) return take(back(range.valueAsNumber));
      range.value = there(Math.min(part.high, Math.max(part.low, value)));
      say(Math.min(part.high, Math.max(part.low, value)));
    });
    return { element: make("span", {}, element, field), set(value) { range.value = there(value); take(value); } };
  },
  choice(part, say) {
    const select = make("select", {}, ...part.options.map((text, i) => new Option(text, i)));
    select.addEventListener("change", () => say(select.selectedIndex));
    return { element: make("label", {}, part.label, select), set(value) { select.selectedIndex = value; } };
  },
  several(part, say) {
    const boxes = part.options.map(() => make("input", { type: "checkbox" }));
    const chosen = () => boxes.flatMap((box, i) => (box.checked ? [i] : []));
    for (const box of boxes) box.addEventListener("change", () => say(chosen()));
    const labels = part.options.map((text, i) => make("label", {}, boxes[i], text));
    const element = make("span", { role: "group", "aria-label": part.label }, ...labels);
    return { element, set(value) { boxes.forEach((box, i) => { box.checked = value.includes(i); }); } };
  },
  toggle(part, say) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => say(box.checked));
    return { element: make("label", {}, box, part.label), set(value) { box.checked = value; } };
  },
  text(part, say) {
    const field = make("input", { type: "text", spellcheck: "false", autocomplete: "off" });
    field.addEventListener("input", () => say(field.value));
    return { element: make("label", { class: "lab-part lab-text" }, part.label, field), set(value) { if (field.value !== value) field.value = value; } };
  },
  button(part, say) {
    const button = make("button", { type: "button" });
    let presses = 0;
    button.addEventListener("click", () => say(++presses));
    return { element: button, set(_, { label }) { if (button.textContent !== label) button.textContent = label; } };
  },
  status() {
    const bar = make("progress", { max: 1 }), words = make("span");
    return { element: make("span", { class: "lab-part" }, bar, words), set(value, { text }) {
      bar.hidden = value === null;
      bar.value = value ?? 0;
      words.textContent = text;
    } };
  },
  alert() {
    const words = make("span", { role: "alert" });
    return { element: words, set(value) { words.textContent = value ? `⚠ ${value}` : ""; words.parentElement.hidden = !value; } };
  },
  title() {
    const words = make("strong");
    return { element: words, set(value) { words.textContent = value; } };
  },
  code() {
    const code = make("code");
    return { element: code, set(value) { code.textContent = value; } };
  },
  fold(part, say) {
    const inside = make("div"), element = make("details", {}, make("summary", {}, part.label), inside);
    element.addEventListener("toggle", () => say(element.open));
    return { element, set(value, { html }) { if (inside.innerHTML !== html) inside.innerHTML = html; } };
  },
};

function render({ model, el }) {
  const known = new Map();   // by what makes an element: its description without the value
  const said = {};
  const more = make("details", { class: "lab-more" }, make("summary", {}, "More"), make("div"));
  const panel = make("div", { class: "lab-panel" }), style = make("style", {}, STYLE);
  el.append(style, panel);

  function say(id, value) {
    said[id] = [value, (said[id]?.[1] ?? 0) + 1];
    model.set("_said", { ...said });
    try { model.save_changes(); } catch { /* the kernel is gone */ }
  }

  function element({ id, kind, value, text, html, heard, more, ...fixed }) {
    const key = JSON.stringify([id, kind, kind === "button" ? 0 : fixed]);   // Start becomes Pause, and keeps the focus
    if (!known.has(key)) {
      const made = KINDS[kind]({ id, kind, ...fixed }, (raw) => say(id, raw));
      made.box = make("div", { class: `lab-part lab-${kind}`, "data-part": id }, made.element);
      // JupyterLab would read keys as commands: an arrow moves to another cell, "d d" deletes this one.
      for (const one of made.box.querySelectorAll("input, select, button, summary")) one.dataset.lmSuppressShortcuts = "true";
      known.set(key, made);
    }
    return known.get(key);
  }

  /** Put `elements` into `box` in this order; what stays where it is keeps the focus. */
  function arrange(box, elements) {
    if (elements.length === box.children.length && elements.every((one, i) => one === box.children[i])) return;
    for (const one of [...box.children]) if (!elements.includes(one)) one.remove();
    elements.forEach((one, i) => { if (box.children[i] !== one) box.insertBefore(one, box.children[i] ?? null); });
  }

  function take() {
    const here = [], folded = [], last = [];
    for (const part of model.get("_parts")) {
      const { box, set } = element(part);
      (part.kind === "alert" ? last : part.more ? folded : here).push(box);
      said[part.id] ??= [null, part.heard];
      if (part.heard >= said[part.id][1]) set(part.value, part);   // else the reader has moved on since
    }
    arrange(more.lastChild, folded);
    arrange(panel, folded.length ? [...here, more, ...last] : [...here, ...last]);
  }

  take();
  model.on("change:_parts", take);
  return () => model.off("change:_parts", take);
}

export default { render };
