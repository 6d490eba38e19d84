import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import type { TlsIdentity } from './listen.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_MS = 30 * DAY_MS;
const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

interface LocalCertificate {
  readonly tls: TlsIdentity;
  /** Certificate of the authority that signed it, PEM: what clients must trust. */
  readonly ca: string;
}

/**
 * A key and a certificate for this machine, signed by an authority made for it alone. The authority's key is forgotten
 * at once, so a client that trusts the authority trusts nothing else.
 * @param host the address that is listened on, beside localhost
 * @param nowMs valid from the day before, for 30 days
 */
export async function createLocalCertificate(host: string, nowMs: number): Promise<LocalCertificate> {
  const validity = {
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + LIFETIME_MS),
  };
  const authority = await generate([{ name: 'commonName', value: 'Trunkline local authority' }], {
    ...EC,
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const names = new Set(['localhost', '127.0.0.1', '::1', host]);
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...EC,
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names].map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
        ),
      },
    ],
  });
  return { tls: { key, cert }, ca: authority.cert };
}
