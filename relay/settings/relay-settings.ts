/** What the relay reads from its environment. */
import * as z from 'zod';
import { COMMON_SETTINGS, ticketKey } from '../../shared/settings/common-settings.ts';
import { endpoint, setting, wholeNumber } from '../../shared/settings/values.ts';
import { MIN_LEAD_MS } from '../audio/playout-pace.ts';

export const RELAY_SETTINGS = {
  ...COMMON_SETTINGS,
  ACS_MEDIA_TOKEN_POLICY: setting({
    what: 'Whether a media socket must carry a token of ACS: "require", "accept" (checked if present) or "off".',
    where:
      'Leave it unset on Azure: without the token, a media URL out of a log opens a stream of its call. The ticket is checked in every case.',
    example: 'require',
    schema: z.enum(['require', 'accept', 'off'], {
      error: 'must be "require", "accept" or "off"',
    }) as z.ZodType<'require' | 'accept' | 'off', string>,
    default: 'require',
  }),
  HOST: setting({
    what: 'The address on which the relay listens.',
    where: 'You choose. The image of the relay sets it to 0.0.0.0, which is every interface.',
    example: '0.0.0.0',
    schema: z.string(),
    default: '127.0.0.1',
  }),
  PORT: setting({
    what: 'The port on which the relay listens; 0 takes any free one.',
    where: 'You choose; the container app sends its traffic there (targetPort).',
    example: '8090',
    schema: wholeNumber(0, 65_535),
    default: '8090',
  }),
  MAX_CALLS: setting({
    what: 'How many calls one relay process carries; it refuses further ones with 503 before the upgrade.',
    where: 'You choose, by the size of the container.',
    example: '200',
    schema: wholeNumber(1, 10_000),
    default: '200',
  }),
  MAX_LOOP_DELAY_MS: setting({
    what: 'How late the event loop of a relay may be, as the median of a second, before it takes no further call, in milliseconds.',
    where: 'You choose: a frame lasts 20 ms.',
    example: '40',
    schema: wholeNumber(5, 5_000),
    default: '40',
  }),
  CONTROL_URL: setting({
    what: 'The address of the control app. A relay that stops asks it to move live calls to another relay; unset, the relay ends their streams instead, and what workers publish is in no timeline.',
    where: 'The address of the control app, as in PUBLIC_BASE_URL.',
    example: 'https://contoso-control.azurewebsites.net',
    schema: endpoint('https:'),
    optional: true,
  }),
  DRAIN_DEADLINE_MS: setting({
    what: 'How long a relay that stops may take to move its calls before it ends the rest, in milliseconds.',
    where: 'You choose: less than the grace period of the container (terminationGracePeriodSeconds), by 8 s.',
    example: '20000',
    schema: wholeNumber(0, 3_600_000),
    default: '20000',
  }),
  MAX_BACKLOG_MS: setting({
    what: 'How much audio waits for a slow worker before the oldest is dropped, in milliseconds.',
    where: 'You choose.',
    example: '5000',
    schema: wholeNumber(200, 60_000),
    default: '5000',
  }),
  JITTER_BUFFER_MS: setting({
    what: 'Silence played before the first reply of a worker, so that a later reply may be late by as much without a tear, in milliseconds.',
    where: 'You choose: more is smoother, less is quicker.',
    example: '200',
    schema: wholeNumber(0, 2_000),
    default: '200',
  }),
  PLAYOUT_LEAD_MS: setting({
    what: 'How much audio ACS is given ahead of its time, in milliseconds; the rest of a long reply waits in the relay.',
    where:
      'You choose: more bears longer delays of the relay, less leaves more to be decided when the caller speaks.',
    example: '300',
    schema: wholeNumber(MIN_LEAD_MS, 5_000),
    default: '300',
  }),
  RELAY_ADMIN_TOKEN: setting({
    what: 'The token for /metrics and for the reports at /calls of the relay; unset, there are no reports, and metrics only where the relay listens on loopback.',
    where: 'You make it: openssl rand -base64 48',
    example: '<at least 32 random bytes>',
    schema: ticketKey,
    optional: true,
  }),
  LOG_LEVEL: setting({
    what: 'How much the relay logs.',
    where: 'You choose: "fatal", "error", "warn", "info", "debug" or "silent".',
    example: 'info',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']) as z.ZodType<
      'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent',
      string
    >,
    default: 'info',
  }),
} as const;
