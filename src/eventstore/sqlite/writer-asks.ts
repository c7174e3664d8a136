import type { StoreState } from '../event-store.ts';
import type { Truncation } from './truncating.ts';

/** What a thread that writes is asked, a group as one text, and what it answers: positions as `WriteGroup` gives them, or why nothing was written. */
export type GroupAsk = { readonly text: string; readonly recordedAt: number };
/** Or whether there is room, that streams are truncated, or that the file takes over its log of changes (answered with a position when it did). */
export type WriterAsk = GroupAsk | 'try' | 'take over' | { readonly truncations: readonly Truncation[] };
export type GroupAnswer =
  { readonly positions: readonly number[] } | { readonly error: string; readonly state: StoreState };
