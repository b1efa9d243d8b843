/** The composer's text field, where there is a room. */
export const WRITER = 'writer';

/** Puts the caret at the end of what is being written. */
export function focusWriter(): void {
  const writer = document.getElementById(WRITER);
  if (!(writer instanceof HTMLTextAreaElement)) return;
  writer.focus();
  writer.setSelectionRange(writer.value.length, writer.value.length);
}
