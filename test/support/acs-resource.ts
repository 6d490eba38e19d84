import { randomBytes, randomUUID } from 'node:crypto';
import type { AcsOptions } from '../../local/emulators/acs/server/acs.ts';

/** What the stand-in of ACS needs to be a resource of its own, on a free port. */
export function newAcsResource(): Pick<AcsOptions, 'port' | 'accessKey' | 'resourceId'> {
  return { port: 0, accessKey: randomBytes(32).toString('base64'), resourceId: randomUUID() };
}
