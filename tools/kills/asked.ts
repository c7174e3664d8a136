import { z } from 'zod';

/** The project that the processes work for. */
export const projectId = 'killed';

/** The types of facts that the endpoints are told of, and as what. */
export const told = {
  LeadCaptured: 'lead.captured',
  LeadScored: 'lead.scored',
  LeadQualified: 'lead.qualified',
} as const;

/** What a person did, as a client sends it until it is acknowledged. */
export const sent = z.object({ eventId: z.string(), userId: z.string(), eventType: z.string() });
export type Sent = Readonly<z.infer<typeof sent>>;

/** What a process is asked, after it was started ahead: to open the stores and work, to make the endpoints, to record, to end. */
export const ask = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open') }),
  z.object({ kind: z.literal('endpoints'), urls: z.array(z.string()) }),
  z.object({ kind: z.literal('record'), sent }),
  z.object({ kind: z.literal('close') }),
]);
export type Ask = Readonly<z.infer<typeof ask>>;

/**
 * What it says: that it is loaded, that it works, how many facts behind the end of the log what it reads from was when it opened
 * it, and what it recorded.
 */
export const said = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loaded') }),
  z.object({ kind: z.literal('open'), behind: z.int() }),
  z.object({ kind: z.literal('endpoints') }),
  z.object({ kind: z.literal('recorded'), eventId: z.string(), isNew: z.boolean() }),
  z.object({ kind: z.literal('closed') }),
]);
export type Said = Readonly<z.infer<typeof said>>;
