/** An error that its user can act on: what is wrong, and what to do next. It is shown without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
  /** What to do now, such as a command to run. Default: the message says enough. */
  readonly next: string | undefined;

  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.next = next;
  }

  /** Returns the message and the next step, as they are shown. */
  override toString(): string {
    return this.next === undefined ? this.message : `${this.message}\nNext: ${this.next}`;
  }
}

/** Returns what an error says, with its next step where it has one. */
export function errorText(error: unknown): string {
  if (error instanceof UserError) {
    return error.toString();
  }
  return error instanceof Error ? error.message : String(error);
}
