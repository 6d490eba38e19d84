import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TlsIdentity } from '../../../../local/emulators/common/listen.ts';
import { createLocalCertificate } from '../../../../local/emulators/common/local-certificate.ts';

/**
 * A certificate for this machine that every TLS connection of this process trusts from now on. Needs Node 22.19 or
 * 24.5.
 */
export async function trustedCertificate(): Promise<TlsIdentity> {
  const { tls, ca } = await createLocalCertificate('127.0.0.1', Date.now());
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  return tls;
}
