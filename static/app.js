// What a page cannot do by itself: open dialogs, copy, reveal a password, tell the
// time where the reader is, jump by keyboard. Pages work without any of it.

// The content security policy lets no script run that the page did not name; it also asks
// that markup given to the DOM passes a policy. htmx puts in what our own server sent.
window.trustedTypes?.createPolicy("default", { createHTML: (html) => html });

const on = (event, selector, act) =>
  document.addEventListener(event, (e) => {
    const found = e.target instanceof Element && e.target.closest(selector);
    if (found) act(found, e);
  });

// Dialogs. The control is a link to a page with the same form when script is off.
const open = (dialog) => {
  document.querySelectorAll("[popover]:popover-open").forEach((it) => it.hidePopover());
  if (!dialog.open) dialog.showModal();
};
on("click", "[data-opens]", (control, e) => {
  const dialog = document.getElementById(control.dataset.opens);
  if (!dialog || e.metaKey || e.ctrlKey || e.shiftKey) return;
  e.preventDefault();
  open(dialog);
});
on("click", "dialog [data-close]", (control) => control.closest("dialog").close());
on("click", "dialog", (dialog, e) => {
  if (e.target !== dialog) return;
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const inside = e.clientX >= left && e.clientX <= right && e.clientY >= top && e.clientY <= bottom;
  // A click without a place comes from the keyboard.
  if (!inside && (e.clientX || e.clientY)) dialog.close();
});

// Menus close when the reader turns elsewhere.
const closeMenus = (except) =>
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
document.addEventListener("click", (e) => closeMenus(e.target.closest?.("details.menu")));
on("focusout", "details.menu[open]", (menu, e) => {
  if (e.relatedTarget && !menu.contains(e.relatedTarget)) menu.open = false;
});
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// On a narrow screen the tab of this page may be beyond the edge.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

on("click", "[data-dismiss]", (control) => control.closest("[data-toast]").remove());

on("click", "[data-reveal]", (control) => {
  const input = document.getElementById(control.dataset.reveal);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  control.setAttribute("aria-pressed", String(shown));
});

// Copying. The button says that it was done, and so does the screen reader.
const say = (() => {
  const region = document.createElement("p");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  document.body.append(region);
  return (words) => {
    region.textContent = "";
    requestAnimationFrame(() => (region.textContent = words));
  };
})();
on("click", "[data-copy]", async (control) => {
  const source = document.getElementById(control.dataset.copy);
  const label = control.querySelector("[data-copy-label]") ?? control;
  const before = (control.dataset.before ??= label.textContent);
  let words = "Copied";
  try {
    await navigator.clipboard.writeText(source.value ?? source.innerText);
  } catch {
    getSelection().selectAllChildren(source);
    words = "Press Ctrl+C";
  }
  label.textContent = words;
  say(words);
  setTimeout(() => (label.textContent = before), 2000);
});
on("click", "[data-print]", () => print());

// Forms: ask first where it matters, send once, show that something happens.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (e.defaultPrevented) return;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return e.preventDefault();
  if (form.dataset.sent) return e.preventDefault();
  if (form.method === "dialog" || form.hasAttribute("data-again")) return;
  form.dataset.sent = "yes";
  const button = e.submitter;
  // A disabled button would not be sent with the form; busy is only said.
  if (button?.classList.contains("button")) button.setAttribute("aria-busy", "true");
});
// Coming back with the back button, or an answer that was swapped in: ready again.
const ready = () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll(".button[aria-busy]").forEach((it) => it.removeAttribute("aria-busy"));
};
addEventListener("pageshow", (e) => e.persisted && ready());
document.addEventListener("htmx:after:request", ready);
on("change", "form[data-auto] select, form[data-auto] input", (control) => control.form.requestSubmit());
document.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target.form && e.target.matches("textarea")) e.target.form.requestSubmit();
});

