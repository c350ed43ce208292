// The workbench while it is open: swaps in what changed, tells what happens while it
// happens, and leads by keyboard. Every form and link of it works without.

const wb = document.getElementById("wb");
const byId = (id) => document.getElementById(id);
const on = (event, selector, act) =>
  document.addEventListener(event, (e) => {
    const found = e.target instanceof Element && e.target.closest(selector);
    if (found) act(found, e);
  });

// The composer: counts when the limit is near; an example is put in.
const bytes = (text) => new TextEncoder().encode(text).length;
const count = () => {
  const form = byId("composer");
  if (!form) return;
  const [hint, limit, size] = [byId("count"), Number(form.dataset.limit), bytes(form.elements.text.value)];
  const near = size > limit * 0.8;
  const words = near ? `${size.toLocaleString()} of ${limit.toLocaleString()} bytes` : "";
  if (hint.textContent !== words) hint.textContent = words;
  hint.classList.toggle("over", size > limit);
};
on("input", "#composer textarea", count);
count();
on("click", "[data-example]", (link, e) => {
  const text = byId("text");
  if (!text || e.metaKey || e.ctrlKey) return;
  e.preventDefault();
  text.value = link.dataset.example;
  text.focus();
  text.scrollIntoView({ block: "center" });
  count();
});

