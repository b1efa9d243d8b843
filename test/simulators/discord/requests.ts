import type { IncomingMessage } from 'node:http';
import type { Upload } from './message-body.ts';
import { problems } from './problems.ts';

/** What a call carries: its JSON, and its files. */
export interface Carried {
  body: unknown;
  uploads: Upload[];
}

/** Larger than any message with all its files may be. */
const LARGEST = 120 * 1_024 * 1_024;

/**
 * Reads the body of a call: JSON, or a form whose `payload_json` is the JSON and whose `files[n]` are files.
 * https://discord.com/developers/docs/reference#uploading-files. Throws Discord's own answers to what cannot be read.
 */
export async function readRequest(request: IncomingMessage): Promise<Carried> {
  const bytes = await bytesOf(request);
  const type = request.headers['content-type'] ?? '';
  if (bytes.length === 0) return { body: undefined, uploads: [] };
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary) return readForm(bytes, boundary);
  if (!/^application\/json\b/i.test(type)) throw problems.badJson();
  return { body: parsed(bytes.toString('utf8')), uploads: [] };
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > LARGEST) throw problems.tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw problems.badJson();
  }
}

function readForm(bytes: Buffer, boundary: string): Carried {
  const parts = partsOf(bytes, `--${boundary}`).map(readPart);
  const json = parts.find((one) => one.field === 'payload_json');
  return {
    body: json ? parsed(json.bytes.toString('utf8')) : {},
    uploads: parts.flatMap((one) => {
      const number = /^files\[(\d+)\]$/.exec(one.field)?.[1];
      return number === undefined ? [] : [{ ...one, field: number }];
    }),
  };
}

/** What stands between the boundaries, without the line ends that belong to them. */
function partsOf(bytes: Buffer, mark: string): Buffer[] {
  const parts: Buffer[] = [];
  let from = bytes.indexOf(mark);
  while (from >= 0) {
    const next = bytes.indexOf(mark, from + mark.length);
    if (next < 0) break;
    parts.push(bytes.subarray(from + mark.length + 2, next - 2));
    from = next;
  }
  return parts;
}

function readPart(part: Buffer): Upload {
  const end = part.indexOf('\r\n\r\n');
  const head = part.subarray(0, end).toString('utf8');
  return {
    field: /\bname="([^"]*)"/i.exec(head)?.[1] ?? '',
    name: /\bfilename="([^"]*)"/i.exec(head)?.[1] ?? 'file',
    type: /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream',
    bytes: Buffer.from(part.subarray(end + 4)),
  };
}
