/** As much of a `Response` as the vendors' clients read. Made once and given often, so that it costs next to nothing. */
export interface Answer {
  status: number;
  statusText: string;
  ok: boolean;
  headers: Headers;
  body: null;
  bodyUsed: boolean;
  url: string;
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export function jsonAnswer(value: unknown): Answer {
  return answerOf(200, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8' });
}

export function answerOf(status: number, text: string, headers: Record<string, string> = {}): Answer {
  const bytes = new TextEncoder().encode(text).buffer;
  return {
    status,
    statusText: '',
    ok: true,
    headers: new Headers(headers),
    body: null,
    bodyUsed: false,
    url: '',
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
    arrayBuffer: async () => bytes,
  };
}
