// [data-stream]: shows what the run's model says while it says it. The words come over the socket and are kept nowhere;
// once a turn is committed, data-stream names its position and the page has the turn itself.
(() => {
  "use strict";
  const turns = new Map();

  function hear({ position, attempt, offset, text }) {
    const turn = turns.get(position);
    if (turn && turn.attempt > attempt) return;
    const known = turn?.attempt === attempt ? turn : { attempt, text: "", end: 0 };
    if (offset < known.end) return;
    known.text += (offset > known.end ? "…" : "") + text;
    known.end = offset + text.length;
    turns.set(position, known);
    show();
  }

  function show() {
    const place = document.querySelector("[data-stream]");
    if (!place) return;
    for (const position of place.dataset.stream.split(" ")) turns.delete(position);
    const words = [...turns.values()].map((turn) => turn.text).join("\n\n");
    const body = place.querySelector("[data-stream-text]");
    place.hidden = !words;
    if (body.textContent === words) return;
    const isAtEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 24;
    body.textContent = words;
    if (isAtEnd) body.scrollTop = body.scrollHeight;
  }

  document.addEventListener("cs:text", ({ detail }) => hear(detail));
  document.addEventListener("htmx:afterSettle", show);

  // [data-grows]: a length of time of what is still under way, in seconds; from an hour on the minutes need no help.
  const grown = new WeakMap();

  function grow() {
    for (const one of document.querySelectorAll("[data-grows]")) {
      const from = one.dataset.grows;
      if (grown.get(one)?.from !== from) grown.set(one, { from, at: performance.now() });
      const seconds = Math.round(Number(from) + (performance.now() - grown.get(one).at) / 1000);
      if (seconds < 1 || seconds >= 3600) continue;
      const rest = String(seconds % 60).padStart(2, "0");
      one.textContent = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${rest} s`;
    }
  }

  setInterval(grow, 1000);
})();
