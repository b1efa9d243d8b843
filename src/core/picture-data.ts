/** The bytes of a picture that stands in its own address (`data:image/png;base64,…`); undefined for any other address. */
export function pictureData(
  url: string,
): { type: string; bytes: Uint8Array<ArrayBuffer>; extension: string } | undefined {
  const [head = '', kind = ''] = /^data:image\/(png|jpeg|gif|webp);base64,/.exec(url) ?? [];
  const data = url.slice(head.length).replaceAll(/\s/g, '');
  if (head === '' || !isBase64(data)) return undefined;
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return { type: `image/${kind}`, bytes, extension: kind === 'jpeg' ? 'jpg' : kind };
}

/** What `atob` takes: https://infra.spec.whatwg.org/#forgiving-base64-decode */
function isBase64(data: string): boolean {
  const [whole = '', signs = '', end = ''] = /^([A-Za-z0-9+/]+)(={0,2})$/.exec(data) ?? [];
  return end === '' ? signs.length % 4 !== 1 && signs !== '' : whole.length % 4 === 0;
}
