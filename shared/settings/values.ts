/** The forms of setting values, each with the sentence for a value that breaks its rule. */
import * as z from 'zod';
import { isLoopbackHttp } from '../base/loopback-url.ts';
import type { Setting } from '../base/settings.ts';

/**
 * A URL with the scheme (`https`, `wss`), or its unencrypted form on a loopback host. The output has no slash at the
 * end.
 */
export function endpoint(secure: 'https:' | 'wss:'): z.ZodType<string, string> {
  const rule = `must be a URL that begins with ${secure}// (${secure.replace('s:', ':')}// only for 127.0.0.1, localhost and [::1])`;
  return z
    .string()
    .refine((text) => URL.canParse(text) && (new URL(text).protocol === secure || isLoopbackHttp(text)), rule)
    .refine(
      (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
      'must hold no user name and password',
    )
    .transform((text) => text.replace(/\/+$/, ''));
}

/** The parts of `Name=value;Name=value`, names in lower case. */
function connectionStringParts(text: string): Map<string, string> {
  const pairs = text.split(';').map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}

export interface ServiceConnection {
  readonly connectionString: string;
  readonly endpoint: string;
  readonly accessKey: string;
}

export const serviceConnection: z.ZodType<ServiceConnection, string> = z
  .string()
  .transform((text, context) => {
    const parts = connectionStringParts(text);
    const accessKey = parts.get('accesskey') ?? '';
    const address = endpoint('https:').safeParse(parts.get('endpoint') ?? '');
    if (address.success && accessKey !== '')
      return { connectionString: text, endpoint: address.data, accessKey };
    context.addIssue('must read endpoint=https://…;accesskey=… (http:// only on this machine)');
    return z.NEVER;
  });

export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

/** A list separated by commas, with each item in the form of `each`. */
export function list<T>(each: z.ZodType<T, string>): z.ZodType<readonly T[], string> {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(each)) as unknown as z.ZodType<readonly T[], string>;
}

export const setting = <T>(value: Setting<T>): Setting<T> => value;
