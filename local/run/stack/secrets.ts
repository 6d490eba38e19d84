import { randomBytes, randomUUID } from 'node:crypto';

/** The keys of one local system. Every start makes new ones; each service checks its own as Azure would. */
export type Secrets = Readonly<ReturnType<typeof makeSecrets>>;

export function makeSecrets() {
  const text = (): string => randomBytes(36).toString('base64url');
  return {
    acsAccessKey: randomBytes(64).toString('base64'),
    acsResourceId: randomUUID() as string,
    acsControlToken: text(),
    tablesKey: randomBytes(64).toString('base64'),
    webPubSubAccessKey: text(),
    ticketKey: text(),
    relayAdminToken: text(),
    functionsMasterKey: text(),
    functionsHostKey: text(),
    eventGridKey: text(),
  };
}
