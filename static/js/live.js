// Keeps an open page current: a WebSocket, at [data-live], says what changed, as an event on <body> (cs:runs, cs:run-ID,
// cs:queue, cs:approval-ID, cs:configuration), and elements fetch themselves again.
(() => {
  "use strict";

  const FIRST_WAIT = 200, LONGEST_WAIT = 30_000, SILENCE = 20_000, HIDDEN_FOR = 60_000, SPREAD = 200, SPACING = 500, PATIENCE = 4000;
  const SIGNED_OUT = 4401;
  const NAMES = { run: "runs", approval: "queue", configuration: "configuration", tool_call: "calls" };

  const indicator = document.querySelector("[data-live]");
  if (!indicator) return;
  const words = indicator.querySelector("[data-live-text]");
  const bar = document.querySelector("[data-offline]");
  const address = new URL(indicator.dataset.live, location.href);

  const raised = new Map();
  let socket, cursor = indicator.dataset.cursor, failures = 0, heardAt = Date.now(), isAnswered = true;
  let hiddenTimer, retryTimer, isSignedOut = false;

  function connect() {
    clearTimeout(retryTimer);
    if (socket || isSignedOut || document.hidden) return;
    const target = new URL(address);
    target.protocol = target.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(target);
    socket.onopen = () => socket.send(JSON.stringify({ after: cursor, run: document.querySelector("[data-run]")?.dataset.run || "" }));
    socket.onmessage = (message) => { failures = 0; hear(JSON.parse(message.data)); };
    socket.onclose = closed;
  }

  function closed({ code }) {
    socket = undefined;
    if (!document.hidden || code === SIGNED_OUT) ask();  // a socket may be refused where requests are answered
    if (document.hidden) return;
    failures += 1;
    show();
    const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
    retryTimer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
  }

  function leave(where) {
    isSignedOut = true;
    location.assign(where);
  }

  function hear(said) {
    heardAt = Date.now();
    isAnswered = true;
    cursor = said.cursor || cursor;
    const names = said.reload ? everyName() : new Set((said.hints || []).flatMap(namesOf));
    for (const detail of said.text || []) document.dispatchEvent(new CustomEvent("cs:text", { detail }));
    names.forEach(plan);
    show();
  }

  function namesOf({ topic, id }) {
    const names = NAMES[topic] ? [NAMES[topic]] : [];
    return id ? [...names, `${topic}-${id}`] : names;
  }

  function everyName() {
    const triggers = [...document.querySelectorAll("[hx-trigger*='cs:']")].map((one) => one.getAttribute("hx-trigger"));
    return new Set(triggers.join(" ").match(/(?<=cs:)\S+/g) || []);
  }

  // Not all pages at once, and no page more often than every half second: what is told meanwhile waits for that. htmx's
  // own throttle would lose it.
  function plan(name) {
    const now = performance.now(), last = raised.get(name) || -SPACING;
    if (last > now) return;
    const at = Math.max(now + Math.random() * SPREAD, last + SPACING);
    raised.set(name, at);
    setTimeout(() => document.body.dispatchEvent(new CustomEvent(`cs:${name}`)), at - now);
  }

  // Without a socket the same is asked for over plain HTTP, now and then.
  function poll() {
    if (document.hidden || isSignedOut || Date.now() - heardAt < SILENCE) return;
    socket?.close();
    ask();
  }

  async function ask() {
    try {
      const answer = await fetch(`${address}?after=${encodeURIComponent(cursor)}`, { headers: { "HX-Request": "true", "HX-Current-URL": location.href }, signal: AbortSignal.timeout(PATIENCE) });
      if (answer.headers.has("HX-Redirect")) return leave(answer.headers.get("HX-Redirect"));
      if (answer.ok) hear(await answer.json());
    } catch {
      isAnswered = socket?.readyState === WebSocket.OPEN;
    }
    show();
  }

  function show() {
    const age = Date.now() - heardAt, isOffline = !navigator.onLine || !isAnswered || age > 45_000;
    indicator.dataset.state = isOffline ? "offline" : socket?.readyState === WebSocket.OPEN ? "live" : "connecting";
    const seconds = Math.round(age / 1000);
    words.textContent = isOffline ? "No connection"
      : indicator.dataset.state === "live" ? "Live, synced " + (seconds < 2 ? "now" : `${seconds} s ago`) : "Connecting";
    if (!bar) return;
    bar.hidden = !isOffline;
    bar.querySelector("[data-offline-since]").textContent = (seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`) + " old";
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden && !document.querySelector("[data-notices]")) hiddenTimer = setTimeout(() => socket?.close(), HIDDEN_FOR);
    else { failures = 0; connect(); }
  });
  window.addEventListener("online", () => { failures = 0; connect(); });
  window.addEventListener("offline", show);
  setInterval(show, 1000);
  setInterval(poll, 30_000);
  connect();
})();
