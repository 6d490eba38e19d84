/** The Web PubSub emulator as a process of the measurement, on the core of the load. */
import { startWebPubSub } from '../../local/emulators/web-pubsub/service/server.ts';
import { HUB } from '../../shared/wire/names.ts';
import type { Failed } from '../common/pinned-process.ts';
import type { Listening, Prepared } from './messages.ts';
import { WEB_PUBSUB_KEY } from './relay-settings.ts';

process.on('message', ({ workerUrl }: Prepared) => {
  startWebPubSub({
    port: 0,
    accessKey: WEB_PUBSUB_KEY,
    hubs: { [HUB]: [{ urlTemplate: workerUrl, eventPattern: '*' }] },
  }).then(
    ({ port }) => process.send?.({ type: 'listening', url: `http://127.0.0.1:${port}` } satisfies Listening),
    (error: unknown) => process.send?.({ type: 'failed', message: String(error) } satisfies Failed),
  );
});
process.once('disconnect', () => process.exit(0));
