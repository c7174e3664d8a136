/**
 * What may be in hand at a time: of one project, so that it leaves room for others, and of all, so that there is memory for it.
 * `bodies` counts requests, `bytes` their bodies as text, unpacked.
 */
type Room = { readonly bodies: number; readonly bytes: number };

export type ShareLimits = {
  readonly ofProject: Room;
  readonly ofAll: Room;
  /** What may wait besides of one project, in bytes. */
  readonly waiting: number;
};

/**
 * A body's place. `taken` says whether it has one in hand, which may take a while: no promise when it is at once; false when it
 * left before. `leave` ends the waiting, or gives back what was taken; again it does nothing.
 */
export type Place = { readonly taken: Promise<boolean> | true; readonly leave: () => void };

/** Who waits for a place; `end` says whether there is one. */
type Waiter = { readonly bytes: number; readonly end: (taken: boolean) => void };

/** Of a project what is in hand, and who waits, the first first. */
type Line = { readonly waiting: Waiter[]; bodies: number; bytes: number; waitingBytes: number };

/** A body larger than all the room there is gets its turn alone, or it never would. */
const fits = (taken: Room, bytes: number, most: Room): boolean =>
  taken.bodies === 0 || (taken.bodies < most.bodies && taken.bytes + bytes <= most.bytes);

/**
 * Shares what a process has in hand at a time among projects. A body that finds no room waits in the line of its project; the
 * lines take turns. Undefined when too much of its project waits already.
 */
export const sharing = ({ ofProject, ofAll, waiting: mostWaiting }: ShareLimits) => {
  // Of all projects with something in hand or waiting, in the order of their turns.
  const lines = new Map<string, Line>();
  const all = { bodies: 0, bytes: 0, waiting: 0 };

  const count = (line: Line, bodies: number, bytes: number): void => {
    for (const each of [line, all]) {
      each.bodies += bodies;
      each.bytes += bytes;
    }
  };

  const hasRoom = (line: Line, bytes: number): boolean => fits(line, bytes, ofProject) && fits(all, bytes, ofAll);

  const wait = (line: Line, bytes: number, more: 1 | -1): void => {
    line.waitingBytes += more * bytes;
    all.waiting += more;
  };

  /** Lets in the first of each line for which there is room, in turn, until there is none. */
  const letIn = (): void => {
    for (let moved = all.waiting > 0; moved;) {
      moved = false;
      for (const [projectId, line] of [...lines]) {
        const [first] = line.waiting;
        if (!first || !hasRoom(line, first.bytes)) continue;
        line.waiting.shift();
        wait(line, first.bytes, -1);
        count(line, 1, first.bytes);
        first.end(true);
        lines.delete(projectId);
        lines.set(projectId, line);
        moved = true;
      }
    }
  };

  const lineOf = (projectId: string): Line => {
    const found = lines.get(projectId) ?? { waiting: [], bodies: 0, bytes: 0, waitingBytes: 0 };
    lines.set(projectId, found);
    return found;
  };

  return (projectId: string, bytes: number): Place | undefined => {
    const line = lineOf(projectId);
    const atOnce = line.waiting.length === 0 && hasRoom(line, bytes);
    if (!atOnce && line.waitingBytes + bytes > mostWaiting) return undefined;
    let left = false;
    /** Leaves once. `waiter` is who may wait still. */
    const leaving = (waiter?: Waiter) => (): void => {
      if (left) return;
      left = true;
      const place = waiter ? line.waiting.indexOf(waiter) : -1;
      if (place < 0) count(line, -1, -bytes);
      else {
        line.waiting.splice(place, 1);
        wait(line, bytes, -1);
        waiter?.end(false);
      }
      if (line.bodies === 0 && line.waiting.length === 0) lines.delete(projectId);
      letIn();
    };
    if (atOnce) {
      count(line, 1, bytes);
      return { taken: true, leave: leaving() };
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { bytes, end: resolve };
    line.waiting.push(waiter);
    wait(line, bytes, 1);
    return { taken: promise, leave: leaving(waiter) };
  };
};
export type Sharing = ReturnType<typeof sharing>;
