/** Names on Web PubSub that are ours: the hub, the groups of a call, and what a worker may be called. */
export const HUB = 'calls';

/** Worker names are also event names and path segments, so they are kept to what all three allow. */
export const WORKER_NAME_PATTERN = /^[a-z][a-z0-9-]{0,62}$/;

/** Call ids are made by `functions/control/call/call-id.ts`; the relay and the HTTP API accept nothing else in a path. */
export const CALL_ID_PATTERN = /^[a-z0-9]{16,64}$/;

/** The cursor of a list of calls: the time and id of the last call of its page. */
export const CURSOR_PATTERN = /^(\d{1,15})_([a-z0-9]{1,64})$/;

/** The group in which a worker publishes audio and actions for a call, at any time and as often as it likes. */
export function downGroup(callId: string, worker: string): string {
  return `call.${callId}.down.${worker}`;
}

/** The group in which whoever holds the service's key tells the relay that has a call to change it; no client may publish there. */
export function controlGroup(callId: string): string {
  return `call.${callId}.control`;
}

/** The path at the control app that restarts the streaming of a call. */
export function restartPath(callId: string): string {
  return `/api/calls/${callId}/streaming/restart`;
}

/** The path at the control app by which a relay has a call ended in which nobody says anything. */
export function idlePath(callId: string): string {
  return `/api/calls/${callId}/streaming/idle`;
}

/** The path at the control app under which a relay keeps what the call's next stream is to know (GET, PUT). */
export function handoverPath(callId: string): string {
  return `/api/calls/${callId}/streaming/handover`;
}

/** Where below `/api/` the workers of a call reach its operations, with the token of the call. */
export const WORKER_API = 'worker';

/** The group in which the relay publishes audio and events of a call for a worker that listens to the stream. */
export function upGroup(callId: string, worker: string): string {
  return `call.${callId}.up.${worker}`;
}

/** The path and query of the media URL that ACS dials. */
export function mediaPath(callId: string, ticket: string): string {
  return `/media/${callId}?ticket=${ticket}`;
}