// Passkeys: the options come from the server, the answer goes with the form.
const passkey = async (form) => {
  const problem = form.querySelector("[data-passkey-problem]");
  const fail = (words) => {
    ready();
    problem.textContent = words;
    problem.hidden = false;
  };
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return fail("This browser cannot use passkeys here.");
  problem.hidden = true;
  const answer = await fetch(form.dataset.options, { method: "POST", headers: { accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return fail("The server did not answer as expected. Reload the page and try again.");
  const { publicKey } = await answer.json();
  try {
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    form.elements.credential.value = JSON.stringify(credential.toJSON());
  } catch (error) {
    return fail(error.name === "InvalidStateError" ? "This passkey is already known here." : "The device did not confirm. Try again.");
  }
  form.submit();
};
document.addEventListener("submit", (e) => {
  if (!e.target.dataset.passkey || e.defaultPrevented) return;
  e.preventDefault();
  passkey(e.target);
});

// A complete code is sent without another key.
on("input", "[data-code]", (input) => {
  const digits = input.value.replace(/\D/g, "");
  if (digits !== input.value) input.value = digits;
  if (digits.length === 6) input.form.requestSubmit();
});

// Moments are written in UTC; show them where the reader is.
const units = [["year", 31536e3], ["month", 2592e3], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const tell = (root) =>
  root.querySelectorAll("time[data-time]").forEach((it) => {
    const at = new Date(it.dateTime);
    if (Number.isNaN(at.getTime())) return;
    it.title = `${local.format(at)} (${at.toISOString()})`;
    const seconds = (at - Date.now()) / 1000;
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    const far = Math.abs(seconds) > 30 * 86400;
    it.textContent =
      it.dataset.time === "local" || far ? local.format(at) : unit === "second" ? "just now" : relative.format(Math.round(seconds / size), unit);
  });
tell(document);
document.addEventListener("htmx:after:swap", () => tell(document));
document.addEventListener("swapped", (e) => tell(e.detail));

// The palette: type, choose with the arrows, open.
const palette = document.getElementById("palette");
if (palette) {
  const input = palette.querySelector("[data-palette]");
  const items = [...palette.querySelectorAll("li:not(.none)")];
  // Sessions and actions are asked for when somebody looks for them.
  let more = palette.dataset.more;
  const fill = async () => {
    const address = more;
    more = "";
    const answer = address && (await fetch(address, { headers: { "x-part": "1" } }).catch(() => null));
    if (!answer?.ok) return;
    const found = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
    const list = [...found.querySelectorAll("li")].map((it) => document.importNode(it, true));
    none.before(...list);
    items.push(...list);
    filter();
  };
  input.addEventListener("focus", fill);
  const none = palette.querySelector(".none");
  const shown = () => items.filter((it) => !it.hidden).map((it) => it.firstElementChild);
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const it of items) it.hidden = !words.every((word) => it.textContent.toLowerCase().includes(word));
    none.hidden = shown().length > 0;
    items.forEach((it) => it.firstElementChild.classList.remove("active"));
    if (words.length) shown()[0]?.classList.add("active");
  };
  input.addEventListener("input", filter);
  palette.addEventListener("close", () => {
    input.value = "";
    filter();
  });
  palette.addEventListener("keydown", (e) => {
    const links = shown();
    const at = links.indexOf(document.activeElement);
    if (e.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
    else if (e.key === "ArrowUp") (at > 0 ? links[at - 1] : input).focus();
    else if (e.key === "Enter" && at < 0 && input.value) links[0]?.click();
    else return;
    e.preventDefault();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key.toLowerCase() !== "k" || !(e.ctrlKey || e.metaKey) || e.shiftKey || e.altKey) return;
    e.preventDefault();
    palette.open ? palette.close() : open(palette);
  });
  if (/Mac|iP/.test(navigator.platform)) document.querySelectorAll("[data-mod]").forEach((it) => (it.textContent = "⌘"));
}
