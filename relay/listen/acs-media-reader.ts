/** Reads the messages of one media stream as `parseMediaFrame` does, with the same results, but audio at its usual places without a JSON parser. */

import { type MediaFrame, parseMediaFrame } from '../acs/acs-media.ts';
import { AudioTemplate } from './acs-audio-template.ts';

/** Shapes that are remembered: speakers of an unmixed call, silent or not. The one not used for longest is forgotten. */
const MAX_TEMPLATES = 8;
/** Full parses in a row that led to no shape, after which none is looked for: this stream is written in another way. */
const MAX_FAILURES = 16;

export class MediaReader {
  /** The one used last comes first. */
  readonly #templates: AudioTemplate[] = [];
  #failures = 0;

  /** Undefined when the message is no JSON object; never throws. Audio is valid until the next message of any stream is read. */
  read(message: Buffer): MediaFrame | undefined {
    for (let at = 0; at < this.#templates.length; at++) {
      const template = this.#templates[at];
      const frame = template?.read(message);
      if (template === undefined || frame === undefined) continue;
      if (at > 0) {
        this.#templates.splice(at, 1);
        this.#templates.unshift(template);
      }
      return frame;
    }
    const frame = parseMediaFrame(message);
    if (frame?.kind === 'audioData' && this.#failures < MAX_FAILURES) this.#learn(message, frame);
    return frame;
  }

  #learn(message: Buffer, frame: Extract<MediaFrame, { kind: 'audioData' }>): void {
    const template = AudioTemplate.of(message, frame, parseMediaFrame);
    if (template === undefined) {
      this.#failures += 1;
      return;
    }
    this.#failures = 0;
    this.#templates.unshift(template);
    if (this.#templates.length > MAX_TEMPLATES) this.#templates.pop();
  }
}
