/** Our names on Web PubSub and in URLs: the hub, the groups of a call, worker names, and paths. */
export const HUB = 'calls';

/** Worker names are also event names and path segments, so they use only what all three allow. */
export const WORKER_NAME_PATTERN = /^[a-z][a-z0-9-]{0,62}$/;

/** The control app makes call ids (`formatCallId`). The relay and the HTTP API accept nothing else in a path. */
export const CALL_ID_PATTERN = /^[a-z0-9]{16,64}$/;

/** The place of an entry in a timeline: its time, and a hash that tells entries of one time apart. */
export const TIMELINE_PLACE_PATTERN = /^\d{15}-[0-9a-f]{32}$/;

/** The cursor of a list of calls: the time and the id of the last call of a page. */
export const CURSOR_PATTERN = /^(\d{1,15})_([a-z0-9]{1,64})$/;

/** The group in which a worker publishes audio and actions for a call, at any time and as often as it likes. */
export function downGroup(callId: string, worker: string): string {
  return `call.${callId}.down.${worker}`;
}

/**
 * The group in which the control app tells the relay of a call to change it. Only holders of the service's key can
 * publish there, no clients.
 */
export function controlGroup(callId: string): string {
  return `call.${callId}.control`;
}

/** The control app's path that restarts the streaming of a call. */
export function restartPath(callId: string): string {
  return `/api/calls/${callId}/streaming/restart`;
}

/** The control app's path that ends a call in which nobody says anything. */
export function idlePath(callId: string): string {
  return `/api/calls/${callId}/streaming/idle`;
}

/**
 * The control app's path for the report of a relay that it no longer streams a call: `ended`, the stream is over, or
 * `lost`, the relay has also given up having it started again.
 */
export function streamReportPath(callId: string, report: 'ended' | 'lost'): string {
  return `/api/calls/${callId}/streaming/${report}`;
}

/** The control app's path for what workers publish about a call. */
export function notesPath(callId: string): string {
  return `/api/calls/${callId}/streaming/notes`;
}

/** The control app's path for what a media stream leaves for the next one (GET, PUT). */
export function handoverPath(callId: string): string {
  return `/api/calls/${callId}/streaming/handover`;
}

/** The path below `/api/` at which workers use the operations of their call, with its token. */
export const WORKER_API = 'worker';

/** The group in which the relay publishes audio and events of a call for a worker that listens to the stream. */
export function upGroup(callId: string, worker: string): string {
  return `call.${callId}.up.${worker}`;
}
