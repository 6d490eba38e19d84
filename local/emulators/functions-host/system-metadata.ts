import { randomUUID } from 'node:crypto';
import type { RpcTypedData } from './app/core-types.ts';

/** The metadata `sys` that the host adds to every invocation. */
export function systemMetadata(functionName: string): Record<string, RpcTypedData> {
  const sys = { MethodName: functionName, UtcNow: new Date().toISOString(), RandGuid: randomUUID() };
  return { sys: { json: JSON.stringify(sys) } };
}
