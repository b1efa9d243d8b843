/** One connection to the chat server. A frame holds one line or several, each with its end. */
export interface Link {
  send(frame: string): void;
  /** Ends it at once; `closed` is not called. */
  cut(): void;
}

export interface LinkEvents {
  opened(): void;
  frame(text: string): void;
  /** It ended, or could not be opened. Called once. */
  closed(why: string): void;
}

/** Opens a connection. Another one in its place needs no network. */
export type OpenLink = (url: string, events: LinkEvents) => Link;

export const openLink: OpenLink = (url, events) => {
  const socket = new WebSocket(url);
  let over = false;
  socket.onopen = () => over || events.opened();
  socket.onmessage = ({ data }) => over || events.frame(String(data));
  // A close follows each error and tells it too.
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => {
    if (over) return;
    over = true;
    events.closed(reason ? `${code} ${reason}` : `${code}`);
  };
  return {
    send: (frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    cut() {
      over = true;
      socket.close();
    },
  };
};
