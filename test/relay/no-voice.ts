import { SILENCE_DB } from '../../relay/audio/frame-level.ts';
import type { Voice } from '../../relay/listen/voice-activity.ts';

/** The voice of a frame without sound. */
export const NO_VOICE: Voice = { isSpeech: false, isVoiced: false, levelDb: SILENCE_DB };
