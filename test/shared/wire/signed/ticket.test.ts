import * as fc from 'fast-check';
import { EncryptJWT, type JWTPayload, jwtDecrypt, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { MAX_WORKERS } from '../../../../shared/call/plan.ts';
import { verifyCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { type SealPurpose, seal, sealingKey } from '../../../../shared/wire/signed/sealing.ts';
import { mediaPath, openTicket, sealTicket, type Ticket } from '../../../../shared/wire/signed/ticket.ts';
import { TokenError, type TokenRefusal } from '../../../../shared/wire/signed/verify-signed.ts';

const KEY = 'current-key-of-at-least-32-bytes-0001';
const OLD_KEY = 'previous-key-of-at-least-32-bytes-002';
const OTHER_KEY = 'a-key-that-nobody-here-accepts-000003';
const NOW_MS = 1_800_000_000_000;
const CALL_ID = '0123456789abcdef';

const TICKET: Ticket = {
  callId: CALL_ID,
  from: '4:+14255550100',
  to: '4:+14255550101',
  expiresAtMs: NOW_MS + 3_600_000,
  plan: {
    format: 'pcm24KMono',
    channels: 'unmixed',
    startStreaming: false,
    dtmf: true,
    workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
  },
};

/** A ticket with these claims over those of a good one. */
function forge(claims: Record<string, unknown>, purpose: SealPurpose = 'ticket'): Promise<string> {
  const { from, to, plan } = TICKET;
  const good = { aud: 'relay', sub: CALL_ID, exp: NOW_MS / 1000 + 60, from, to, plan };
  return seal({ ...good, ...claims }, purpose, KEY);
}

/** The claims of a ticket, read with its key. */
async function claimsOf(token: string): Promise<JWTPayload> {
  return (await jwtDecrypt(token, await sealingKey('ticket', KEY), { currentDate: new Date(NOW_MS) }))
    .payload;
}

async function refusalOf(token: string, keys = [KEY], nowMs = NOW_MS): Promise<TokenRefusal | 'accepted'> {
  try {
    await openTicket(token, CALL_ID, keys, nowMs);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    expect(error.message, 'the message says the reason and nothing of the ticket').toBe(
      `ticket refused: ${error.reason}`,
    );
    return error.reason;
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What somebody reads who has the ticket and no key: its text, and each part decoded. */
function readable(token: string): string[] {
  return [token, ...token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))];
}

describe('a ticket', () => {
  it('is in the path of the media stream as it is, since a JWT needs no escape', () => {
    const url = new URL(mediaPath('0123456789abcdef', 'a-b_c.d.e'), 'wss://relay');
    expect(url.pathname).toBe('/media/0123456789abcdef');
    expect(url.searchParams.get('ticket')).toBe('a-b_c.d.e');
  });

  it('says when it was sealed, to the millisecond, and is accepted at that moment', async () => {
    const token = await sealTicket(TICKET, KEY, NOW_MS + 678);
    expect((await claimsOf(token)).iat).toBe((NOW_MS + 678) / 1000);
    expect(await refusalOf(token, [KEY], NOW_MS + 678)).toBe('accepted');
  });

  it('gives back the plan that was sealed, and the key that opened it', async () => {
    const token = await sealTicket(TICKET, KEY, NOW_MS);
    expect(await openTicket(token, CALL_ID, [KEY], NOW_MS)).toEqual({
      ...TICKET,
      issuedAtMs: NOW_MS,
      ticketKey: KEY,
    });
  });

  it('is accepted under the previous key while keys are rotated', async () => {
    const token = await sealTicket(TICKET, OLD_KEY, NOW_MS);
    expect(await refusalOf(token, [KEY, OLD_KEY])).toBe('accepted');
    expect(await refusalOf(token, [KEY])).toBe('bad seal');
  });

  it('is refused under a foreign key', async () => {
    const token = await sealTicket(TICKET, OTHER_KEY, NOW_MS);
    expect(await refusalOf(token, [KEY, OLD_KEY])).toBe('bad seal');
  });

  it('is refused when there is no key to check it with', async () => {
    expect(await refusalOf(await sealTicket(TICKET, KEY, NOW_MS), [])).toBe('bad seal');
  });

  it('is accepted until it expires, and half a minute longer for clocks that differ', async () => {
    const token = await sealTicket(TICKET, KEY, NOW_MS);
    expect(await refusalOf(token, [KEY], TICKET.expiresAtMs + 29_000)).toBe('accepted');
    expect(await refusalOf(token, [KEY], TICKET.expiresAtMs + 31_000)).toBe('expired');
    expect(await refusalOf(token, [KEY, OLD_KEY], TICKET.expiresAtMs + 31_000)).toBe('expired');
  });

  it('is refused for another call', async () => {
    const token = await sealTicket({ ...TICKET, callId: 'fedcba9876543210' }, KEY, NOW_MS);
    expect(await refusalOf(token)).toBe('another call');
  });

  it.each([
    ['another audience', { aud: 'somebody-else' }, 'wrong audience'],
    ['no audience', { aud: undefined }, 'wrong audience'],
    ['no expiry', { exp: undefined }, 'malformed'],
    ['no call', { sub: undefined }, 'malformed'],
    ['no plan', { plan: undefined }, 'bad plan'],
    ['a plan of an unknown format', { plan: { ...TICKET.plan, format: 'pcm48KMono' } }, 'bad plan'],
    ['no caller', { from: undefined }, 'bad plan'],
  ])('is refused with %s', async (_, claims, reason) => {
    expect(await refusalOf(await forge(claims))).toBe(reason);
  });

  it.each([
    ['for another purpose', () => forge({}, 'stream handover')],
    [
      'with the ticket key itself',
      async () =>
        await new EncryptJWT({ ...(await claimsOf(await forge({}))) })
          .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
          .encrypt(new TextEncoder().encode(KEY.slice(0, 32))),
    ],
  ])('is refused when it is sealed %s', async (_, token) => {
    expect(await refusalOf(await token())).toBe('bad seal');
  });

  it('is refused when it is signed and not sealed, as tickets once were', async () => {
    const signed = new SignJWT(await claimsOf(await forge({}))).setProtectedHeader({ alg: 'HS256' });
    expect(await refusalOf(await signed.sign(new TextEncoder().encode(KEY)))).toBe('malformed');
  });

  it.each([
    ['a password', 'PBES2-HS256+A128KW', 'A256GCM'],
    ['another encryption', 'dir', 'A128GCM'],
    ['no algorithm', 'none', 'none'],
  ])('is refused when it names %s', async (_, alg, enc) => {
    const [, ...rest] = (await forge({})).split('.');
    const token = [encode({ alg, enc, p2c: 1_000_000_000, p2s: 'AAAA' }), ...rest].join('.');
    expect(await refusalOf(token)).toBe('wrong algorithm');
  });

  it('shows nothing of its call to somebody without the key: no digits of a number, no name, no address', async () => {
    const token = await sealTicket({ ...TICKET, controlUrl: 'https://control.example' }, KEY, NOW_MS);
    for (const text of readable(token))
      for (const secret of ['14255550100', '4255550', '5550101', 'echo', 'pcm24', 'control', CALL_ID])
        expect(text).not.toContain(secret);
  });

  it('leaves room in a URL with the most workers that a call can have', async () => {
    const workers = Array.from({ length: MAX_WORKERS }, (_, i) => ({
      name: `w${i}`.padEnd(63, 'x'),
      listen: {
        mode: 'utterance',
        endSilenceMs: 3_000,
        maxMs: 15_000,
        minSpeechMs: 1_000,
        preRollMs: 1_000,
        speechEvents: false,
      } as const,
    }));
    const token = await sealTicket({ ...TICKET, plan: { ...TICKET.plan, workers } }, KEY, NOW_MS);
    expect(await refusalOf(token)).toBe('accepted');
    expect(token.length, 'RFC 9110, section 4.1: every server takes 8,000').toBeLessThan(7_500);
  });

  it('is refused after any change to any character', async () => {
    const token = await sealTicket(TICKET, KEY, NOW_MS);
    const position = fc.integer({ min: 0, max: token.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom('A', 'z', '7', '-', '.'), async (at, character) => {
        // The last characters of the text and of the tag carry bits that are no part of them.
        fc.pre(token[at] !== character && at !== token.length - 1 && token[at + 1] !== '.');
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(await refusalOf(changed)).not.toBe('accepted');
      }),
    );
  });

  it('is refused when it is no ticket at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await refusalOf(text)).toBe('malformed');
      }),
    );
  });
});

