/** The workers of this project. To add one, write its file and name it here. */
import type { Worker } from 'trunkline/kit';
import { whisper } from './whisper.ts';

export const workers: readonly Worker[] = [whisper];
