/** What the user asked for cannot be done: the message says why and what to do, in one line. */
export class UsageError extends Error {
  /** For the process. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.name = 'UsageError';
    this.exitCode = exitCode;
  }
}
