/** Width and height in pixels, as the file itself says; undefined where it is no PNG, GIF or JPEG. */
export function pictureSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begins = (...signature: number[]): boolean => signature.every((byte, at) => bytes[at] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47) && bytes.length >= 24) return sized(view.getUint32(16), view.getUint32(20));
  if (begins(0x47, 0x49, 0x46, 0x38) && bytes.length >= 10)
    return sized(view.getUint16(6, true), view.getUint16(8, true));
  return begins(0xff, 0xd8) ? jpegSize(view) : undefined;
}

/** Goes from marker to marker up to the frame's head. https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1 */
function jpegSize(view: DataView): { width: number; height: number } | undefined {
  for (let at = 2; at + 9 < view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker >= 0xff_c0 && marker <= 0xff_cf && ![0xff_c4, 0xff_c8, 0xff_cc].includes(marker))
      return sized(view.getUint16(at + 7), view.getUint16(at + 5));
    if (marker < 0xff_00) return undefined;
  }
  return undefined;
}

function sized(width: number, height: number): { width: number; height: number } | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}
