/** What this tab remembers across a reload: drafts, and the last room. Never secrets. */
export function keep(name: string, value: string): void {
  try {
    if (value === '') sessionStorage.removeItem(`guildhall ${name}`);
    else sessionStorage.setItem(`guildhall ${name}`, value);
  } catch {
    // Storage is shut or full: the draft lives as long as the page.
  }
}

export function kept(name: string): string {
  try {
    return sessionStorage.getItem(`guildhall ${name}`) ?? '';
  } catch {
    return '';
  }
}

/** At sign-out nothing of the person stays behind. */
export function forgetKept(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
}
