/** The stream is not at the revision that the caller saw. Nothing was appended. */
export class StaleRevision extends Error {
  constructor(stream: string, expected: number, actual: number) {
    super(`${stream} is at revision ${actual}, not ${expected}`);
    this.name = 'StaleRevision';
  }
}

/** Something else was asked under this command id before. Nothing was appended. */
export class CommandReused extends Error {
  constructor(stream: string, commandId: string) {
    super(`${commandId} asked something else of ${stream} before`);
    this.name = 'CommandReused';
  }
}

/** Others kept getting there first. Nothing was appended by the last try; the same command may be sent again. */
export class TooManyConflicts extends Error {
  constructor(subject: string) {
    super(`${subject} is changing too fast; try again`);
    this.name = 'TooManyConflicts';
  }
}
