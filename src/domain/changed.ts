import type { Map as PersistentMap } from 'immutable';

/**
 * A map with another value for a key, made of the one it has or of `none`. Not `Map.update`: that leaves keys alone which are
 * called `constructor` or `__proto__`, as an event type, a rule or a rep may be.
 */
export const changed = <K, V>(
  map: PersistentMap<K, V>,
  key: K,
  none: V,
  change: (value: V) => V,
): PersistentMap<K, V> => map.set(key, change(map.get(key, none)));