if (wb) {
  const base = wb.dataset.base;
  const scroll = byId("talk-scroll");
  const live = byId("live");
  const narrow = matchMedia("(max-width: 899.98px)");
  // On a narrow screen the page itself scrolls.
  const scroller = () => (narrow.matches ? document.scrollingElement : scroll);
  const atEnd = (it = scroller()) => it.scrollHeight - it.scrollTop - it.clientHeight < 160;
  const toEnd = (it = scroller()) => (!narrow.matches || wb.dataset.show === "talk") && (it.scrollTop = it.scrollHeight);
  // What is put in waits until the last thing somebody did is on the screen, and
  // until they let go of what they are about to click.
  let held = null;
  addEventListener("pointerdown", (e) => e.button || (held ??= Promise.withResolvers()));
  const release = () => setTimeout(() => (held?.resolve(), (held = null)));
  for (const end of ["pointerup", "pointercancel", "contextmenu", "dragend", "blur"]) addEventListener(end, release);
  // Where nothing is shown, as in a window behind others, no frame comes.
  const frame = () =>
    new Promise((done) => {
      requestAnimationFrame(() => setTimeout(done));
      setTimeout(done, 100);
    });
  // A release that never comes, as from the list of a select, holds nothing up for long.
  const free = async () => {
    if (held) await Promise.race([held.promise, new Promise((done) => setTimeout(done, 2000))]);
    await frame();
  };
  const swapped = (root) => document.dispatchEvent(new CustomEvent("swapped", { detail: root }));

  // ------------------------------------------------------------- swapping
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  // Keeps what has not changed, in place, with its focus and what is unfolded.
  const mend = (old, fresh) => {
    if (!old || !fresh || old.dataset.rev === fresh.dataset.rev) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const top = old.scrollTop;
    const kept = old.querySelector("textarea")?.value;
    old.replaceChildren(...fresh.childNodes);
    old.dataset.rev = fresh.dataset.rev;
    old.className = fresh.className;
    old.scrollTop = top;
    const area = old.querySelector("textarea");
    if (area && kept && !area.value.trim()) area.value = kept;
    if (focused) byId(focused)?.focus({ preventScroll: true });
    swapped(old);
  };

  const mendThread = (fresh) => {
    const thread = byId("thread");
    const stay = atEnd();
    const wanted = [...fresh.children];
    const ids = new Set(wanted.map((it) => it.id));
    for (const it of [...thread.children]) if (!ids.has(it.id)) it.remove();
    let before = null;
    for (const it of wanted) {
      const old = byId(it.id);
      const there = old && old.parentElement === thread ? old : null;
      if (there) mend(there, it);
      const node = there ?? document.importNode(it, true);
      const next = before ? before.nextElementSibling : thread.firstElementChild;
      if (node !== next) thread.insertBefore(node, next);
      if (!there) swapped(node);
      before = node;
    }
    if (stay) toEnd();
  };

  const ask = (url, init = {}) =>
    fetch(url, { ...init, headers: { ...init.headers, "x-part": "1", accept: "text/html" } });

  const paneTo = (fresh, force = false) => {
    const [old, pane] = [byId("pane"), fresh.getElementById("pane")];
    if (!pane || (!force && old.dataset.rev === pane.dataset.rev)) return;
    mend(old, pane);
    if (force) old.scrollTop = 0;
    document.dispatchEvent(new CustomEvent("workbench:pane", { detail: old }));
  };

  const talkTo = (fresh) => {
    const thread = fresh.getElementById("thread");
    if (!thread) return false;
    mendThread(thread);
    mend(byId("foot"), fresh.getElementById("foot"));
    mend(byId("session-head"), fresh.getElementById("session-head"));
    const news = fresh.getElementById("wb").dataset;
    wb.dataset.newest = news.newest;
    count();
    return true;
  };

  const flash = (fresh) => {
    const notes = fresh.querySelector(".toasts");
    if (!notes) return;
    document.querySelector(".page > .toasts")?.remove();
    document.querySelector(".page").prepend(document.importNode(notes, true));
  };

  let whole = "";
  let editing = new URLSearchParams(location.search).get("edit") ?? "";
  let asked = 0;
  // On the way to another state, and whether something happened meanwhile.
  let going = 0;
  let news = false;
  // What somebody unfolded or is rewriting stays so when news come in.
  const wish = () => {
    const query = new URLSearchParams(location.search);
    query.delete("edit");
    if (whole) query.set("all", whole);
    if (editing) query.set("edit", editing);
    return query.size ? `?${query}` : "";
  };
  // The page of this address again; only what changed is put in.
  const refresh = async () => {
    // Whoever is on the way elsewhere is not called back.
    if (going) return void (news = true);
    const turn = ++asked;
    const answer = await ask(location.pathname + wish()).catch(() => null);
    const html = answer?.ok && (await answer.text().catch(() => null));
    await free();
    if (turn !== asked) return;
    if (!html) return answer && location.reload();
    const fresh = parse(html);
    talkTo(fresh);
    await free();
    if (turn === asked) paneTo(fresh);
  };

  // Goes to another state of the same session.
  const go = async (url, push = true) => {
    byId("pane").classList.add("loading");
    const turn = (going = ++asked);
    const answer = await ask(url).catch(() => null);
    const html = answer?.ok && (await answer.text().catch(() => null));
    await free();
    if (turn !== going) return;
    byId("pane").classList.remove("loading");
    if (!html) return location.assign(url);
    const fresh = parse(html);
    let overtaken = true;
    try {
      if (push) history.pushState(null, "", url);
      shown = location.pathname + location.search;
      document.title = fresh.title;
      paneTo(fresh, true);
      wb.dataset.number = fresh.getElementById("wb").dataset.number;
      if (narrow.matches) show("pane");
      await free();
    } finally {
      // Whatever became of it, nobody is on this way any more.
      overtaken = turn !== going;
      if (!overtaken) going = 0;
    }
    if (overtaken) return;
    // What was said since is newer than this.
    if (turn === asked) talkTo(fresh);
    if (!news) return;
    news = false;
    refresh();
  };
  const plain = (e) => !(e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || e.button);
  on("click", "a[data-nav]", (link, e) => {
    if (!plain(e)) return;
    e.preventDefault();
    link.closest("details.menu")?.removeAttribute("open");
    go(link.getAttribute("href"));
  });
  // A form that leads to another state of the pane: a search, a comparison.
  document.addEventListener("submit", (e) => {
    if (!e.target.hasAttribute("data-go") || e.defaultPrevented) return;
    e.preventDefault();
    go(`${e.target.getAttribute("action")}?${new URLSearchParams(new FormData(e.target))}`);
  });
  // Going to a line of the same file is a matter of the browser.
  let shown = location.pathname + location.search;
  addEventListener("popstate", () => {
    if (location.pathname + location.search === shown || !location.pathname.startsWith(base)) return;
    go(location.pathname + location.search, false);
  });

  on("click", "a[data-earlier]", async (link, e) => {
    if (!plain(e)) return;
    e.preventDefault();
    whole = "1";
    const below = scroll.scrollHeight - scroll.scrollTop;
    await refresh();
    scroll.scrollTop = scroll.scrollHeight - below;
  });
  // Rewriting a message, and leaving off: the conversation alone changes.
  on("click", "a[data-swap]", async (link, e) => {
    if (!plain(e)) return;
    e.preventDefault();
    editing = new URL(link.href).searchParams.get("edit") ?? "";
    // What was asked for before knows nothing of this.
    ++asked;
    const answer = await ask(link.getAttribute("href").split("#")[0]).catch(() => null);
    if (!answer?.ok) return location.assign(link.href);
    talkTo(parse(await answer.text()));
    const edit = byId("edit-text");
    edit?.focus();
    edit?.setSelectionRange(edit.value.length, edit.value.length);
    refresh();
  });

  // ------------------------------------------------------------- sending
  const optimistic = (text) => {
    const item = document.createElement("li");
    item.className = "turn mine";
    item.id = "sending";
    const said = document.createElement("div");
    said.className = "said";
    said.dir = "auto";
    said.textContent = text;
    const from = document.createElement("p");
    from.className = "from";
    from.textContent = "You";
    item.append(from, said);
    byId("no-turns")?.remove();
    byId("thread").append(item);
    toEnd();
  };
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.hasAttribute("data-part") || e.defaultPrevented) return;
    e.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const body = new URLSearchParams(new FormData(form, e.submitter));
    const composer = form.id === "composer";
    const typed = composer ? form.elements.text.value : "";
    if (composer) {
      if (typed.trim()) optimistic(typed.trim());
      form.elements.text.value = "";
    }
    ++asked;
    if (form.elements.edits) editing = "";
    const answer = await ask(form.getAttribute("action"), { method: "POST", body }).catch(() => null);
    delete form.dataset.busy;
    delete form.dataset.sent;
    byId("sending")?.remove();
    const fresh = answer && /html/.test(answer.headers.get("content-type") ?? "") ? parse(await answer.text()) : null;
    if (!fresh || !talkTo(fresh)) {
      if (composer && byId("text")) byId("text").value = typed;
      return say(answer ? "That was refused. Reload the page and try again." : "The line is down: nothing was sent. Try again.");
    }
    flash(fresh);
    form.querySelector("details[open]")?.removeAttribute("open");
    if (composer) {
      if (answer.ok) toEnd();
      byId("text")?.focus({ preventScroll: true });
    }
    if (!byId("pane").querySelector(".compare") && !byId("pane").querySelector(".option-bar")) paneTo(fresh);
  });
  const say = (words) => (live.textContent = words);

  // ------------------------------------------------------------- hearing
  const steps = new Map();
  const step = ({ id, step }) => {
    const list = document.querySelector(`[data-steps="${CSS.escape(id)}"]`);
    const seen = steps.get(id) ?? [];
    seen.push(step);
    steps.set(id, seen);
    if (!list) return;
    const item = document.createElement("li");
    const working = list.querySelector(".working");
    const tick = working.querySelector(".icon").cloneNode(true);
    const [words, ms] = [document.createElement("span"), document.createElement("span")];
    words.textContent = step.text;
    ms.className = "ms";
    ms.textContent = `${Math.round(step.ms)} ms`;
    item.append(tick, words, ms);
    working.children[1].textContent = "Working…";
    const stay = atEnd();
    list.insertBefore(item, working);
    if (stay) toEnd();
  };
  const at = () => location.pathname.slice(base.length).split("/").filter(Boolean);
  // An analysis was made: who looks at the newest goes on looking at the newest.
  const newest = async ({ state, analysis }) => {
    const [, number, tier, tab] = at();
    const looks = !number || number === wb.dataset.newest;
    if (state !== "done" || !analysis || !looks) return refresh();
    const url = tier ? `${base}/analyses/${analysis}/${tier}${tab ? `/${tab}` : ""}` : base;
    if (url !== location.pathname) history.replaceState(null, "", url);
    shown = location.pathname + location.search;
    await refresh();
    wb.dataset.number = String(analysis);
  };
  let source;
  let seq = wb.dataset.seq;
  const listen = () => {
    source = new EventSource(`${wb.dataset.events}?after=${seq}`);
    const hear = (name, act) =>
      source.addEventListener(name, (e) => {
        seq = e.lastEventId || seq;
        act(JSON.parse(e.data));
      });
    source.onopen = () => say("");
    hear("message", refresh);
    hear("step", step);
    hear("answer", newest);
    hear("artifacts", ({ analysis }) => String(analysis) === (at()[1] ?? wb.dataset.newest) && refresh());
    hear("session", refresh);
    hear("branch", () => go(base, at().length > 0));
    source.onerror = () => {
      say("Reconnecting…");
      // A refusal ends it for the browser; a server that starts again does not.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    };
  };
  listen();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (e) => e.persisted && (listen(), refresh()));

  // ------------------------------------------------------------- panes
  const show = (which) => {
    wb.dataset.show = which;
    document.querySelectorAll("[data-pane-tab]").forEach((it) => {
      if (it.dataset.paneTab === which) it.setAttribute("aria-current", "true");
      else it.removeAttribute("aria-current");
    });
  };
  on("click", "[data-pane-tab]", (tab, e) => {
    e.preventDefault();
    show(tab.dataset.paneTab);
    scrollTo(0, 0);
    toEnd();
  });
  show(at().length ? "pane" : "talk");
  toEnd();

  // ------------------------------------------------------------- keys
  const press = (selector) => document.querySelector(selector)?.click();
  const option = (nth) => {
    const tier = ["good", "better", "best"][nth];
    const number = wb.dataset.number || wb.dataset.newest;
    const tab = document.querySelector(".option-tabs [aria-current]")?.dataset.tab ?? "diagram";
    if (number) go(`${base}/analyses/${number}/${tier}/${tab}`);
  };
  const tab = (name) => press(`.option-tabs [data-tab="${name}"]`) ?? 0;
  const keys = {
    "/": () => (show("talk"), byId("text")?.focus()),
    1: () => option(0),
    2: () => option(1),
    3: () => option(2),
    0: () => press(".option-bar > a"),
    d: () => tab("diagram"),
    c: () => tab("costs"),
    f: () => tab("code"),
    w: () => tab("why"),
    n: () => location.assign("/sessions/new"),
    "?": () => byId("shortcuts")?.showModal(),
  };
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && e.target === byId("text")) return e.target.blur();
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (e.target.closest("input, textarea, select, [contenteditable], dialog, [role=application]")) return;
    const act = keys[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
}
