import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { signCallToken, verifyCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { openTicket, sealTicket } from '../../../../shared/wire/signed/ticket.ts';
import { TokenError } from '../../../../shared/wire/signed/verify-signed.ts';
import { CALL_ID, PLAN, T0 } from '../../../support/calls.ts';

const KEY = 'the present key, of thirty-two bytes or more';
const OLD_KEY = 'the key before it, of thirty-two bytes or more';
const EXPIRES_MS = T0 + 600_000;
const HOLDER = { callId: CALL_ID, worker: 'robot' };

async function refusalOf(token: string, nowMs = T0): Promise<string> {
  try {
    await verifyCallToken(token, [KEY, OLD_KEY], nowMs);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return error.reason;
  }
}

function signed(claims: Record<string, unknown>, key = KEY): Promise<string> {
  return new SignJWT({ aud: 'calls', sub: CALL_ID, worker: 'robot', exp: EXPIRES_MS / 1_000, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(key));
}

describe('the token of a call', () => {
  it('tells the call and the worker, also when it was signed with the key before', async () => {
    for (const key of [KEY, OLD_KEY]) {
      const token = signCallToken({ ...HOLDER, expiresAtMs: EXPIRES_MS }, key);
      expect(await verifyCallToken(token, [KEY, OLD_KEY], T0)).toEqual(HOLDER);
    }
  });

  it('is no ticket, nor is a ticket one', async () => {
    const ticket = { callId: CALL_ID, from: '4:+1', to: '4:+2', plan: PLAN, expiresAtMs: EXPIRES_MS };
    expect(await refusalOf(await sealTicket(ticket, KEY, T0))).toBe('malformed');
    const token = signCallToken({ ...ticket, worker: 'robot' }, KEY);
    await expect(openTicket(token, CALL_ID, [KEY], T0)).rejects.toThrow(TokenError);
  });

  it('is refused once the call must be over, and when anything of it is wrong', async () => {
    const token = signCallToken({ ...HOLDER, expiresAtMs: EXPIRES_MS }, KEY);
    expect(await refusalOf(token, EXPIRES_MS + 31_000)).toBe('expired');
    expect(await refusalOf(await signed({}, 'another key, of thirty-two bytes or more'))).toBe(
      'bad signature',
    );
    expect(await refusalOf(await signed({ aud: 'relay' }))).toBe('wrong audience');
    expect(await refusalOf(await signed({ sub: '../etc' }))).toBe('malformed');
    expect(await refusalOf(await signed({ worker: undefined })), 'for no worker').toBe('malformed');
    expect(await refusalOf(await signed({ worker: 'Robot' }))).toBe('malformed');
    expect(await refusalOf(await signed({ exp: undefined }))).toBe('malformed');
    expect(await refusalOf(`${token.slice(0, -2)}xx`)).toBe('bad signature');
    const unsecured = new UnsecuredJWT({ aud: 'calls', sub: CALL_ID }).setExpirationTime('1h').encode();
    expect(await refusalOf(unsecured)).toBe('wrong algorithm');
  });
});
