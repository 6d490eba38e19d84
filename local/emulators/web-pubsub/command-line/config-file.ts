import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { requireJson } from '../../common/json.ts';

/** @param what such as `configuration file` @throws Error with one sentence when the file cannot be read */
export async function readTextFile(what: string, path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the ${what} '${path}' cannot be read (${error.code ?? error.message})`);
  });
}

/** @throws Error with one sentence when the text is not JSON */
export function parseJsonFile(what: string, path: string, text: string): unknown {
  return requireJson(text, (place) => new Error(`the ${what} '${path}' is not JSON: see ${place}`));
}

/** What messages call the file of `--config`. */
export const CONFIG_FILE = 'configuration file';

interface ConfigFileListener {
  /** The file has this content now. */
  onText(text: string): void;
  /** Changes are not seen any more. */
  onBlind(reason: string): void;
}

/** Reports each new content of a file. It watches the folder, since editors replace the file itself. */
export class ConfigFileWatch {
  readonly #path: string;
  readonly #listener: ConfigFileListener;
  readonly #watcher: FSWatcher | undefined;
  #lastText: string;
  #reading = false;
  #changedMeanwhile = false;
  #closed = false;

  /** @param knownText the content that is in force */
  constructor(path: string, knownText: string, listener: ConfigFileListener) {
    this.#path = path;
    this.#lastText = knownText;
    this.#listener = listener;
    this.#watcher = this.#watch();
    // The file may have changed between its reading and now.
    this.#read();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#watcher?.close();
  }

  #watch(): FSWatcher | undefined {
    const name = basename(this.#path);
    try {
      const watcher = watch(dirname(this.#path), { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name) this.#read();
      });
      watcher.on('error', (error) => this.#goBlind(error));
      return watcher;
    } catch (error) {
      this.#goBlind(error);
      return undefined;
    }
  }

  #goBlind(error: unknown): void {
    if (this.#closed) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#listener.onBlind(`'${this.#path}' cannot be watched for changes: ${reason}`);
  }

  #read(): void {
    if (this.#reading) {
      this.#changedMeanwhile = true;
      return;
    }
    this.#reading = true;
    void readFile(this.#path, 'utf8')
      // The file is just being replaced; the watcher reports its successor, too.
      .catch(() => '')
      .then((text) => {
        this.#reading = false;
        this.#take(text);
        if (!this.#changedMeanwhile) return;
        this.#changedMeanwhile = false;
        this.#read();
      });
  }

  /** An empty file is one that is just being written. */
  #take(text: string): void {
    if (this.#closed || text.trim() === '' || text === this.#lastText) return;
    this.#lastText = text;
    this.#listener.onText(text);
  }
}
