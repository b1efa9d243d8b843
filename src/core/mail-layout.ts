import type { Mail } from './mail.ts';

/** What a mail says. */
export interface MailWords {
  to: string;
  /** The hall's name. */
  from: string;
  /** Where the hall is, for people. */
  host: string;
  subject: string;
  hello: string;
  words: string[];
  button: { label: string; url: string };
  /** A code that does the same, and what to do with it. */
  code?: { words: string; code: string };
  /** Below a line: what to do where it was not them. */
  unless: string;
  /** Where that can be said. */
  unlessLink?: { label: string; url: string };
  /** In small letters. */
  small: string;
}

/** The same words as plain text and as simple HTML, in the hand of the pages. Nothing is loaded, nothing is counted. */
export function layOutMail(mail: MailWords): Mail {
  return { to: mail.to, subject: mail.subject, text: plain(mail), html: page(mail) };
}

function plain({ hello, words, button, code, unless, unlessLink, small }: MailWords): string {
  const typed = code ? [code.words, `  ${code.code}`] : [];
  const denied = unlessLink ? [`  ${unlessLink.url}`] : [];
  const all = [`${hello},`, ...words, `  ${button.url}`, ...typed, unless, ...denied];
  const parts = all.map((part) => wrapped(part));
  return `${parts.join('\n\n')}\n\n-- \n${wrapped(small)}\n`;
}

const WIDTH = 70;

/** An address stays whole, however long it is. */
function wrapped(text: string): string {
  if (text.startsWith('  ')) return text;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

const FONT = "font-family:'Segoe UI',-apple-system,BlinkMacSystemFont,Roboto,Helvetica,Arial,sans-serif;";
const SAY = 'margin:0 0 16px;font-size:15px;line-height:24px;color:#1b231e;';
const GO =
  'display:inline-block;padding:11px 20px;background-color:#125d3d;border:1px solid #125d3d;border-radius:6px;color:#fcfcf9;font-size:15px;line-height:20px;font-weight:600;text-decoration:none;';
const DOOR = `width:32px;height:36px;padding-bottom:6px;background-color:#125d3d;color:#fcfcf9;border-radius:16px 16px 0 0;${FONT}font-size:11px;line-height:14px;font-weight:600;`;

/** Mail programs know no style sheets: the tokens stand here in hexadecimal, light ones inline, dark ones for programs that read them. */
const DARK = `:root{color-scheme:light dark}@media (prefers-color-scheme:dark){.desk{background-color:#0d110e!important}.sheet{background-color:#1f2320!important;border-color:#2c312c!important}.ink{color:#e8e8e1!important}.quiet{color:#a8aaa2!important}.rule{border-color:#2c312c!important}.go,.door{background-color:#80c8a2!important;border-color:#80c8a2!important;color:#0a140f!important}}`;

function page(mail: MailWords): string {
  const name = escaped(mail.from);
  const words = [`${mail.hello},`, ...mail.words].map((part) => `<p class="ink" style="${SAY}">${escaped(part)}</p>`);
  const go = `<p style="margin:0 0 20px;"><a class="go" href="${escaped(mail.button.url)}" style="${GO}">${escaped(mail.button.label)}</a></p>`;
  const code = mail.code
    ? `<p class="ink" style="${SAY}">${escaped(mail.code.words)}</p><p class="ink" style="margin:0 0 20px;font-family:Consolas,Menlo,monospace;font-size:22px;line-height:28px;letter-spacing:2px;color:#1b231e;">${escaped(mail.code.code)}</p>`
    : '';
  const denied = mail.unlessLink
    ? ` <a class="ink" href="${escaped(mail.unlessLink.url)}" style="color:#1b231e;">${escaped(mail.unlessLink.label)}</a>`
    : '';
  const unless = `<p class="ink rule" style="margin:0;padding-top:16px;border-top:1px solid #deded9;font-size:15px;line-height:24px;color:#1b231e;">${escaped(mail.unless)}${denied}</p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escaped(mail.subject)}</title><style>${DARK}</style></head>
<body class="desk" style="margin:0;padding:0;background-color:#f1f1ec;">
<table role="presentation" class="desk" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f1f1ec;"><tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:520px;">
<tr><td style="padding:0 4px 16px;"><table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="door" align="center" valign="bottom" aria-hidden="true" style="${DOOR}">${escaped(initials(mail.from))}</td>
<td class="ink" valign="bottom" style="padding-left:12px;padding-bottom:4px;${FONT}font-size:15px;line-height:20px;font-weight:600;color:#1b231e;">${name}</td>
</tr></table></td></tr>
<tr><td class="sheet" style="padding:28px;background-color:#fefefe;border:1px solid #deded9;border-radius:6px;${FONT}">
<h1 class="ink" style="margin:0 0 12px;font-size:22px;line-height:28px;font-weight:600;color:#1b231e;">${escaped(mail.subject)}</h1>
${words.join('\n')}
${go}
${code}
${unless}
</td></tr>
<tr><td class="quiet" style="padding:16px 4px 0;${FONT}font-size:13px;line-height:20px;color:#545c55;">${escaped(mail.small)}</td></tr>
</table></td></tr></table>
</body>
</html>
`;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
