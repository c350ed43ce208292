// The manual: one language at a time, and operations that can be tried with a test
// key. The key is in this variable and nowhere else; it is gone with the page.
let key = "";

// Languages. What was chosen holds for every block of the page.
const choose = (label) => {
  for (const snippet of document.querySelectorAll(".snippet")) {
    const ways = [...snippet.children];
    if (ways.length < 2) continue;
    const found = ways.find((it) => it.getAttribute("aria-label") === label) ?? ways.find((it) => !it.hidden) ?? ways[0];
    for (const it of ways) it.hidden = it !== found;
  }
};
const known = () => {
  try {
    return sessionStorage.getItem("language");
  } catch {
    return null;
  }
};
choose(known() ?? "curl");
document.addEventListener("click", (e) => {
  const link = e.target.closest?.("[data-way]");
  if (!link) return;
  e.preventDefault();
  const snippet = link.closest(".snippet");
  choose(link.dataset.way);
  try {
    sessionStorage.setItem("language", link.dataset.way);
  } catch {
    // Without storage the choice holds for this page.
  }
  snippet.querySelector(".snippet-way:not([hidden]) pre").focus();
});

// On a narrow screen the contents are in the way of the page.
if (matchMedia("(max-width: 899.98px)").matches) document.querySelector(".docs-contents")?.removeAttribute("open");

document.addEventListener("submit", (e) => {
  if (e.target.matches("[data-try-key]")) return e.preventDefault();
  if (!e.target.matches("[data-try]")) return;
  e.preventDefault();
  attempt(e.target);
});
document.getElementById("try-key")?.addEventListener("input", (e) => (key = e.target.value.trim()));

// The session that was made last is what the next attempts are about.
const remember = (session) => {
  for (const form of document.querySelectorAll("[data-try]")) {
    const ofSession = form.dataset.path.includes("/sessions/{id}");
    const field = form.elements[ofSession ? "path:id" : "path:session_id"];
    if (field && !field.value) field.value = session;
    const body = form.elements.body;
    if (body && body.value === body.defaultValue) {
      body.value = body.value.replace(/("session_id": )"[^"]*"/, `$1"${session}"`);
    }
  }
};

const attempt = async (form) => {
  const output = form.querySelector("output");
  const say = (text) => {
    output.hidden = false;
    output.textContent = text;
  };
  if (!key.startsWith("cg_test_")) {
    say("Put a test key (cg_test_…) into the field at the top of the page first.");
    return;
  }
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const [place, field] = name.split(":");
    if (place === "path") path = path.replace(`{${field}}`, encodeURIComponent(value));
    else if (place === "query" && value) query.set(field, value);
  }
  const method = form.dataset.method;
  const headers = { authorization: `Bearer ${key}` };
  if (form.elements.body) headers["content-type"] = "application/json";
  if (method === "POST") headers["idempotency-key"] = crypto.randomUUID();
  say("…");
  const started = performance.now();
  try {
    const answer = await fetch(`${path}${query.size ? `?${query}` : ""}`, {
      method,
      headers,
      body: form.elements.body?.value,
      // As a program would: by the key alone.
      credentials: "omit",
    });
    const kind = answer.headers.get("content-type") ?? "";
    const took = Math.round(performance.now() - started);
    let body = "";
    if (kind.includes("json")) {
      const value = JSON.parse((await answer.text()) || "null");
      if (answer.ok && value?.session_id) remember(value.session_id);
      body = JSON.stringify(value, null, 2);
    } else if (kind.startsWith("text/") && !kind.includes("event-stream")) body = await answer.text();
    else if (kind) {
      await answer.body?.cancel();
      body = `(${kind}, not shown here)`;
    }
    const shown = ["ratelimit", "etag", "location", "link", "retry-after", "x-request-id"].map((it) => [it, answer.headers.get(it)]);
    const lines = shown.filter((it) => it[1]).map((it) => it.join(": "));
    say(`${answer.status} ${answer.statusText} in ${took} ms\n${lines.join("\n")}\n\n${body.slice(0, 100000)}`);
  } catch (error) {
    say(error instanceof SyntaxError ? "The answer is not the JSON that was expected." : "The server did not answer.");
  }
};
