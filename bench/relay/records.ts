/** Results of single rounds, a line of JSON each, so that the rounds of one comparison can be spread over many runs. */
import { appendFile, readFile } from 'node:fs/promises';
import type { Memory } from './measures.ts';
import type { Ramp, Step } from './ramp.ts';
import type { ServerName } from './rig.ts';

export type Result =
  | { readonly measure: 'capacity'; readonly ramp: Ramp; readonly steps: readonly Step[] }
  | { readonly measure: 'latency' | 'barge-in'; readonly step: Step }
  | { readonly measure: 'memory'; readonly memory: Memory };

export type Measure = Result['measure'];
export const MEASURES: readonly Measure[] = ['capacity', 'latency', 'barge-in', 'memory'];

export type Round = Result & {
  readonly server: ServerName;
  /** Tells variants of a server apart, such as another version of Node. */
  readonly label: string;
  /** ISO 8601. */
  readonly at: string;
};

export async function appendRound(file: string, round: Round): Promise<void> {
  await appendFile(file, `${JSON.stringify(round)}\n`);
}

/** @throws SyntaxError for a line that is no JSON */
export async function readRounds(file: string): Promise<Round[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Round);
}
