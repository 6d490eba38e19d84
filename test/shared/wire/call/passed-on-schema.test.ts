import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { ENDPOINTS } from '../../../../shared/wire/api/endpoints.ts';
import { addressSchema, linesSchema } from '../../../../shared/wire/call/passed-on-schema.ts';
import { parseRoutes, RoutesError } from '../../../../shared/wire/call/routes-schema.ts';

/** Each text of one line that the API passes on, and a body that holds it. */
const TEXTS: readonly [string, z.ZodType, (text: string) => unknown][] = [
  [
    'displayName of a placed call',
    ENDPOINTS.placeCall.body,
    (displayName) => ({ to: '+14255550123', callerId: '+18005550199', displayName }),
  ],
  [
    'displayName of a participant',
    ENDPOINTS.addParticipant.body,
    (displayName) => ({ target: '8:acs:a_b', displayName }),
  ],
  [
    'operationContext of a start',
    ENDPOINTS.startMediaStreaming.body,
    (operationContext) => ({ operationContext }),
  ],
  [
    'operationContext of a stop',
    ENDPOINTS.stopMediaStreaming.body,
    (operationContext) => ({ operationContext }),
  ],
  ['voice', ENDPOINTS.play.body, (voice) => ({ source: { kind: 'text', text: 'hello', voice } })],
];

describe.each(TEXTS)('the %s', (_what, schema, bodyWith) => {
  it('may hold any letters', () => {
    expect(schema.safeParse(bodyWith('Zoë (Contoso) 🙂 <b>')).success).toBe(true);
  });

  it.each(['\r', '\n', '\0', '\t', '\u001b', '\u007f', '\u0085'])(
    'holds no control character: %j',
    (control) => {
      expect(schema.safeParse(bodyWith(`Eve${control}Via: evil`)).success).toBe(false);
    },
  );
});

describe('what is spoken', () => {
  it('has lines and tabs, and no other control characters', () => {
    expect(linesSchema(100).safeParse('one\r\n\ttwo').success).toBe(true);
    for (const control of ['\0', '\u0008', '\u000b', '\u001b', '\u007f', '\u009f'])
      expect(linesSchema(100).safeParse(`one${control}two`).success, JSON.stringify(control)).toBe(false);
  });
});

describe('an address that ACS opens', () => {
  it.each([
    ['https', 'https://files.example/a.wav', 'https://files.example/a.wav'],
    ['https', 'HTTPS://Files.Example:443/a/../b c.wav', 'https://files.example/b%20c.wav'],
    ['https', 'https://files.example/\r\nX: y', 'https://files.example/X:%20y'],
    ['https', 'http://127.0.0.1:7000/a.wav', 'http://127.0.0.1:7000/a.wav'],
    ['wss', 'wss://listener.example/words', 'wss://listener.example/words'],
    ['wss', 'ws://localhost:1/words', 'ws://localhost:1/words'],
  ] as const)('by %s is %j, and is passed on as %j', (secure, url, passedOn) => {
    expect(addressSchema(secure).parse(url)).toBe(passedOn);
  });

  it.each([
    ['https', 'http://files.example/a.wav'],
    ['https', 'http://169.254.169.254/metadata'],
    ['https', 'https://user:pass@files.example/a.wav'],
    ['https', 'https://user@files.example/a.wav'],
    ['https', 'http://user:pass@127.0.0.1/a.wav'],
    ['https', 'http://127.0.0.1.evil.example/a.wav'],
    ['https', 'http://127.0.0.1@evil.example/a.wav'],
    ['https', 'javascript:alert(1)'],
    ['https', 'file:///etc/passwd'],
    ['https', '//files.example/a.wav'],
    ['https', 'wss://files.example/a.wav'],
    ['https', `https://files.example/${'a'.repeat(2_048)}`],
    ['wss', 'ws://listener.example/words'],
    ['wss', 'wss://user:pass@listener.example/words'],
    ['wss', 'https://listener.example/words'],
  ] as const)('by %s is not %j', (secure, url) => {
    expect(addressSchema(secure).safeParse(url).success).toBe(false);
  });

  it.each([
    { onStreamingFailed: { play: { kind: 'file', url: 'http://169.254.169.254/' } } },
    { onStreamingFailed: { play: { kind: 'file', url: 'https://user:pass@files.example/' } } },
    { transcription: { url: 'wss://user:pass@listener.example/', locale: 'en-US' } },
  ])('is held to the same rules in routes: %j', (members) => {
    expect(() => parseRoutes([{ name: 'a', workers: [{ name: 'echo' }], ...members }])).toThrow(RoutesError);
  });
});
