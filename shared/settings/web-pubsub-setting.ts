/** How a process reaches Web PubSub. By itself, so that a worker's bundle holds no setting of another process. */
import { serviceConnection, setting } from './values.ts';

export const WEB_PUBSUB_CONNECTION_STRING = setting({
  what: 'The connection string of Azure Web PubSub. Its key also proves that a webhook call came from Web PubSub.',
  where: 'Azure portal, the Web PubSub resource, Keys.',
  example: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=<key>;Version=1.0;',
  schema: serviceConnection,
});
