import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** What a page of a mailed link says. */
export interface LinkPage {
  status: number;
  title: string;
  /** What it is about, by name. */
  facts?: [name: string, value: string][];
  words: string[];
  /** The one form, which posts to the page's own address and has nothing in it but this button. */
  button?: string;
  /** The mail's other page, by its path from this one. */
  other?: { label: string; path: string };
  /** In small letters below. */
  small?: string;
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

/** The tokens of the pages, as `web/styles/tokens.css` has them. */
const STYLE = `:root{color-scheme:light dark;--sheet:light-dark(oklch(.986 .004 105),oklch(.205 .008 155));--raised:light-dark(oklch(.998 .001 105),oklch(.252 .009 155));--text:light-dark(oklch(.245 .014 160),oklch(.93 .009 105));--muted:light-dark(oklch(.465 .014 150),oklch(.735 .012 120));--line:light-dark(oklch(.9 .008 110),oklch(.305 .01 150));--edge:light-dark(oklch(.6 .014 140),oklch(.545 .014 140));--go:light-dark(oklch(.425 .088 160),oklch(.775 .092 160));--on:light-dark(oklch(.99 .004 105),oklch(.18 .02 160))}
*{box-sizing:border-box;margin:0}
body{min-height:100vh;display:grid;grid-template-rows:auto 1fr auto;background:var(--sheet);color:var(--text);font:15px/24px "Inter Variable",Inter,system-ui,sans-serif}
header{padding:24px 32px}header svg{display:block;height:25px;fill:none;stroke:currentColor;stroke-width:2.1}header .m{fill:var(--go);stroke:none}
main{width:min(408px,100%);margin:0 auto;padding:8px 16px 48px;align-content:center;display:grid;gap:24px;overflow-wrap:anywhere}
h1{font-size:22px;line-height:32px;font-weight:600;letter-spacing:-.01em;text-wrap:balance}
.sheet{display:grid;gap:16px;padding:24px;background:var(--raised);border:1px solid var(--line);border-radius:6px}
dl{display:grid;grid-template-columns:96px minmax(0,1fr);gap:4px 16px;padding-bottom:16px;border-bottom:1px solid var(--line);font-size:13px;line-height:20px}dd{font-weight:600}
dt,.small{color:var(--muted)}.small{font-size:13px;line-height:20px}
button{width:100%;min-height:44px;padding:9px 20px;border:1px solid var(--go);border-radius:6px;background:var(--go);color:var(--on);font:inherit;font-weight:600;cursor:pointer}
a{color:var(--go);text-underline-offset:3px}
:focus-visible{outline:2px solid var(--go);outline-offset:2px}
footer svg{display:block;width:100%;height:64px;fill:none;stroke:var(--edge);stroke-width:1.5}
@media (max-width:640px){header{padding:16px}main{align-content:start;padding-top:24px}}`;

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function html({ title, facts, words, button, other, small }: LinkPage): string {
  const known = facts?.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('');
  const said = words.map((one) => `<p>${escaped(one)}</p>`).join('\n');
  const form = button === undefined ? '' : `\n<form method="post"><button>${escaped(button)}</button></form>`;
  const way = other ? `\n<p><a href="${escaped(other.path)}">${escaped(other.label)}</a></p>` : '';
  const below = small === undefined ? '' : `\n<p class="small">${escaped(small)}</p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><header>${WORDMARK}</header>
<main><h1>${escaped(title)}</h1>
<div class="sheet">${known ? `<dl>${known}</dl>` : ''}
${said}${form}${way}
</div>${below}
</main><footer>${ARCADE}</footer></body>
</html>
`;
}

const WORDMARK =
  '<svg viewBox="0 0 114 25" role="img" aria-label="Guildhall"><path class="m" transform="translate(0 -2.4)" fill-rule="evenodd" d="M12 2 1.5 9v13h21V9L12 2ZM4 22v-6a2 2 0 0 1 4 0v6H4Zm6 0v-8a2 2 0 0 1 4 0v8h-4Zm6 0v-6a2 2 0 0 1 4 0v6h-4Z"/><circle cx="38" cy="13" r="4.45"/><path d="M42.45 7.5v11.3a4 4 0 0 1-4 4h-3.7M47 7.5v6.2a3.9 3.9 0 0 0 7.8 0V7.5M54.8 7.5v11M59.3 7.5v11M63.8 1.5v17M59.3 2v2.6"/><circle cx="72.3" cy="13" r="4.45"/><path d="M76.75 1.5v17M81.25 1.5v17M81.25 12.3a3.9 3.9 0 0 1 7.8 0v6.2"/><circle cx="97.6" cy="13" r="4.45"/><path d="M102.05 7.5v11M106.55 1.5v17M111.05 1.5v17"/></svg>';

/** Arches along the foot, as many as the window is wide. */
const ARCADE =
  '<svg aria-hidden="true"><defs><pattern id="a" width="48" height="64" patternUnits="userSpaceOnUse"><path d="M8 64V26a16 16 0 0 1 32 0v38M0 1h48"/></pattern></defs><rect width="100%" height="64" fill="url(#a)" stroke="none"/></svg>';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
