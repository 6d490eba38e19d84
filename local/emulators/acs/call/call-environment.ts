import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import type { RecordEntry } from '../events/event-log.ts';
import type { Tokens } from '../events/tokens.ts';
import type { AcsFaultEngine } from '../faults/fault-plan.ts';
import type { MediaTicker } from '../media/media-ticker.ts';
import type { OpenMediaStream, OpenTranscriptionStream } from '../media/port.ts';
import type { LoadPrompt } from '../media-operations/prompt-loader.ts';
import type { Callees } from '../telephones/callees.ts';
import type { ResourceIdentities } from '../telephones/resource-identities.ts';
import type { AcsBehaviour } from './behaviour.ts';

/** What every call of one server has in common. */
export interface CallEnvironment {
  readonly clock: Clock;
  readonly behaviour: AcsBehaviour;
  readonly tokens: Tokens;
  /** Where all ids come from, and the chance of faults. */
  readonly random: Random;
  readonly faults: AcsFaultEngine;
  /** Takes what is written to the event log. */
  readonly record: RecordEntry;
  readonly openMediaStream: OpenMediaStream;
  readonly openTranscriptionStream: OpenTranscriptionStream;
  /** Times the sound of calls that are not streamed. */
  readonly ticker: MediaTicker;
  /** Fetches and synthesizes what is played. */
  readonly loadPrompt: LoadPrompt;
  /** Whom calls of the application reach. */
  readonly callees: Callees;
  readonly resource: ResourceIdentities;
}
