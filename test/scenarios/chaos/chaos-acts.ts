import type { Act } from './chaos-api.ts';
import type { Action, PlannedCall } from './chaos-plan.ts';

/** How each action is asked for, beneath the path of its call. */
export function requestOf(action: Action, { number, guest }: PlannedCall): Act {
  const participant = `4:${number}`;
  const added = `4:${guest.number}`;
  const text = { kind: 'text', text: 'Yes.', locale: 'en-US' };
  switch (action) {
    case 'start streaming':
      return { path: '/streaming/start' };
    case 'stop streaming':
      return { path: '/streaming/stop' };
    case 'play':
      return { path: '/play', body: { source: text } };
    case 'cancel play':
      return { path: '/play/cancel' };
    case 'dtmf':
      return { path: '/dtmf', body: { participant, tones: '12' } };
    case 'hold':
      return { path: '/participants/hold', body: { participant } };
    case 'unhold':
      return { path: '/participants/unhold', body: { participant } };
    case 'start recording':
      return { path: '/recording/start' };
    case 'pause recording':
      return { path: '/recording/pause' };
    case 'resume recording':
      return { path: '/recording/resume' };
    case 'stop recording':
      return { path: '/recording/stop' };
    case 'start transcription':
      return { path: '/transcription/start', body: { locale: 'en-US' } };
    case 'stop transcription':
      return { path: '/transcription/stop' };
    case 'recognize':
      return {
        path: '/recognize',
        body: { participant, input: { kind: 'dtmf', maxTones: 1 }, initialSilenceMs: 300 },
      };
    case 'attach worker':
      return { method: 'PUT', path: '/workers/parrot', body: { listen: { mode: 'utterance' } } };
    case 'detach worker':
      return { method: 'DELETE', path: '/workers/parrot' };
    case 'add guest':
      return {
        path: '/participants',
        body: { target: added, callerId: callerIdOf(number), ringMs: 5_000 },
      };
    case 'remove guest':
      return { path: '/participants/remove', body: { participant: added } };
    case 'transfer to guest':
      return { path: '/transfer', body: { target: added, transferee: participant } };
  }
}

/** Each call has its own: a number of ACS has two calls at a time at most. */
export function callerIdOf(number: string): string {
  return `+1425444${number.slice(-4)}`;
}
