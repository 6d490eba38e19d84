import type { ProblemName } from '../../../../shared/wire/api/problem.ts';
import type { RawRequest } from '../../../support/raw-http.ts';
import type { HostileFixture } from './hostile-fixture.ts';

/** A request that must be refused and change nothing. */
export interface HostileCase {
  readonly what: string;
  /** The app that it is sent to. Absent: the one that function keys open. */
  readonly api?: 'keys' | 'entra';
  readonly request: (fixture: HostileFixture) => Promise<RawRequest> | RawRequest;
  readonly status: number;
  /** Of answers by the app; the host answers without a body. */
  readonly problem?: ProblemName;
}

type Header = readonly [string, string];

export const JSON_TYPE: Header = ['content-type', 'application/json'];

export function bearer(token: string): Header {
  return ['authorization', `Bearer ${token}`];
}
