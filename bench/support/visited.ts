import type { Product } from './product.ts';
import { startProduct } from './product.ts';
import { mustShow } from './shown.ts';
import { headOf, mustHaveStored } from './stored.ts';

/** A product that goes through many runs, and how many events it has met in them. */
export type Visited = {
  readonly product: Product;
  readonly apiKey: string;
  /** Counts events that are about to be sent, and tells how many there were before. */
  readonly met: (events: number) => number;
  /** Stops it. Throws unless its log and its read models have each event once. */
  readonly end: () => Promise<void>;
};

/** Starts it over a new folder. */
export const startVisited = async (dataDir: string): Promise<Visited> => {
  const product = await startProduct({ dataDir });
  const { apiKey } = await product.project();
  let all = 0;
  return {
    product,
    apiKey,
    met: (events) => {
      all += events;
      return all - events;
    },
    end: async () => {
      await mustShow(product, apiKey, headOf(dataDir), all);
      await product.stop();
      mustHaveStored(dataDir, all);
    },
  };
};
