import { z } from 'zod';
import type { EventStore, Metadata, NewEvent, Recorded } from './event-store.ts';

/** The shape of an event type now, and how data of each older version becomes the next one's: `upcasts[0]` takes 1 to 2. */
export type Shape = { readonly schema: z.ZodType; readonly upcasts: readonly ((data: unknown) => unknown)[] };
export type Shapes = Readonly<Record<string, Shape>>;

/**
 * A store that takes only facts that fit their shape and gives facts of the newest version only. Data is checked, never
 * changed by the check. An append of a fact without a shape or against it throws and stores nothing. A stored fact that
 * can't be brought to the newest version throws where it is read; `follow` and `scan` leave out
 * types they have no shape for.
 */
export function checked(store: EventStore, shapes: Shapes): EventStore {
  const schemaOf = compiled();
  const knownOf = (events: readonly Recorded[]): readonly Recorded[] =>
    events.filter((event) => shapeOf(shapes, event.type)).map((event) => current(shapes, event));
  return {
    read: async (stream, after, limit) => {
      const { events, more } = await store.read(stream, after, limit);
      return { events: events.map((event) => current(shapes, event)), more };
    },
    append: async (stream, expected, events) => {
      const stamp = stamping(shapes, stream, schemaOf);
      return store.append(stream, expected, events.map(stamp));
    },
    async *follow(from, signal, filter) {
      for await (const { events, ...far } of store.follow(from, signal, filter)) {
        yield { ...far, events: knownOf(events) };
      }
    },
    scan: async (from, filter, limits) => {
      const { events, ...far } = await store.scan(from, filter, limits);
      return { ...far, events: knownOf(events) };
    },
    at: (stream, revision) => store.at(stream, revision),
    truncate: (stream, before) => store.truncate(stream, before),
    head: () => store.head(),
    state: () => store.state(),
    close: () => store.close(),
  };
}

function shapeOf(shapes: Shapes, type: string): Shape | undefined {
  return Object.hasOwn(shapes, type) ? shapes[type] : undefined;
}

/** Checks events and notes the version of their shapes. Those of one command, which share their metadata, go on to share it. */
function stamping(shapes: Shapes, stream: string, schemaOf: Schemas): (event: NewEvent) => NewEvent {
  let last: { readonly given: Metadata; readonly noted: Metadata } | undefined;
  return (event) => {
    const shape = shapeOf(shapes, event.type);
    if (!shape) throw new TypeError(`Event type ${event.type} for ${stream} has no shape; add one for it`);
    mustFit(schemaOf(event.type, shape), event.data, () => `Event ${event.type} for ${stream}`);
    const version = shape.upcasts.length + 1;
    if (last?.given !== event.metadata || last.noted.version !== version) {
      last = { given: event.metadata, noted: { ...event.metadata, version } };
    }
    return { id: event.id, type: event.type, data: event.data, metadata: last.noted };
  };
}

function current(shapes: Shapes, stored: Recorded): Recorded {
  const { recordedAt } = stored.metadata;
  const event = recordedAt === undefined ? stored : { ...stored, recordedAt: new Date(recordedAt) };
  const where = (): string => `Event ${event.type} at revision ${event.revision} of ${event.stream}`;
  const shape = shapeOf(shapes, event.type);
  if (!shape) throw new TypeError(`${where()} has an unknown type; run a version that knows it`);
  const { version = 1 } = event.metadata;
  const newest = shape.upcasts.length + 1;
  if (version === newest) return event;
  if (!Number.isInteger(version) || version < 1 || version > newest)
    throw new TypeError(`${where()} has version ${version}, known are 1 to ${newest}; run a version that knows it`);
  const data = shape.upcasts.slice(version - 1).reduce((older, upcast) => upcast(older), event.data);
  mustFit(shape.schema, data, () => `${where()}, upcast from version ${version},`);
  return { ...event, data, metadata: { ...event.metadata, version: newest } };
}

type Schemas = (type: string, shape: Shape) => z.ZodType;

/** The schemas of shapes, each compiled when it is first asked for: that takes about a millisecond, and makes checks several times as fast. */
function compiled(): Schemas {
  const known = new Map<string, z.ZodType>();
  return (type, { schema }) => {
    const before = known.get(type);
    if (before) return before;
    const made = z.compile(schema);
    known.set(type, made);
    return made;
  };
}

function mustFit(schema: z.ZodType, data: unknown, what: () => string): void {
  const { error } = schema.safeParse(data);
  if (error) throw new TypeError(`${what()} does not fit its schema: ${z.prettifyError(error)}`, { cause: error });
}
