import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readControlConfig } from '../../../functions/control/settings/control-config.ts';
import { readRelayConfig } from '../../../relay/settings/relay-config.ts';
import { ConfigError } from '../../../shared/base/settings.ts';
import { whyGuessable } from '../../../shared/settings/secrets.ts';

const SAMPLE = JSON.parse(
  readFileSync(new URL('../../../local.settings.sample.json', import.meta.url), 'utf8'),
).Values as Record<string, string>;

const GOOD = randomBytes(48).toString('base64');

const RELAY = {
  HOST: '127.0.0.1',
  WEB_PUBSUB_CONNECTION_STRING: SAMPLE['WEB_PUBSUB_CONNECTION_STRING'],
  ACS_TOKEN_AUDIENCE: 'resource',
  RELAY_TICKET_KEY: GOOD,
};

const GUESSABLE = [SAMPLE['RELAY_TICKET_KEY'] ?? '', 'a'.repeat(32), '<at least 32 random bytes>......'];

/** The names of the settings that have problems. */
function problems(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name }) => name);
    throw error;
  }
}

describe('a secret', () => {
  it.each([
    ['base64', () => randomBytes(48).toString('base64')],
    ['base64url of 32 bytes', () => randomBytes(32).toString('base64url')],
    ['hexadecimal', () => randomBytes(32).toString('hex')],
  ])('that is random is never taken for a guessable one: %s', (_form, make) => {
    for (let count = 0; count < 2_000; count += 1) expect(whyGuessable(make())).toBeUndefined();
  });

  it.each([...GUESSABLE, 'abcdefghijklmno'.repeat(4), '0123456789'.repeat(4).replaceAll('9', '8')])(
    'is guessable: %s',
    (secret) => {
      expect(whyGuessable(secret)).toBeDefined();
    },
  );
});

describe.each(GUESSABLE)('the guessable secret %s', (secret) => {
  it('is accepted where every address is on this machine', () => {
    const keys = { RELAY_TICKET_KEY: secret, RELAY_TICKET_KEY_PREVIOUS: secret };
    expect(problems(() => readControlConfig({ ...SAMPLE, ...keys }))).toEqual([]);
    expect(problems(() => readRelayConfig({ ...RELAY, ...keys, RELAY_ADMIN_TOKEN: secret }))).toEqual([]);
  });

  it.each([
    { PUBLIC_BASE_URL: 'https://control.example' },
    { RELAY_URL: 'wss://relay.example' },
    { ACS_CONNECTION_STRING: 'endpoint=https://contoso.communication.azure.com/;accesskey=a2V5' },
    {
      TABLES_CONNECTION_STRING:
        'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=x.example',
    },
    {
      WEB_PUBSUB_CONNECTION_STRING: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=key;Version=1.0;',
    },
  ])('keeps a control app from starting with %j', (elsewhere) => {
    const env = { ...SAMPLE, ...elsewhere };
    expect(problems(() => readControlConfig({ ...env, RELAY_TICKET_KEY: secret }))).toEqual([
      'RELAY_TICKET_KEY',
    ]);
    expect(
      problems(() =>
        readControlConfig({ ...env, RELAY_TICKET_KEY: GOOD, RELAY_TICKET_KEY_PREVIOUS: secret }),
      ),
    ).toEqual(['RELAY_TICKET_KEY_PREVIOUS']);
    expect(problems(() => readControlConfig({ ...env, RELAY_TICKET_KEY: GOOD }))).toEqual([]);
  });

  it.each([
    { HOST: '0.0.0.0' },
    { CONTROL_URL: 'https://control.example' },
    {
      WEB_PUBSUB_CONNECTION_STRING: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=key;Version=1.0;',
    },
  ])('keeps a relay from starting with %j', (elsewhere) => {
    const env = { ...RELAY, ...elsewhere };
    for (const name of ['RELAY_TICKET_KEY', 'RELAY_TICKET_KEY_PREVIOUS', 'RELAY_ADMIN_TOKEN'])
      expect(problems(() => readRelayConfig({ ...env, [name]: secret }))).toEqual([name]);
    expect(problems(() => readRelayConfig(env))).toEqual([]);
  });
});
