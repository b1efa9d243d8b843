/** The composer's text field, where there is a room. */
export const WRITER = 'writer';

/** For the first field of a form. Not where it would bring up a keyboard on the glass. */
export function focusAtFirst(field: HTMLElement): void {
  if (matchMedia('(pointer: fine)').matches) field.focus();
}

/** Puts the caret at the end of what is being written. */
export function focusWriter(): void {
  const writer = document.getElementById(WRITER);
  if (!(writer instanceof HTMLTextAreaElement)) return;
  writer.focus();
  writer.setSelectionRange(writer.value.length, writer.value.length);
}
