/** Who has a lease. Each renewal changes `until`, in ms since 1970. */
export type Held = { readonly holder: string; readonly until: number };

/**
 * Who does what only one process is to do at a time, for so long as it says so. Every method throws `ReadModelsUnavailable` when
 * they can't be reached: what was taken then lasts until its time.
 */
export interface Leases {
  /** Who holds a lease, and until when by the clock of whoever does; undefined when nobody has taken it. */
  leaseOf(name: string): Promise<Held | undefined>;
  /** Takes or renews a lease until a time, unless somebody else holds it at `now`. Tells whether the holder has it. */
  lease(name: string, holder: string, now: Date, until: Date): Promise<boolean>;
  /** Gives a lease back, if the holder has it. */
  release(name: string, holder: string): Promise<void>;
}
