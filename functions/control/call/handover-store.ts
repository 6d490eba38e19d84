/** Where the streams of a call leave what the next one is to know. The text is the relay's own business. */
export interface HandoverStore {
  /** @throws CallStoreError */
  get(callId: string): Promise<string | undefined>;
  /** Replaces what was there. @throws CallStoreError */
  put(callId: string, sealed: string): Promise<void>;
  /** @throws CallStoreError */
  remove(callId: string): Promise<void>;
}
