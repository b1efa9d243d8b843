import type { ServerResponse } from 'node:http';

/** How the source behaves: as it should, or in one of the ways in which such sources fail. */
export const MODES = ['good', 'slow', 'down', 'html', 'nd', 'quota', 'garbage', 'drip', 'flood'] as const;
export type Mode = (typeof MODES)[number];

export const isMode = (value: unknown): value is Mode => MODES.some((mode) => mode === value);

/** Answers one question in the given way. */
export function answer(mode: Mode, query: URLSearchParams, response: ServerResponse): void {
  WAYS[mode](response, query);
}

type Way = (response: ServerResponse, query: URLSearchParams) => void;

const WAYS: Record<Mode, Way> = {
  good: (response, query) => csv(response, rowFor(query)),
  slow: (response, query) => after(SLOW_MS, response, () => csv(response, rowFor(query))),
  down: (response) => void response.socket?.destroy(),
  html: (response) => send(response, 'text/html', '<!doctype html><title>Maintenance</title><h1>Back soon</h1>'),
  nd: (response, query) => csv(response, [codeOf(query), ...NOTHING]),
  quota: (response) => send(response, 'text/plain', 'Exceeded the daily hits limit'),
  garbage: (response) => send(response, 'text/csv', GARBAGE),
  drip,
  flood,
};

/** Longer than anybody waits: a hall must have answered after 15 s. */
const SLOW_MS = 30_000;

/** Day, time, open, high, low, close, volume. */
const QUOTES: Record<string, string[]> = {
  'AAPL.US': ['2021-05-18', '22:00:01', '126.56', '126.99', '124.78', '126.85', '63342929'],
  'MSFT.US': ['2021-05-13', '22:00:08', '251.66', '254.23', '250.76', '252.46', '23519500'],
  'GOOGL.US': ['2021-05-18', '22:00:01', '2312.1', '2314.54', '2257.19', '2262.47', '1384200'],
  'TSLA.US': ['2021-05-18', '22:00:09', '568', '596.25', '563.38', '577.87', '36830639'],
  'BRK-B.US': ['2021-05-18', '22:00:03', '290.5', '291.15', '287.25', '287.44', '4276900'],
  '^SPX': ['2021-05-18', '23:00:00', '4165.94', '4169.15', '4125.99', '4127.83', '2440540000'],
};

/** What the source puts in each field of a code that it does not know. */
const NOTHING = Array.from({ length: 7 }, () => 'N/D');

const HEADER = 'Symbol,Date,Time,Open,High,Low,Close,Volume';

const codeOf = (query: URLSearchParams): string => (query.get('s') ?? '').toUpperCase();

const rowFor = (query: URLSearchParams): string[] => [codeOf(query), ...(QUOTES[codeOf(query)] ?? NOTHING)];

const csv = (response: ServerResponse, row: string[]): void =>
  send(response, 'text/csv', `${HEADER}\r\n${row.join(',')}\r\n`);

/** Bytes that are no text, a header that lies, a price that is none. */
const GARBAGE = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0xc3]), Buffer.from(`${HEADER}\n"AAPL.US,,\0,"126`)]);

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': type }).end(body);
}

function after(milliseconds: number, response: ServerResponse, act: () => void): void {
  const timer = setTimeout(act, milliseconds);
  response.once('close', () => clearTimeout(timer));
}

/** One byte a second: every wait for "something came" is renewed, only a limit on the whole ends it. Ends after a minute. */
function drip(response: ServerResponse): void {
  const bytes = HEADER.padEnd(60, ' ');
  let sent = 0;
  response.writeHead(200, { 'content-type': 'text/csv' }).flushHeaders();
  const timer = setInterval(() => {
    response.write(bytes[sent] ?? ' ');
    sent += 1;
    if (sent >= bytes.length) response.end();
  }, 1_000);
  response.once('close', () => clearInterval(timer));
}

/** 32 MiB where 100 bytes are wanted, as fast as the reader takes them. */
function flood(response: ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, 'A');
  let left = 512;
  response.writeHead(200, { 'content-type': 'text/csv' });
  const pour = (): void => {
    while (left > 0) {
      left -= 1;
      if (!response.write(piece)) return void response.once('drain', pour);
    }
    response.end();
  };
  pour();
}
