import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * For the environment of processes that a test starts from the sources: what Node has compiled of them is kept from one
 * start to the next, where it keeps such things by itself. A start takes half the processor's time then.
 */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') } as const;
