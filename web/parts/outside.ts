/** Whether a press fell on the ground around a dialog: the browser reports both as a press on the dialog. */
export function isOutside(event: MouseEvent & { currentTarget: HTMLElement }): boolean {
  if (event.target !== event.currentTarget) return false;
  const box = event.currentTarget.getBoundingClientRect();
  const across = event.clientX < box.left || event.clientX > box.right;
  return across || event.clientY < box.top || event.clientY > box.bottom;
}
