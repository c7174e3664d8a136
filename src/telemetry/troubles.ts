/** How a kind of trouble is told: as it begins, while it lasts, and when it is over. */
export type Wording = { readonly begins: string; readonly lasts: string; readonly ends: string };

type Details = Readonly<Record<string, unknown>>;

/** Writes a line. */
type Tell = (details: Details, message: string) => void;

/** Troubles that last, each by a name: what has the same name is the same trouble. */
export type Troubles = {
  /** It is so, or still is. */
  readonly note: (name: string, wording: Wording, details: Details) => void;
  /** The same of what nobody sees the end of: it is over when it was not noted for a minute. */
  readonly noteOccurrence: (name: string, wording: Wording, details: Details) => void;
  /** It is over, if it was told of. */
  readonly end: (name: string) => void;
  /** To be called now and then, so that what is not noted any more ends. */
  readonly expire: () => void;
};

/** A trouble is told of once in so many ms while it lasts. */
const minute = 60_000;

type Trouble = {
  readonly wording: Wording;
  readonly begun: number;
  readonly details: Details;
  told: number;
  noted: number;
  count: number;
  expires: boolean;
};

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

/**
 * Tells of each trouble with one line when it begins, one a minute while it lasts, and one with the seconds that it lasted when it
 * is over, however often it is noted. `now` is in ms.
 */
export const openTroubles = (tell: Tell, now: () => number = () => performance.now()): Troubles => {
  const open = new Map<string, Trouble>();

  const note = (name: string, wording: Wording, details: Details, expires: boolean): void => {
    const at = now();
    const known = open.get(name);
    if (!known) {
      open.set(name, { wording, begun: at, details, told: at, noted: at, count: 1, expires });
      return tell(details, wording.begins);
    }
    known.noted = at;
    known.count += 1;
    if (at - known.told < minute) return;
    known.told = at;
    tell({ ...details, seconds: seconds(at - known.begun) }, wording.lasts);
  };
  const end = (name: string): void => {
    const over = open.get(name);
    if (!over) return;
    open.delete(name);
    const { wording, begun, noted, details, expires, count } = over;
    const { error: _, ...rest } = details;
    const until = expires ? noted : now();
    tell({ ...rest, ...(expires && { times: count }), seconds: seconds(until - begun) }, wording.ends);
  };
  return {
    note: (...noted) => note(...noted, false),
    noteOccurrence: (...noted) => note(...noted, true),
    end,
    expire: () => {
      for (const [name, { noted, expires }] of open) if (expires && now() - noted >= minute) end(name);
    },
  };
};
