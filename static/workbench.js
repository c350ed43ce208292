// A session while it happens. The page is whole without this: here it is told what has
// changed, fetches itself again, and swaps in the parts that differ.

const bench = document.querySelector("[data-bench]");
const part = (page, id) => page.getElementById(id);
const $ = (id) => document.getElementById(id);

// An example goes into the field instead of over to another page.
document.addEventListener("click", (e) => {
  const example = e.target.closest?.("[data-example]");
  const field = $("message");
  if (!example || !field || e.metaKey || e.ctrlKey) return;
  e.preventDefault();
  field.value = example.dataset.example;
  field.focus();
  field.scrollIntoView({ block: "center", behavior: "smooth" });
});

if (bench) {
  const here = bench.dataset.bench;
  const thread = () => $("thread");
  const atEnd = () => {
    const it = thread();
    return it.scrollHeight - it.scrollTop - it.clientHeight < 80;
  };
  const toEnd = () => {
    const it = thread();
    it.scrollTop = it.scrollHeight;
  };
  toEnd();

  // What the reader is doing must survive a swap: their words, their place, open parts.
  const keep = () => {
    const active = document.activeElement;
    const typed = [...document.querySelectorAll("#talk textarea, #design input, #design select")]
      .filter((it) => it.id && (it.value !== it.defaultValue || it === active))
      .map((it) => [it.id, it.value]);
    return { id: active?.id, start: active?.selectionStart, end: active?.selectionEnd, typed, pane: $("pane")?.scrollTop };
  };
  const restore = (kept) => {
    for (const [id, value] of kept.typed) {
      const it = $(id);
      if (it && it.tagName === "TEXTAREA") it.value = value;
    }
    const it = kept.id && $(kept.id);
    if (it && document.activeElement !== it) {
      it.focus({ preventScroll: true });
      if (it.setSelectionRange && kept.start != null) it.setSelectionRange(kept.start, kept.end);
    }
    const pane = $("pane");
    if (pane && kept.pane) pane.scrollTop = kept.pane;
  };

  const show = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.querySelector("[data-bench]");
    if (!fresh) return location.reload();
    const follow = atEnd();
    const kept = keep();
    for (const id of ["thread", "design", "bench-head"]) {
      const now = $(id);
      const then = part(page, id);
      if (now && then && now.innerHTML !== then.innerHTML) now.replaceChildren(...then.childNodes);
    }
    bench.dataset.running = fresh.dataset.running;
    document.title = page.title;
    restore(kept);
    if (follow) toEnd();
    window.dispatchEvent(new Event("bench:swap"));
  };

  let asked = 0;
  const refresh = async () => {
    const mine = ++asked;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    show(await answer.text());
  };
  // Several notices in one moment are one change to the eye.
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 60);
  };

  const stream = new EventSource(`${here}/events?after=${bench.dataset.after}`);
  for (const name of ["message", "answer", "session", "artifacts"]) stream.addEventListener(name, soon);
  stream.addEventListener("step", (e) => {
    const { id, step } = JSON.parse(e.data);
    const turn = document.querySelector(`[data-answer="${CSS.escape(id)}"]`);
    const list = turn?.querySelector("[data-steps]");
    if (!list) return soon();
    const follow = atEnd();
    const line = document.createElement("li");
    line.className = step.step;
    line.textContent = step.text;
    list.append(line);
    const now = turn.querySelector("[data-now]");
    if (now) now.textContent = `${step.text}…`;
    if (follow) toEnd();
  });
  // A stream that ended for good (signed out, deleted) is asked about once more.
  stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && setTimeout(refresh, 2000));
  addEventListener("pagehide", () => stream.close());

  // What was said stands there at once, and is not sent twice.
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    const path = new URL(form.action).pathname;
    const ours = [`${here}/messages`, `${here}/settings`, `${here}/branch`].includes(path) || /\/messages\/[^/]+\/(stop|retry)$/.test(path);
    if (!ours || e.defaultPrevented) return;
    e.preventDefault();
    const body = new URLSearchParams(new FormData(form, e.submitter));
    const text = body.get("text");
    const field = form.querySelector("textarea");
    if (path.endsWith("/messages") && form.id === "composer") {
      if (!text.trim()) return delete form.dataset.sent;
      const turn = document.createElement("article");
      turn.className = "turn mine sending";
      const said = document.createElement("div");
      said.className = "said";
      const words = document.createElement("p");
      words.className = "words";
      words.dir = "auto";
      words.textContent = text;
      said.append(words);
      turn.append(said);
      thread().append(turn);
      field.value = "";
      toEnd();
    }
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } }).catch(() => null);
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((it) => it.removeAttribute("aria-busy"));
    if (answer?.ok) {
      const html = await answer.text();
      // The newest state is where a change leads.
      if (location.pathname !== here && !path.endsWith("/stop")) history.pushState(null, "", here);
      show(html);
      const flash = new DOMParser().parseFromString(html, "text/html").querySelector(".toasts");
      if (flash) document.querySelector(".page").prepend(flash);
    } else {
      document.querySelector(".turn.sending")?.remove();
      if (field && text) field.value = text;
      const note = document.createElement("p");
      note.className = "remark error";
      note.setAttribute("role", "alert");
      note.textContent = answer ? "The server did not take this. Reload the page and try again." : "The line is down. Your words are still here; send them again.";
      thread().append(note);
      toEnd();
    }
  });

  addEventListener("popstate", refresh);

  // Shortcuts of this page, when nobody is typing.
  document.addEventListener("keydown", (e) => {
    if (e.metaKey || e.ctrlKey || e.altKey || e.target.matches?.("input, textarea, select, [contenteditable]")) return;
    const go = { o: "", 1: "good", 2: "better", 3: "best" }[e.key];
    if (e.key === "/" || e.key === "c") {
      e.preventDefault();
      $("text")?.focus();
    } else if (go !== undefined) {
      const link = document.querySelector(go ? `a.name[href$="/${go}/diagram"], .option-head .segmented a:nth-child(${e.key})` : '.option-head a[href*="/analyses/"]');
      link?.click();
    }
  });
}
