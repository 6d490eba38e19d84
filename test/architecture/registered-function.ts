/** What an app tells the host about one of its functions. */
export interface RegisteredFunction {
  readonly name: string;
  readonly trigger: {
    readonly type: string;
    readonly route?: string;
    readonly methods?: readonly string[];
    readonly authLevel?: string;
  };
}
