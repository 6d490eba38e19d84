/** The command was called wrongly, or with input that cannot be used: one clear sentence, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
