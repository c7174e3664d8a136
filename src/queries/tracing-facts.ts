import { setImmediate as nextTurn } from 'node:timers/promises';
import { projectOfStream } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { allProjects } from '../projections/projects.ts';
import type { Trace } from '../projections/traces.ts';
import { leadTraces, otherTraces, traceId, traceStart } from '../projections/traces.ts';
import type { Page, QueryContext, Range } from './queries.ts';

/** How many streams are put in one order: more than a batch has. Who gives one id to more gets them portion by portion. */
const together = 20_000;
/** How many facts an answer reads at most; others lie between those of an id that came back to a stream. */
const patience = 5_000;
/** About how many facts are in hand at once. */
const inHand = 400;

/** What is read: the log, and where in it to look. */
type Reading = Pick<QueryContext, 'states' | 'readModels'>;

/** Whose facts: of a correlation id, in one project or in all. */
export type Wanted = { readonly correlationId: string; readonly projectId: string | undefined };

const isWanted = (trace: Trace, { correlationId, projectId }: Wanted): boolean =>
  trace.correlationId === correlationId && (projectId === undefined || projectId === projectOfStream(trace.stream));

const idOf = ({ correlationId, stream }: Trace): string => traceId(correlationId, stream);

/** How many documents are looked at first, and then at once: the usual request has few, and behind its own lie those of others. */
const [few, many] = [8, 1_000];

/** The streams that have facts of a correlation id, a portion and one more, after an id of a document, in order of the ids. */
const tracesAfter = async (
  { readModels }: Reading,
  wanted: Wanted,
  mark: string,
  portion: number,
): Promise<readonly Trace[]> => {
  const find = async (traces: typeof leadTraces): Promise<readonly Trace[]> => {
    const own: Trace[] = [];
    let after: NonNullable<Range['after']> = [mark];
    for (let limit = few; ; limit = many) {
      const { docs, next } = await readModels.find(allProjects, traces, { where: [], sort: [], limit, after });
      const found = docs.filter((trace) => isWanted(trace, wanted));
      own.push(...found);
      if (!next || found.length < docs.length || own.length > portion) return own;
      after = next;
      await nextTurn();
    }
  };
  const found = (await Promise.all([find(leadTraces), find(otherTraces)])).flat();
  const byId = found.map((trace) => ({ id: idOf(trace), trace })).sort((a, b) => (a.id < b.id ? -1 : 1));
  return byId.map(({ trace }) => trace);
};

/** A stream that is read on the way: `next` is where its next fact is or may begin, `read` the facts in hand. */
type Reader = { readonly trace: Trace; next: number; after: number; read: Recorded[] };

/** The revision of the last fact up to a position, among those of a trace: positions grow with revisions. */
const lastUntil = async (
  states: Reading['states'],
  { stream, first, last }: Trace,
  position: number,
): Promise<number> => {
  let [below, above] = [first - 1, last];
  while (below < above) {
    const middle = Math.ceil((below + above) / 2);
    const [fact] = await states.read(stream, middle - 1, 1);
    if (fact && fact.position <= position) below = middle;
    else above = middle - 1;
  }
  return below;
};

/** Reads streams as one, in the order of the log, after a position; a fact at a time, until there are no more. */
const inOrderOfLog = (states: Reading['states'], traces: readonly Trace[], after: number) => {
  const readers = traces
    .filter(({ to }) => to > after)
    .map((trace): Reader => ({ trace, next: Math.max(trace.from, after + 1), after: NaN, read: [] }));
  const chunk = Math.max(2, Math.min(100, Math.ceil(inHand / Math.max(1, readers.length))));

  const fill = async (reader: Reader): Promise<void> => {
    const { trace } = reader;
    if (Number.isNaN(reader.after)) {
      reader.after = after < trace.from ? trace.first - 1 : await lastUntil(states, trace, after);
    }
    const most = Math.min(chunk, trace.last - reader.after);
    const facts = most > 0 ? await states.read(trace.stream, reader.after, most) : [];
    reader.read = [...facts];
    reader.after = facts.at(-1)?.revision ?? trace.last;
    await nextTurn();
  };

  return async (): Promise<Recorded | undefined> => {
    for (;;) {
      let reader: Reader | undefined;
      for (const each of readers) if (each.next < (reader?.next ?? Infinity)) reader = each;
      if (!reader) return undefined;
      if (reader.read.length === 0) {
        await fill(reader);
        // What was only known to begin somewhere now has its place, or none.
        reader.next = reader.read[0]?.position ?? Infinity;
        continue;
      }
      const fact = reader.read.shift();
      const more = reader.after < reader.trace.last ? (fact?.position ?? 0) + 1 : Infinity;
      reader.next = reader.read[0]?.position ?? more;
      return fact;
    }
  };
};

/**
 * The facts that were recorded under a correlation id, in the order of the log. An id that more than 20,000 streams have comes
 * portion by portion, each in order. `next` may come with few facts or none: then others lay between them.
 */
export const factsOf = async (
  reading: Reading,
  wanted: Wanted,
  { limit, after = [] }: Range,
  portion = together,
): Promise<Page<Recorded>> => {
  const [position = 0, mark = traceStart(wanted.correlationId, wanted.projectId)] = after;
  const traces = await tracesAfter(reading, wanted, String(mark), portion);
  const mine = traces.slice(0, portion);
  const nextFact = inOrderOfLog(reading.states, mine, Number(position));
  const docs: Recorded[] = [];
  for (let pages = 0; ; pages++) {
    const fact = await nextFact();
    if (!fact) break;
    if (docs.length === limit || pages === patience) return { docs, next: [fact.position - 1, String(mark)] };
    if (fact.metadata.correlationId === wanted.correlationId) docs.push(fact);
  }
  const last = mine.at(-1);
  return { docs, ...(last && traces.length > portion && { next: [0, idOf(last)] }) };
};
