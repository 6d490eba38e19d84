/** How a process reaches Web PubSub. By itself, so that a worker's bundle holds no setting of another process. */
import { serviceConnection, setting } from './values.ts';

export const WEB_PUBSUB_CONNECTION_STRING = setting({
  what: 'How to reach Azure Web PubSub with a key; its key also proves that a webhook call came from there.',
  where: 'Azure portal, the Web PubSub resource, Keys.',
  example: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=<key>;Version=1.0;',
  schema: serviceConnection,
});
