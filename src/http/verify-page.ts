import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** What a page of a mailed link says. */
export interface LinkPage {
  status: number;
  title: string;
  words: string[];
  /** The one form, which posts to the page's own address and has nothing in it but this button. */
  button?: string;
  /** Seconds until another try makes sense. */
  retryAfter?: number;
}

/** Sends a page that works without JavaScript, loads nothing, is kept nowhere and leads nowhere. */
export function sendLinkPage(reply: FastifyReply, page: LinkPage): FastifyReply {
  if (page.retryAfter !== undefined) void reply.header('retry-after', page.retryAfter);
  return (
    reply
      .code(page.status)
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-robots-tag', 'noindex, nofollow')
      .header('content-security-policy', POLICY)
      // Nothing leaves to others; with `no-referrer` the form's own post would come from nowhere.
      .header('referrer-policy', 'same-origin')
      .send(html(page))
  );
}

const STYLE = `:root{color-scheme:light dark;--desk:#f1f1ec;--sheet:#fefefe;--ink:#1b231e;--line:#deded9;--go:#125d3d;--on:#fcfcf9}
@media (prefers-color-scheme:dark){:root{--desk:#0d110e;--sheet:#1f2320;--ink:#e8e8e1;--line:#2c312c;--go:#80c8a2;--on:#0a140f}}
body{margin:0;padding:48px 16px;background:var(--desk);color:var(--ink);font:16px/24px system-ui,sans-serif}
main{max-width:480px;margin:0 auto;padding:28px;background:var(--sheet);border:1px solid var(--line);border-radius:6px;overflow-wrap:anywhere}
h1{margin:0 0 12px;font-size:22px;line-height:28px}p{margin:0 0 16px}form{margin:24px 0 0}
button{padding:11px 20px;border:1px solid var(--go);border-radius:6px;background:var(--go);color:var(--on);font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid var(--go);outline-offset:2px}`;

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function html({ title, words, button }: LinkPage): string {
  const said = words.map((one) => `<p>${escaped(one)}</p>`).join('\n');
  const form = button === undefined ? '' : `\n<form method="post"><button>${escaped(button)}</button></form>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>
${said}${form}
</main></body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
