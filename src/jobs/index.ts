import { rescore } from './rescore.ts';

/** All kinds of long work, each once. */
export const works = [rescore] as const;
