import { randomBytes, randomUUID } from 'node:crypto';
import type { AcsOptions } from '../../local/emulators/acs/server/acs.ts';
import { newSigningKey } from '../../local/emulators/common/signing-key.ts';

/** For every emulator of ACS in this process: a key takes longer to make than most tests to run. */
export const SIGNING_KEY = await newSigningKey();

/** What the emulator of ACS needs to be a resource of its own, on a free port. */
export function newAcsResource(): Pick<AcsOptions, 'port' | 'accessKey' | 'resourceId'> {
  return { port: 0, accessKey: randomBytes(32).toString('base64'), resourceId: randomUUID() };
}
