/** The pages there are. Whatever else an address says is `lost`. */
export type Route =
  | { page: 'hall' }
  | { page: 'room'; room: string }
  | { page: 'signin' }
  | { page: 'first'; code: string }
  | { page: 'join'; code: string }
  | { page: 'signup' }
  | { page: 'me' }
  | { page: 'search' }
  | { page: 'operator' }
  | { page: 'device' }
  | { page: 'new-community' }
  | { page: 'forgotten' }
  | { page: 'reset'; code: string }
  | { page: 'verify-email'; code: string }
  | { page: 'mail' }
  | { page: 'portal'; community: string; section: string | null }
  | { page: 'lost' };

export function routeOf(path: string): Route {
  const [first = '', second, third, more] = path.split('/').slice(1);
  if (more) return { page: 'lost' };
  if (first === 'c' && second)
    return { page: 'portal', community: decoded(second), section: third ? decoded(third) : null };
  if (third) return { page: 'lost' };
  if (second) return withCode(first, decoded(second));
  if (first === '') return { page: 'hall' };
  const plain = ['signin', 'signup', 'me', 'search', 'operator', 'device', 'forgotten', 'mail'] as const;
  const page = plain.find((one) => one === first);
  return page ? { page } : { page: 'lost' };
}

/** Whether strangers may stand here. */
export function isOpen(route: Route): boolean {
  return ['signin', 'first', 'join', 'signup', 'forgotten', 'reset', 'verify-email', 'mail', 'lost'].includes(
    route.page,
  );
}

/** Whether the side shows the portal's sections instead of the rooms. */
export function isPortal({ page }: Route): boolean {
  return page === 'portal' || page === 'me' || page === 'new-community' || page === 'operator';
}

/** A path on this site to go to after signing in; anything else becomes the hall. */
export function safeNext(next: string | null): string {
  return next?.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/';
}

function withCode(first: string, code: string): Route {
  if (first === 'communities' && code === 'new') return { page: 'new-community' };
  if (first === 'rooms') return { page: 'room', room: code };
  if (first === 'first' || first === 'join' || first === 'reset' || first === 'verify-email')
    return { page: first, code };
  return { page: 'lost' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
