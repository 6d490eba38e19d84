import { expect, it } from 'vitest';
import { listen } from '../../../../local/emulators/common/listen.ts';

it('keeps idle connections for minutes, so that clients close them and no request meets a closing one', async () => {
  const { server, url, stop } = await listen('127.0.0.1', 0, undefined);
  server.on('request', (_, response) => response.end());
  const { headers } = await fetch(url);
  await stop();
  expect(headers.get('keep-alive')).toBe('timeout=120');
});
