import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { signRelayProof, verifyRelayProof } from '../../../../shared/wire/signed/relay-proof.ts';
import { TokenError } from '../../../../shared/wire/signed/verify-signed.ts';
import { CALL_ID, T0 } from '../../../support/calls.ts';

const KEY = 'the present key, of thirty-two bytes or more';
const OLD_KEY = 'the key before it, of thirty-two bytes or more';
const NOW_S = T0 / 1_000;

async function refusalOf(proof: string, nowMs = T0): Promise<string> {
  try {
    await verifyRelayProof(proof, { callId: CALL_ID, action: 'restart' }, [KEY, OLD_KEY], nowMs);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return error.message;
  }
}

function signed(claims: Record<string, unknown>): Promise<string> {
  const good = { aud: 'control', sub: CALL_ID, action: 'restart', iat: NOW_S, exp: NOW_S + 60 };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(KEY));
}

it('proves for a minute that a relay speaks for its call, with the key of the ticket', async () => {
  for (const ticketKey of [KEY, OLD_KEY]) {
    const proof = await signRelayProof({ callId: CALL_ID, ticketKey }, 'restart', T0);
    expect(await refusalOf(proof)).toBe('accepted');
    expect(await refusalOf(proof, T0 + 89_000), 'with clocks that differ').toBe('accepted');
    expect(await refusalOf(proof, T0 + 91_000)).toBe('relay proof refused: expired');
  }
  const other = { callId: CALL_ID, ticketKey: 'another key, as long as these' };
  const foreign = await signRelayProof(other, 'restart', T0);
  expect(await refusalOf(foreign)).toBe('relay proof refused: bad signature');
});

it.each([
  ['for another call', { sub: 'fedcba9876543210' }, 'another call'],
  ['for no call', { sub: undefined }, 'another call'],
  ['for another action', { action: 'lost' }, 'another action'],
  ['for no action', { action: undefined }, 'another action'],
  ['for another audience', { aud: 'calls' }, 'wrong audience'],
  ['for no audience', { aud: undefined }, 'wrong audience'],
  ['that does not say when it was signed', { iat: undefined }, 'malformed'],
  ['without an end', { exp: undefined }, 'malformed'],
  ['for longer than a minute', { exp: NOW_S + 61 }, 'valid too long'],
  ['that is dated ahead', { iat: NOW_S + 31, exp: NOW_S + 91 }, 'not valid yet'],
])('proves nothing %s', async (_, claims, reason) => {
  expect(await refusalOf(await signed(claims))).toBe(`relay proof refused: ${reason}`);
});

it('is not the token with which workers control the call', async () => {
  const token = signCallToken({ callId: CALL_ID, worker: 'echo', expiresAtMs: T0 + 60_000 }, KEY);
  expect(await refusalOf(token)).not.toBe('accepted');
});
