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
})();
