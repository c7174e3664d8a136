import { Readable } from 'node:stream';

/** How many bytes may wait for a reader, in the process and besides what the system has of them, and for all readers together. */
export const waitingBytes = { ofReader: 1024 * 1024, ofAll: 64 * 1024 * 1024 } as const;

/** From how many waiting bytes on a reader is slow, so that what waits for it counts among all. */
const slow = 64 * 1024;

/** How long who was told that it ends may take to read the rest, in ms. */
const lastCall = 30_000;

/** A comment of server-sent events, which readers pass over, with where to go on from if nothing else comes after it. */
export const commentOf = (text: string, cursor?: string): string =>
  cursor === undefined ? `: ${text}\n\n` : `: ${text}\nid: ${cursor}\n\n`;

/** An event as server-sent events have it. `json` is one line. */
export const eventOf = (cursor: string, type: string, json: string): string =>
  `id: ${cursor}\nevent: ${type}\ndata: ${json}\n\n`;

/** Server-sent events on their way to one reader. */
export type EventStream = {
  readonly body: Readable;
  /** Sends a text. A reader for whom too much waits already is told so instead, and it ends. */
  readonly send: (text: string) => void;
  /** Resolves when the reader has taken nearly all, or is gone. */
  readonly taken: () => Promise<void>;
  /** Says why it ends, and ends it. Who does not read the rest in time is cut off. */
  readonly end: (why: string) => void;
  readonly isOver: () => boolean;
};

/** Opens streams of events, of which no more waits together than there is room for. `cut` breaks the connection of one. */
export const eventStreams = (room: Readonly<Record<keyof typeof waitingBytes, number>> = waitingBytes) => {
  const open = new Set<EventStream>();
  const waiting = (): number => [...open].reduce((sum, { body }) => sum + body.readableLength, 0);

  const begin = (cut: () => void): EventStream => {
    let wake: (() => void) | undefined;
    let over = false;
    const body = new Readable({ read: () => wake?.() });
    const isTaken = (): boolean => over || body.destroyed || body.readableLength < body.readableHighWaterMark;
    const isTooMuch = (bytes: number): boolean =>
      body.readableLength + bytes > room.ofReader || (body.readableLength > slow && waiting() + bytes > room.ofAll);

    const end = (why: string): void => {
      if (over || body.destroyed) return;
      over = true;
      body.push(commentOf(why));
      body.push(null);
      wake?.();
      const late = setTimeout(cut, lastCall).unref();
      body.once('close', () => clearTimeout(late));
    };
    const stream: EventStream = {
      body,
      end,
      isOver: () => over || body.destroyed,
      send: (text) => {
        if (over || body.destroyed) return;
        // One text is sent to whom nothing waits for, however large it is.
        if (body.readableLength > 0 && isTooMuch(Buffer.byteLength(text)))
          end('too much waits to be read; come again with Last-Event-ID');
        else body.push(text);
      },
      taken: async () => {
        while (!isTaken()) await new Promise<void>((resolve) => (wake = resolve));
      },
    };
    open.add(stream);
    body.once('close', () => {
      open.delete(stream);
      wake?.();
    });
    return stream;
  };
  return {
    begin,
    count: () => open.size,
    endAll: (why: string): void => {
      for (const { end } of open) end(why);
    },
  };
};
