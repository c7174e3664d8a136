import { projections } from '../../projections/index.ts';

/** Whether there is a projection of that name. */
export const isProjection = (wanted: string): boolean => projections.some(({ name }) => name === wanted);
