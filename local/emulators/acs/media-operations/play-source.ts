import { type Fields, invalid } from '../http/fields.ts';

export type VoiceKind = 'male' | 'female';

/** What is played (`PlaySource` of the REST API). */
export type PlaySource =
  | { readonly kind: 'file'; readonly uri: string }
  | {
      readonly kind: 'text';
      readonly text: string;
      /** BCP 47, such as `en-US`. */
      readonly locale: string | undefined;
      readonly voiceKind: VoiceKind | undefined;
    }
  | { readonly kind: 'ssml'; readonly ssml: string };

/** Sources of one operation, at most. Microsoft documents no figure. */
const MAX_SOURCES = 10;

/** A voice name such as `en-US-JennyNeural` begins with its locale. */
const VOICE_LOCALE = /^([a-z]{2,3}-[A-Z]{2})-/;

/** `playSourceCacheId` is taken and not needed: nothing is synthesized elsewhere. @throws RefusedError 400 8523 */
export function readPlaySource(fields: Fields): PlaySource {
  const kind = fields.oneOf('kind', ['file', 'text', 'ssml'] as const);
  fields.optionalText('playSourceCacheId');
  switch (kind) {
    case 'file': {
      const uri = member(fields, 'file').text('uri');
      const url = URL.canParse(uri) ? new URL(uri) : undefined;
      if (url === undefined || !/^https?:$/.test(url.protocol))
        throw invalid('The field file.uri must be an absolute http or https URI.');
      return { kind, uri };
    }
    case 'text': {
      const text = member(fields, 'text');
      const voiceName = text.optionalText('voiceName');
      return {
        kind,
        text: text.optionalText('text') ?? '',
        locale: text.optionalText('sourceLocale') ?? VOICE_LOCALE.exec(voiceName ?? '')?.[1],
        voiceKind: text.oneOf('voiceKind', ['male', 'female'] as const),
      };
    }
    case 'ssml':
      return { kind, ssml: member(fields, 'ssml').optionalText('ssmlText') ?? '' };
    case undefined:
      throw invalid('The field kind of a play source is required.');
  }
}

/** @throws RefusedError 400 8523 */
export function readPlaySources(list: readonly Fields[]): readonly PlaySource[] {
  if (list.length > MAX_SOURCES) throw invalid(`At most ${MAX_SOURCES} play sources are taken at a time.`);
  return list.map(readPlaySource);
}

function member(fields: Fields, name: 'file' | 'text' | 'ssml'): Fields {
  const object = fields.object(name);
  if (object === undefined) throw invalid(`The field ${name} of a play source is required.`);
  return object;
}
