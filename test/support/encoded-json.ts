/** The start of a JSON object, as its first eight bytes. */
const START = /^\{"\w{1,6}[\w": ,{[]*$/;

/** How the id of a recording begins: it is base64 of JSON as well, and opens nothing. */
const RECORDING_ID = '{"Platfo';

/**
 * The places in a text where a JSON object in base64 or base64url begins, as tickets, tokens and the contexts of
 * incoming calls do. Eight bytes are looked at: the usual three letters are in many a random id.
 */
export function encodedJson(text: string): string[] {
  return [...text.matchAll(/eyJ[\w+/-]{8}/g)]
    .map(([start]) => start)
    .filter((start) => {
      const decoded = Buffer.from(start, 'base64').toString('latin1');
      return decoded !== RECORDING_ID && START.test(decoded);
    });
}
