import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Call } from '../call/call.ts';
import { RefusedError } from '../http/refusal.ts';
import type { CalleeOutcome, CalleeRinging, Callees, IncomingLeg } from '../telephones/callees.ts';
import { phoneNumberOf } from '../telephones/identifiers.ts';
import { type LinkedPhone, linkPhones } from '../telephones/linked-phones.ts';
import { linkRosters } from '../telephones/linked-rosters.ts';
import type { ResourceIdentities } from '../telephones/resource-identities.ts';
import type { PlaceCallRequest } from './switchboard.ts';

interface ResourceCalleesOptions {
  /** Telephones that were entered by hand. They come first: who enters one wants it to ring. */
  readonly callees: Callees;
  readonly resource: ResourceIdentities;
  /** Raises IncomingCall. @throws RefusedError */
  readonly place: (request: PlaceCallRequest) => Call;
  readonly log: (line: string) => void;
}

/**
 * Whom calls of the application reach: telephones, and, where an identity or a number belongs to the resource, the
 * application itself or another one of the same resource, to which the call is an incoming one.
 */
export class ResourceCallees implements Callees {
  readonly #options: ResourceCalleesOptions;

  constructor(options: ResourceCalleesOptions) {
    this.#options = options;
  }

  knows(rawId: string): boolean {
    return this.#options.callees.knows(rawId);
  }

  ring(identifier: IdentifierJson, incoming: IncomingLeg): CalleeRinging {
    const { callees, resource, log } = this.#options;
    const isTelephone = callees.knows(identifier.rawId);
    if (!isTelephone && resource.owns(identifier)) return this.#ringApplication(identifier, incoming);
    if (!isTelephone)
      log(
        'a call reached nobody (8541, callee unavailable): POST /control/callees enters a telephone, --number a number of the resource',
      );
    return callees.ring(identifier, incoming);
  }

  #ringApplication(to: IdentifierJson, incoming: IncomingLeg): CalleeRinging {
    const { promise, resolve } = Promise.withResolvers<CalleeOutcome>();
    let near: LinkedPhone | undefined;
    let unlinkRosters = (): void => {};
    const from = incoming.from ?? this.#options.resource.self;
    const { sipHeaders, voipHeaders, serverCallId, correlationId } = incoming;
    // Users of the resource are on one call; between numbers there are two, and the telephone network.
    const isOneCall = phoneNumberOf(to) === undefined;
    try {
      const call = this.#options.place({
        from: from.rawId,
        to: to.rawId,
        phone: (rawId, hangUp) => {
          const ended = (): void => unlinkRosters();
          const caller = { rawId: to.rawId, hangUp: incoming.hangUp, press: incoming.press, ended };
          const [callerEnd, calledEnd] = linkPhones(caller, {
            rawId,
            hangUp,
            press: (key) => call.line.press(key),
            answered: () => resolve({ type: 'answered', phone: callerEnd }),
            ended: (reason) => {
              unlinkRosters();
              resolve({ type: outcomeOf(reason) });
            },
          });
          near = callerEnd;
          return calledEnd;
        },
        sipHeaders,
        voipHeaders,
        callerDisplayName: incoming.displayName,
        ...(isOneCall ? { conversation: { serverCallId, correlationId } } : {}),
      });
      if (isOneCall) unlinkRosters = linkRosters(incoming.line, call.line);
      const cancel = (): void => {
        resolve({ type: 'noAnswer' });
        if (near?.isOver === false) call.hangUpByCaller();
      };
      return { outcome: promise, cancel };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#options.log(`a call to the resource itself raised no IncomingCall: ${error.message}`);
      return { outcome: Promise.resolve({ type: 'unavailable' }), cancel: () => {} };
    }
  }
}

/** Why the call was over for the calling end before it was answered. */
function outcomeOf(reason: string): Exclude<CalleeOutcome['type'], 'answered'> {
  switch (reason) {
    case 'rejected':
    case 'declined':
      return 'declined';
    case 'busy':
      return 'busy';
    case 'notAnswered':
    case 'noAnswer':
      return 'noAnswer';
    default:
      return 'unavailable';
  }
}
