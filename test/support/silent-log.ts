import type { Log } from '../../functions/control/use-cases/deps.ts';

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
