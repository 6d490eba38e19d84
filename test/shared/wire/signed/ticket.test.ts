import * as fc from 'fast-check';
import { decodeJwt, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { verifyCallToken } from '../../../../shared/wire/signed/call-token.ts';
import {
  signTicket,
  TICKET_AUDIENCE,
  type Ticket,
  TicketError,
  type TicketRefusal,
  verifyTicket,
} from '../../../../shared/wire/signed/ticket.ts';

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

/** A JWT with these claims over those of a good ticket. */
function forge(claims: Record<string, unknown>, alg = 'HS256', key = KEY): Promise<string> {
  const good = {
    aud: TICKET_AUDIENCE,
    sub: CALL_ID,
    exp: NOW_MS / 1000 + 60,
    from: TICKET.from,
    to: TICKET.to,
    plan: TICKET.plan,
  };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
}

async function refusalOf(token: string, keys = [KEY], nowMs = NOW_MS): Promise<TicketRefusal | 'accepted'> {
  try {
    await verifyTicket(token, CALL_ID, keys, nowMs);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    expect(error.message, 'the message says the reason and nothing of the ticket').toBe(
      `ticket refused: ${error.reason}`,
    );
    return error.reason;
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a ticket', () => {
  it('says when it was signed, to the millisecond, and is accepted at that moment', async () => {
    const token = await signTicket(TICKET, KEY, NOW_MS + 678);
    expect(decodeJwt(token).iat).toBe((NOW_MS + 678) / 1000);
    expect(await refusalOf(token, [KEY], NOW_MS + 678)).toBe('accepted');
  });

  it('gives back the plan that was signed', async () => {
    const token = await signTicket(TICKET, KEY, NOW_MS);
    expect(await verifyTicket(token, CALL_ID, [KEY], NOW_MS)).toEqual({ ...TICKET, issuedAtMs: NOW_MS });
  });

  it('is accepted under the previous key while keys are rotated', async () => {
    const token = await signTicket(TICKET, OLD_KEY, NOW_MS);
    expect(await refusalOf(token, [KEY, OLD_KEY])).toBe('accepted');
    expect(await refusalOf(token, [KEY])).toBe('bad signature');
  });

  it('is refused under a foreign key', async () => {
    const token = await signTicket(TICKET, OTHER_KEY, NOW_MS);
    expect(await refusalOf(token, [KEY, OLD_KEY])).toBe('bad signature');
  });

  it('is refused when there is no key to check it with', async () => {
    expect(await refusalOf(await signTicket(TICKET, KEY, NOW_MS), [])).toBe('bad signature');
  });

  it('is accepted until it expires, and half a minute longer for clocks that differ', async () => {
    const token = await signTicket(TICKET, KEY, NOW_MS);
    expect(await refusalOf(token, [KEY], TICKET.expiresAtMs + 29_000)).toBe('accepted');
    expect(await refusalOf(token, [KEY], TICKET.expiresAtMs + 31_000)).toBe('expired');
    expect(await refusalOf(token, [KEY, OLD_KEY], TICKET.expiresAtMs + 31_000)).toBe('expired');
  });

  it('is refused for another call', async () => {
    const token = await signTicket({ ...TICKET, callId: 'fedcba9876543210' }, KEY, NOW_MS);
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

  it('is refused when it says that it needs no signature', async () => {
    const [, payload] = (await forge({})).split('.');
    expect(await refusalOf(`${encode({ alg: 'none' })}.${payload}.`)).toBe('malformed');
  });

  it('is refused under another algorithm, even with the right key', async () => {
    expect(await refusalOf(await forge({}, 'HS512', `${KEY}${KEY}`), [`${KEY}${KEY}`])).toBe('malformed');
  });

  it('is refused after any change to any character', async () => {
    const token = await signTicket(TICKET, KEY, NOW_MS);
    const position = fc.integer({ min: 0, max: token.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom('A', 'z', '7', '-', '.'), async (at, character) => {
        // The last character of the signature carries two bits that are no part of it.
        fc.pre(token[at] !== character && at !== token.length - 1);
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

  it('is a token of that call, by the key of the ticket, and with whom the application speaks', async () => {
    for (const [direction, peer] of [
      ['inbound', TICKET.from],
      ['outbound', TICKET.to],
    ] as const) {
      const text = await signTicket({ ...TICKET, direction, controlUrl }, OLD_KEY, NOW_MS);
      const { control } = await verifyTicket(text, CALL_ID, [KEY, OLD_KEY], NOW_MS);
      expect(control).toMatchObject({ url: controlUrl, peer });
      const token = control?.token ?? '';
      expect(await verifyCallToken(token, [OLD_KEY], NOW_MS), 'by the key of the ticket').toBe(CALL_ID);
      await expect(verifyCallToken(token, [OLD_KEY], TICKET.expiresAtMs + 31_000)).rejects.toThrow('expired');
      expect(text, 'the ticket does not hold it').not.toContain(token.split('.')[1]);
    }
  });

  it('is nothing where the ticket does not say where the control app is', async () => {
    const text = await signTicket(TICKET, KEY, NOW_MS);
    expect((await verifyTicket(text, CALL_ID, [KEY], NOW_MS)).control).toBeUndefined();
  });
});
