/** A command can't do what it is asked to. The message says why, and what to do. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, { exitCode = 2, cause }: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
  }
}
