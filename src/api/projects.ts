import type { Routes } from './app.ts';

/** Projects. */
export const projects: Routes = () => undefined;
