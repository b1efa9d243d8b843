import type { Asked } from './rest.ts';

/** The page on which somebody chooses who agrees: a link for each user, and one to deny. */
export function agreePage({ hub, path, query }: Asked): string {
  const link = (login: string, says: string): string => {
    const next = new URLSearchParams(query);
    next.set('login', login);
    return `<li><a href="${safe(`${path}?${next}`)}">${safe(says)}</a></li>`;
  };
  const people = hub.world.accounts.map(({ login, name }) => link(login, name));
  const scopes = query.get('scope') ?? '';
  return page(`<p>The application asks for: ${safe(scopes) || 'nothing'}</p>
<p>Who agrees?</p><ul>${people.join('')}${link('', 'Nobody: cancel')}</ul>`);
}

const page = (content: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><h1>Sign in</h1>${content}</html>`;

export const approvedPage = page('<p>The device is connected. You can close this page.</p>');

const safe = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);
