import type { ClientCodec } from '../hub/client-codec.ts';
import { JsonCodec } from './json-codec.ts';

const CODECS: readonly ClientCodec[] = [
  new JsonCodec('json.webpubsub.azure.v1', false),
  new JsonCodec('json.reliable.webpubsub.azure.v1', true),
];

export function codecFor(subprotocol: string): ClientCodec | undefined {
  return CODECS.find((codec) => codec.subprotocol === subprotocol.toLowerCase());
}

/** The first subprotocol that the client offers and the stand-in speaks. */
export function firstSupported(offered: readonly string[]): ClientCodec | undefined {
  for (const subprotocol of offered) {
    const codec = codecFor(subprotocol);
    if (codec !== undefined) return codec;
  }
  return undefined;
}

export function supportedSubprotocols(): readonly string[] {
  return CODECS.map((codec) => codec.subprotocol);
}
