import { CALL, type Operation, once, plain } from './operation.ts';

/** Who is on a call. */
export const participantOperations: readonly Operation[] = [
  plain('GET', 'listParticipants', `${CALL}/participants`, 200),
  plain('GET', 'getParticipant', `${CALL}/participants/{participantRawId}`, 200),
  once('addParticipant', `${CALL}/participants:add`, 202),
  once('removeParticipant', `${CALL}/participants:remove`, 202),
  once('muteParticipants', `${CALL}/participants:mute`, 200),
  once('cancelAddParticipant', `${CALL}/participants:cancelAddParticipant`, 202),
  once('moveParticipants', `${CALL}/participants:moveHere`, 202),
];
