// The diagram tab: zooms, moves and fits the picture, shows where in it one is,
// and tells what is known of a component without leaving. All of it is an
// addition: parts of the picture are links to the same addresses.

const LEAST = 0.1;
const MOST = 4;
// Below this scale words are too small to begin with.
const READABLE = 0.5;
// Where each picture stood when it was left, so that a new one of it stands there.
const views = new Map();
const clamp = (it, low, high) => Math.min(high, Math.max(low, it));

const start = (stage) => {
  if (stage.dataset.live) return;
  stage.dataset.live = "yes";
  stage.classList.add("live");
  const papers = [...stage.querySelectorAll(".dia-paper")];
  const paper = () => papers.find((it) => getComputedStyle(it).display !== "none") ?? papers[0];
  const picture = () => paper().querySelector("svg");
  const size = () => ({ w: picture().width.baseVal.value, h: picture().height.baseVal.value });
  const mini = stage.querySelector("[data-mini]");
  const scale = stage.querySelector("[data-scale]");
  let view = { k: 1, x: 0, y: 0 };
  let own = false;

  const show = () => {
    for (const it of papers) it.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
    const words = `${Math.round(view.k * 100)} %`;
    if (scale.textContent !== words) scale.textContent = words;
    views.set(stage.dataset.key, { ...view, own });
    showMini();
  };
  // Something of the picture stays in sight.
  const hold = () => {
    const { w, h } = size();
    const [wide, high] = [stage.clientWidth, stage.clientHeight];
    const keep = 80;
    view.x = clamp(view.x, keep - w * view.k, wide - keep);
    view.y = clamp(view.y, keep - h * view.k, high - keep);
  };
  const fit = () => {
    const { w, h } = size();
    const [wide, high] = [stage.clientWidth, stage.clientHeight];
    const k = clamp(Math.min(wide / w, high / h), LEAST, document.fullscreenElement ? 2 : 1);
    view = { k, x: (wide - w * k) / 2, y: (high - h * k) / 2 };
    own = false;
    show();
  };
  // What cannot be read when it fits begins at its left, larger.
  const open = () => {
    fit();
    if (view.k >= READABLE || document.fullscreenElement) return;
    const k = READABLE;
    const spare = stage.clientHeight - size().h * k;
    view = { k, x: 0, y: Math.max(0, spare / 2) };
    show();
  };
  const zoom = (factor, at) => {
    const k = clamp(view.k * factor, LEAST, MOST);
    const by = k / view.k;
    const { x, y } = at ?? { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
    view = { k, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
    own = true;
    hold();
    show();
  };
  const move = (dx, dy) => {
    view.x += dx;
    view.y += dy;
    own = true;
    hold();
    show();
  };
  const point = (e) => {
    const box = stage.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };

  // ------------------------------------------------------------- minimap
  const frame = document.createElement("i");
  let drawn;
  const showMini = () => {
    const { w, h } = size();
    const [wide, high] = [stage.clientWidth, stage.clientHeight];
    // Only where there is more than can be seen.
    const large = w * view.k > wide * 1.15 || h * view.k > high * 1.15;
    mini.hidden = !large;
    if (!large) return;
    const k = Math.min(200 / w, 140 / h);
    mini.style.width = `${w * k}px`;
    mini.style.height = `${h * k}px`;
    if (drawn !== picture()) {
      drawn = picture();
      const copy = drawn.cloneNode(true);
      for (const it of copy.querySelectorAll("[tabindex], a, [id]")) {
        it.removeAttribute("tabindex");
        it.removeAttribute("href");
        it.removeAttribute("id");
      }
      copy.removeAttribute("aria-label");
      mini.replaceChildren(copy, frame);
    }
    const left = clamp(-view.x / view.k, 0, w);
    const top = clamp(-view.y / view.k, 0, h);
    frame.style.left = `${left * k}px`;
    frame.style.top = `${top * k}px`;
    frame.style.width = `${Math.max(6, Math.min(w, (wide - view.x) / view.k) * k - left * k)}px`;
    frame.style.height = `${Math.max(6, Math.min(h, (high - view.y) / view.k) * k - top * k)}px`;
  };
  const goMini = (e) => {
    const box = mini.getBoundingClientRect();
    const { w, h } = size();
    view.x = stage.clientWidth / 2 - ((e.clientX - box.left) / box.width) * w * view.k;
    view.y = stage.clientHeight / 2 - ((e.clientY - box.top) / box.height) * h * view.k;
    own = true;
    hold();
    show();
  };
  mini.addEventListener("pointerdown", (e) => {
    e.stopPropagation();
    mini.setPointerCapture(e.pointerId);
    goMini(e);
  });
  mini.addEventListener("pointermove", (e) => mini.hasPointerCapture(e.pointerId) && goMini(e));

  // ------------------------------------------------------------- hands
  stage.addEventListener(
    "wheel",
    (e) => {
      if (e.ctrlKey || e.metaKey) {
        e.preventDefault();
        zoom(Math.exp(-clamp(e.deltaY, -60, 60) * 0.01), point(e));
      } else if (document.fullscreenElement || e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        e.preventDefault();
        const [dx, dy] = e.shiftKey && !e.deltaX ? [e.deltaY, 0] : [e.deltaX, e.deltaY];
        move(-dx, -dy);
      }
    },
    { passive: false },
  );
  const down = new Map();
  let dragged = false;
  let apart = 0;
  stage.addEventListener("pointerdown", (e) => {
    if (e.button || e.target.closest(".dia-zoom, .dia-mini")) return;
    down.set(e.pointerId, point(e));
    if (down.size === 1) dragged = false;
    apart = 0;
  });
  stage.addEventListener("pointermove", (e) => {
    const before = down.get(e.pointerId);
    if (!before) return;
    const now = point(e);
    if (down.size === 2) {
      down.set(e.pointerId, now);
      const [a, b] = [...down.values()];
      const far = Math.hypot(a.x - b.x, a.y - b.y);
      if (apart) zoom(far / apart, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
      apart = far;
      dragged = true;
      return;
    }
    if (!dragged && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
    if (!dragged) stage.setPointerCapture(e.pointerId);
    dragged = true;
    stage.classList.add("moving");
    down.set(e.pointerId, now);
    move(now.x - before.x, now.y - before.y);
  });
  const up = (e) => {
    down.delete(e.pointerId);
    apart = 0;
    stage.classList.remove("moving");
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("dragstart", (e) => e.preventDefault());
  // The end of a drag over a component does not choose it.
  stage.addEventListener(
    "click",
    (e) => {
      if (!dragged) return;
      dragged = false;
      e.preventDefault();
      e.stopPropagation();
    },
    true,
  );
  stage.addEventListener("dblclick", (e) => !e.target.closest("a, button") && zoom(1.6, point(e)));
  stage.addEventListener("click", (e) => {
    const button = e.target.closest("[data-zoom]");
    if (!button) return;
    const act = { in: () => zoom(1.25), out: () => zoom(0.8), fit, one: () => zoom(1 / view.k) };
    act[button.dataset.zoom]();
  });

  // ------------------------------------------------------------- keys
  stage.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const step = 60;
    const acts = {
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      0: fit,
      1: () => zoom(1 / view.k),
      p: present,
      ArrowLeft: () => move(step, 0),
      ArrowRight: () => move(-step, 0),
      ArrowUp: () => move(0, step),
      ArrowDown: () => move(0, -step),
    };
    if (e.key === "Escape" && document.getElementById("dia-panel")?.hidden === false) {
      e.preventDefault();
      return document.querySelector("[data-unpick]")?.click();
    }
    const act = acts[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
  // What is reached by Tab comes into sight.
  stage.addEventListener("focusin", (e) => {
    stage.scrollTo(0, 0);
    const part = e.target.closest(".dia-paper a, .dia-paper [tabindex]");
    if (!part || !part.matches(":focus-visible")) return;
    const [box, all] = [part.getBoundingClientRect(), stage.getBoundingClientRect()];
    const room = 24;
    const over = (low, high, from, to) =>
      low < from + room ? from + room - low : high > to - room ? Math.max(to - room - high, from + room - low) : 0;
    const [dx, dy] = [over(box.left, box.right, all.left, all.right), over(box.top, box.bottom, all.top, all.bottom)];
    if (dx || dy) move(dx, dy);
  });

  const present = () => {
    const dia = stage.closest(".dia");
    if (document.fullscreenElement) document.exitFullscreen();
    else dia.requestFullscreen?.().catch(() => {});
  };
  stage.present = present;
  stage.fit = fit;
  new ResizeObserver(() => (own ? (hold(), show()) : open())).observe(stage);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  const before = views.get(stage.dataset.key);
  if (before?.own) {
    view = { k: before.k, x: before.x, y: before.y };
    own = true;
    hold();
    show();
  } else open();
  light(stage);
};

// ------------------------------------------------------------- choosing
// Lines of the chosen component stand out.
const light = (stage) => {
  for (const svg of stage.querySelectorAll(".dia-paper svg.diagram")) {
    const chosen = svg.querySelector("a[aria-current]")?.dataset.node;
    svg.classList.toggle("picked", Boolean(chosen));
    for (const edge of svg.querySelectorAll(".edge"))
      edge.classList.toggle("lit", Boolean(chosen) && (edge.dataset.from === chosen || edge.dataset.to === chosen));
  }
};

let asked = 0;
const pick = async (url, push = true) => {
  const turn = ++asked;
  const answer = await fetch(url, { headers: { "x-part": "1", accept: "text/html" } }).catch(() => null);
  if (turn !== asked) return;
  if (!answer?.ok) return location.assign(url);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [panel, now] = [document.getElementById("dia-panel"), fresh.getElementById("dia-panel")];
  if (!panel || !now) return location.assign(url);
  if (push) history.pushState(null, "", url);
  panel.replaceChildren(...now.childNodes);
  panel.hidden = now.hidden;
  panel.scrollTop = 0;
  panel.closest(".dia").classList.toggle("with-panel", !now.hidden);
  const chosen = new URL(url, location.href).searchParams.get("component");
  const stage = document.querySelector("[data-diagram]");
  for (const it of stage.querySelectorAll(".dia-paper a")) {
    if (chosen && it.dataset.component === chosen) it.setAttribute("aria-current", "true");
    else it.removeAttribute("aria-current");
  }
  light(stage);
  // Addresses on the page go on with the choice.
  for (const it of fresh.querySelectorAll("[data-keep]")) {
    const label = it.textContent;
    const own = [...document.querySelectorAll("[data-keep]")].find((other) => other.textContent === label);
    own?.setAttribute("href", it.getAttribute("href"));
  }
};

const plain = (e) => !(e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || e.button);
document.addEventListener("click", (e) => {
  if (!(e.target instanceof Element) || e.defaultPrevented || !plain(e)) return;
  const link = e.target.closest(".dia-paper a, [data-pick], [data-unpick]");
  if (link) {
    e.preventDefault();
    const url = link.getAttribute("href");
    if (link.hasAttribute("data-unpick")) {
      const back = document.querySelector(".dia-paper a[aria-current]");
      pick(url).then(() => back?.focus());
    } else pick(url);
    return;
  }
  if (e.target.closest("[data-present]")) document.querySelector("[data-diagram]")?.present();
});

const begin = () => document.querySelectorAll("[data-diagram]").forEach(start);
begin();
document.addEventListener("workbench:pane", begin);
document.addEventListener("swapped", begin);
