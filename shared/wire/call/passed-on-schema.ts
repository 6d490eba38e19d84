/** Texts and URLs that we pass on to ACS, which may write them into headers of other protocols. */
import * as z from 'zod';
import { isLoopbackHttp } from '../../base/loopback-url.ts';

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LAYOUT = /[^\P{Cc}\t\n\r]/u;

/** A text of one line, with 1 to `max` characters and no control characters. */
export function lineSchema(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !CONTROL.test(text), 'must have no control characters, such as line ends');
}

/** A text of any number of lines, with 1 to `max` characters. Tabs and line ends are the only control characters. */
export function linesSchema(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine(
      (text) => !CONTROL_BUT_LAYOUT.test(text),
      'must have no control characters but tabs and line ends',
    );
}

const MAX_URL = 2_048;

/**
 * An address that ACS opens: encrypted, or unencrypted on this machine, and without a user name and password. The
 * output is the address as the URL standard writes it.
 */
export function addressSchema(secure: 'https' | 'wss') {
  const open = secure === 'https' ? 'http' : 'ws';
  const rule = `must be a ${secure}:// URL without a user name and password (${open}:// only on this machine)`;
  return z
    .url({ protocol: new RegExp(`^(?:${secure}|${open})$`), error: rule, abort: true })
    .max(MAX_URL, `must have at most ${MAX_URL} characters`)
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, username, password } = new URL(text);
      return username === '' && password === '' && (protocol === `${secure}:` || isLoopbackHttp(text));
    }, rule)
    .transform((text) => new URL(text).href);
}
