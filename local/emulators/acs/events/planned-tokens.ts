import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import { skewedClock } from '../../common/skewed-clock.ts';
import type { AcsFaultEngine } from '../faults/fault-plan.ts';
import type { TokenIssuer } from './tokens.ts';

/** Longer than any token lives, with the skew that verifiers allow. */
const EXPIRED_BY_MS = 25 * 60 * 60_000;

/** What the calls want of the issuer. */
export type Tokens = Pick<TokenIssuer, 'callbackToken' | 'mediaToken'>;

/**
 * The issuer's tokens, or where the plan says so, tokens that ran out long ago. `create` makes an issuer that goes by
 * this clock.
 */
export function plannedTokens(
  create: (clock: Clock) => Tokens,
  clock: Clock,
  engine: AcsFaultEngine,
  random: Random,
): Tokens {
  const good = create(clock);
  const expired = create(skewedClock(clock, () => -EXPIRED_BY_MS));
  const issuer = (name: 'callback' | 'media'): Tokens =>
    engine.draw('token', name, random).length > 0 ? expired : good;
  return {
    callbackToken: () => issuer('callback').callbackToken(),
    mediaToken: () => issuer('media').mediaToken(),
  };
}
