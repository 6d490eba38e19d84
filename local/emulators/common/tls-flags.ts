import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TlsIdentity } from './listen.ts';
import { createLocalCertificate } from './local-certificate.ts';

/** The flags of both emulators about https. `caFile`: where the authority is written without `--ca-out`. */
export function tlsFlagTable(caFile: string) {
  return {
    https: { type: 'boolean', default: false, help: 'with a certificate made at the start for this machine' },
    'ca-out': {
      type: 'string',
      value: 'FILE',
      help: `where the authority to trust is written (default ${caFile})`,
    },
    'tls-key': { type: 'string', value: 'FILE', help: 'https with a key of yours (PEM), with --tls-cert' },
    'tls-cert': { type: 'string', value: 'FILE', help: 'the certificate to it (PEM)' },
  } as const;
}

/** What the command line says about https: a certificate made now, one of the user's own, or none. */
interface TlsFlags {
  /** `--https` */
  readonly https: boolean;
  /** The address that is listened on. */
  readonly host: string;
  /** `--ca-out`: where the authority to trust is written. */
  readonly caOut: string | undefined;
  /** `--tls-key` and `--tls-cert`: PEM files. */
  readonly key: string | undefined;
  readonly cert: string | undefined;
  /** Where the authority is written without `--ca-out`. */
  readonly defaultCaFile: string;
}

interface ServerTls {
  /** Undefined for plain http. */
  readonly tls?: TlsIdentity;
  /** Where the authority was written that signed a certificate made now. */
  readonly caFile?: string;
}

/** Reads or makes the certificate. @throws Error about flags that contradict each other, or an unreadable file */
export async function readTls(flags: TlsFlags, nowMs: number): Promise<ServerTls> {
  const { https, host, caOut, key, cert } = flags;
  if (https && (key !== undefined || cert !== undefined))
    throw new Error('--https makes a certificate; it cannot be given together with --tls-key and --tls-cert');
  if (caOut !== undefined && !https) throw new Error('--ca-out is of use with --https only');
  if (https) {
    const caFile = caOut ?? flags.defaultCaFile;
    const { tls, ca } = await createLocalCertificate(host, nowMs);
    mkdirSync(dirname(caFile), { recursive: true });
    writeFileSync(caFile, ca);
    return { tls, caFile };
  }
  if (key === undefined && cert === undefined) return {};
  if (key === undefined || cert === undefined)
    throw new Error('--tls-key and --tls-cert must be given together');
  return { tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } };
}
