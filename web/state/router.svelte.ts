import { type Route, routeOf } from './routes.ts';

/** Where the reader is, over the browser's own history. */
class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  readonly route: Route = $derived(routeOf(this.path));

  /** Goes to a path of ours; `replace` leaves no step back. */
  go(to: string, { replace = false } = {}): void {
    if (to === this.path + this.search) return;
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    this.#read();
  }

  /** One value of the query. */
  query(name: string): string | null {
    return new URLSearchParams(this.search).get(name);
  }

  /** Follows links and the browser's buttons. */
  start(): void {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || !isOurs(link)) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

function isOurs(link: HTMLAnchorElement): boolean {
  if (link.target || link.hasAttribute('download') || link.origin !== location.origin || link.hash) return false;
  return routeOf(link.pathname).page !== 'lost';
}

export const router = new Router();
