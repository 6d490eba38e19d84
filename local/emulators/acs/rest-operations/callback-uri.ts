import { invalid } from '../http/fields.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * A callback URI that events may be sent to. The service takes `https` only; here `http` is allowed where the host is this machine.
 * @throws RefusedError 400 8523
 */
export function checkCallbackUri(name: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:') return value;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return value;
  throw invalid(
    `The field ${name} is invalid: it must be an absolute https URI, or http where the host is localhost, 127.0.0.1 or [::1].`,
  );
}
