import { randomBytes, randomUUID } from 'node:crypto';

/** The keys of one local system. Every start makes new ones; each service checks its own as Azure would. */
export interface Secrets {
  readonly acsAccessKey: string;
  readonly acsResourceId: string;
  readonly acsControlToken: string;
  readonly webPubSubAccessKey: string;
  readonly ticketKey: string;
  readonly relayAdminToken: string;
  readonly functionsMasterKey: string;
  readonly functionsHostKey: string;
  readonly eventGridKey: string;
}

export function makeSecrets(): Secrets {
  const text = (): string => randomBytes(36).toString('base64url');
  return {
    acsAccessKey: randomBytes(64).toString('base64'),
    acsResourceId: randomUUID(),
    acsControlToken: text(),
    webPubSubAccessKey: text(),
    ticketKey: text(),
    relayAdminToken: text(),
    functionsMasterKey: text(),
    functionsHostKey: text(),
    eventGridKey: text(),
  };
}
