import type { IncomingHttpHeaders } from 'node:http';
import { viewOf } from '../hub/client-codec.ts';
import { type Metadata, parseMetadata } from '../hub/payload.ts';

const CHARSET = /;\s*charset\s*=\s*(?:"([^"\s]+)"|([^";\s]+))\s*(?:;|$)/i;

/** The media type of a `Content-Type`, in lower case and without parameters; empty when there is none. */
export function mediaTypeOf(contentType = ''): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * The text of a body by the charset of its content type, which is UTF-8 unless it says otherwise.
 * @returns undefined when the charset is unknown or cannot be read
 */
export function bodyText(bytes: Uint8Array, contentType = ''): string | undefined {
  const match = CHARSET.exec(contentType);
  if (match === null) return /;\s*charset/i.test(contentType) ? undefined : viewOf(bytes).toString('utf8');
  try {
    return new TextDecoder(match[1] ?? match[2], { ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const METADATA_PREFIX = 'x-webpubsub-metadata-';

/**
 * The metadata that headers carry. Of a name that is given more than once, and of a list, the last value counts
 * (Microsoft's emulator).
 * @returns undefined when there are none, or the rule that is broken as a sentence
 */
export function metadataOf(headers: IncomingHttpHeaders): Metadata | string | undefined {
  let found: Record<string, string> | undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX) || name.length === METADATA_PREFIX.length) continue;
    found ??= {};
    found[name.slice(METADATA_PREFIX.length)] = String(value).split(',').at(-1)?.trim() ?? '';
  }
  return found === undefined ? undefined : parseMetadata(found);
}
