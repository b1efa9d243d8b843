const PHONE = '(max-width: 640px)';

/** Whether the window is a phone's width, where the rooms and a room are two screens. */
class Screen {
  phone = $state(matchMedia(PHONE).matches);
  /** The window has the person's attention. */
  focused = $state(document.hasFocus());

  start(): void {
    matchMedia(PHONE).addEventListener('change', (event) => (this.phone = event.matches));
    for (const type of ['focus', 'blur']) addEventListener(type, () => (this.focused = document.hasFocus()));
    document.addEventListener('visibilitychange', () => (this.focused = !document.hidden && document.hasFocus()));
  }
}

export const screen = new Screen();
