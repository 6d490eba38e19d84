import type { IncomingMessage } from 'node:http';

/** By which scheme the client reached this server: tokens name the URL that was called. */
export function schemeOf({ socket }: IncomingMessage): 'http' | 'https' {
  return 'encrypted' in socket ? 'https' : 'http';
}
