/** Where the parts of a running system are, and the keys that its users need. */
import type { DirectoryEntry } from '../stack/directory.ts';
import type { PartName } from '../stack/ports.ts';

export interface RunningSystem {
  readonly pid: number;
  readonly urls: Readonly<Record<PartName, string>>;
  readonly keys: { readonly acsControl: string; readonly functions: string; readonly relayAdmin: string };
  readonly directory: readonly DirectoryEntry[];
}