describe('what the holder of a ticket may hand to the workers of the call', () => {
  const controlUrl = 'https://control.example';

  it('is a token of that call for each of them, by the key of the ticket, and with whom the application speaks', async () => {
    for (const [direction, peer] of [
      ['inbound', TICKET.from],
      ['outbound', TICKET.to],
    ] as const) {
      const text = await sealTicket({ ...TICKET, direction, controlUrl }, OLD_KEY, NOW_MS);
      const { controlOf } = await openTicket(text, CALL_ID, [KEY, OLD_KEY], NOW_MS);
      const control = controlOf?.('robot');
      expect(control).toMatchObject({ url: controlUrl, peer });
      const token = control?.token ?? '';
      expect(await verifyCallToken(token, [OLD_KEY], NOW_MS), 'by the key of the ticket').toEqual({
        callId: CALL_ID,
        worker: 'robot',
      });
      await expect(verifyCallToken(token, [OLD_KEY], TICKET.expiresAtMs + 31_000)).rejects.toThrow('expired');
      expect(text, 'the ticket does not hold it').not.toContain(token.split('.')[1]);
    }
  });

  it('is nothing where the ticket does not say where the control app is', async () => {
    const text = await sealTicket(TICKET, KEY, NOW_MS);
    expect((await openTicket(text, CALL_ID, [KEY], NOW_MS)).controlOf).toBeUndefined();
  });
});
