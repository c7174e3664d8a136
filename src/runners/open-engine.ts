import type { Handle } from '../engine/handle.ts';
import { keepSnapshots } from '../engine/snapshots.ts';
import { engineOf } from '../flows/engine.ts';
import { observedCommands } from '../telemetry/observed-commands.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Stores } from './open-stores.ts';

type Outside = { readonly clock: () => Date; readonly newId: () => string };

/** What runs commands, watched by telemetry, with what it remembers of streams. */
export const openEngine = ({ store, isAlone, readModels }: Stores, { clock, newId }: Outside, telemetry: Telemetry) => {
  const snapshots = keepSnapshots(readModels, {
    onLookup: (outcome) => telemetry.instruments.snapshots.add(1, outcome),
  });
  const observe = (handle: Handle): Handle => observedCommands(handle, telemetry);
  return { engine: engineOf({ store, isAlone, snapshots, clock, newId, observe }), snapshots };
};
