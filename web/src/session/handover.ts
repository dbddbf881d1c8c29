// A ticket on its way from one node's page to another's. It goes from window to window: an address would end up in
// histories and logs.

const askMark = "pelorus.ticketWanted";
const giveMark = "pelorus.ticket";
const patienceMs = 60_000;
const answerWaitMs = 1500;

/** Opens the page and gives it the ticket once it asks. Only a page of that very origin can ask. */
export function openWithTicket(url: string, ticket: string): void {
  const { origin } = new URL(url);
  const opened = window.open(url, "_blank");
  if (opened === null) {
    window.location.assign(url);
    return;
  }
  const answer = (event: MessageEvent) => {
    if (event.source !== opened || event.origin !== origin || event.data !== askMark) return;
    stop();
    opened.postMessage({ [giveMark]: ticket }, origin);
  };
  const timer = setTimeout(() => stop(), patienceMs);
  const stop = () => {
    clearTimeout(timer);
    window.removeEventListener("message", answer);
  };
  window.addEventListener("message", answer);
}

/** Asks the page that opened this one. Null: there is none, or it has nothing to give. */
export function ticketFromOpener(): Promise<string | null> {
  const opener = window.opener as Window | null;
  if (opener === null) return Promise.resolve(null);
  return new Promise((resolve) => {
    const take = (event: MessageEvent) => {
      const ticket = event.source === opener ? (event.data as Record<string, unknown> | null)?.[giveMark] : undefined;
      if (typeof ticket === "string") finish(ticket);
    };
    const timer = setTimeout(() => finish(null), answerWaitMs);
    const finish = (ticket: string | null) => {
      clearTimeout(timer);
      window.removeEventListener("message", take);
      resolve(ticket);
    };
    window.addEventListener("message", take);
    opener.postMessage(askMark, "*");
  });
}
